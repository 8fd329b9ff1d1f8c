"""Figures of supervision (执法监督): as data, as CSV for Excel, and the monthly sheet as PDF."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from console.api.tables import as_csv as csv_of
from console.api.tables import attachment
from console.context import Context, Ctx, Supervisor
from console.errors import ProblemError
from core.clock import iso, local_day
from core.errors import WardwatchError
from core.supervision import By, GroupFigures, Report, month_of, report, sheet_of

router = APIRouter(prefix="/supervision", tags=["supervision"])

_MOST_DAYS = 1100
_STEPS = ("acknowledge", "arrive", "handle", "close")
Day = Annotated[date | None, Query(description="This month by default.")]


@router.get("")
def figures(
    ctx: Ctx,
    _: Supervisor,
    first: Day = None,
    last: Day = None,
    by: By = By.ZONE,
) -> Report:
    """The figures of a period."""
    return _report(ctx, first, last, by)


@router.get("/figures.csv", response_class=Response)
def as_csv(
    ctx: Ctx, signed: Supervisor, first: Day = None, last: Day = None, by: By = By.ZONE
) -> Response:
    """The same for a spreadsheet: UTF-8 with a mark that Excel knows, unknown cells empty."""
    made = _report(ctx, first, last, by)
    name = f"supervision-{made.first}-{made.last}-{by.value}.csv"
    ctx.views.note(signed, "supervision.export", name)
    return csv_of(_HEADS, map(_row, (*made.groups, made.whole)), name)


@router.get("/sheet.pdf", response_class=Response)
def sheet(ctx: Ctx, signed: Supervisor, month: Day = None) -> Response:
    """The assessment sheet (考核表) of the month that a day is in."""
    if ctx.services.papers is None:
        raise ProblemError(503, "no-papers", "Papers cannot be made here")
    first, last = month_of(month or _today(ctx))
    reports = [_report(ctx, first, last, by) for by in (By.ZONE, By.KIND, By.SHIFT)]
    made = iso(ctx.services.clock.utc_ns())
    data = sheet_of(ctx.services.site, first, reports, made, signed.user.name)
    try:
        pdf = ctx.services.papers.assessment(data)
    except WardwatchError as error:
        raise ProblemError(409, "paper", "It cannot be made", str(error)) from None
    name = f"assessment-{first:%Y-%m}.pdf"
    ctx.views.note(signed, "supervision.export", name)
    return attachment(pdf, "application/pdf", name)


_HEADS = [
    "分组 Group", "事件 Incidents", "已结 Ended", "误报 Dismissed", "误报率 False-alarm rate",
    "移送 Transferred", "已喊话 Warned", "见效 Complied", "限内见效 Complied in time",
    "结束未看清 Ended unseen", "时段结束 Hours over", "未听劝 Stayed",
    "是否见效不明 Compliance unknown", "见效率 Compliance rate", "未看清占比 Unseen share",
    "见效中位秒 Median s to comply", "签收超时 Acknowledged late", "签收中位秒 Median s",
    "到场超时 Arrived late", "到场中位秒 Median s", "处置超时 Handled late", "处置中位秒 Median s",
    "办结超时 Closed late", "办结中位秒 Median s", "超时事件 Overdue", "已播喊话 Warnings said",
    "听到 Heard", "未听到 Not heard", "是否听到不明 Hearing unknown", "听到率 Audibility",
]  # fmt: skip


def _row(one: GroupFigures) -> list[str | int | float | None]:
    times = [part for name in _STEPS for part in (one.steps[name].late, one.steps[name].median_s)]
    return [
        one.name.zh, one.incidents, one.ended, one.dismissed, one.false_alarm_rate,
        one.transferred, one.warned, one.complied, one.complied_in_time,
        one.ended_unseen, one.hours_over, one.stayed, one.compliance_unknown, one.compliance_rate,
        one.unseen_share, one.comply_median_s, *times, one.overdue,
        one.warnings_said, one.heard, one.not_heard, one.hearing_unknown, one.audibility,
    ]  # fmt: skip


def _report(ctx: Context, first: date | None, last: date | None, by: By) -> Report:
    begin, end = month_of(_today(ctx))
    begin, end = first or begin, last or end
    if end < begin or end - begin > timedelta(days=_MOST_DAYS):
        raise ProblemError(
            422, "invalid", "Not a period", f"{begin} to {end}: 1 to {_MOST_DAYS} days."
        )
    services = ctx.services
    with services.store.read() as unit:
        return report(unit, services.site, begin, end, by, services.clock.utc_ns())


def _today(ctx: Context) -> date:
    return local_day(ctx.services.clock.utc_ns(), ctx.services.site.zone_info)
