"""The audit log for whoever supervises (监督): looked into, checked, taken out."""

import json
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from console.api.models import AuditOut
from console.api.outward import outward
from console.api.tables import as_csv
from console.context import Context, Ctx, Supervisor
from console.errors import ProblemError
from core.audit import AuditEntry
from core.clock import NS_PER_S, iso, local_day
from core.deeds import DEEDS, deed
from core.errors import AuditError
from core.value import Text

router = APIRouter(prefix="/audit", tags=["supervision"])

PAGE = 100
_MOST_DAYS = 400
_MOST_ROWS = 200_000
_WEEK = timedelta(days=6)
_HEADS = [
    "序号 No", "时间 Time", "人员 Account", "操作 Action", "内容 In words", "对象 Object",
    "理由 Reason", "详情 Detail", "校验值 SHA-256",
]  # fmt: skip

About = Annotated[str, Query(alias="object", max_length=120)]
Name = Annotated[str, Query(max_length=120)]
Day = Annotated[date | None, Query(description="The last seven days by default, both included.")]


class ActionOut(BaseModel):
    action: str
    deed: Text


class AuditPage(BaseModel):
    first: date
    last: date
    items: list[AuditOut]
    next: int | None = Field(description="Give it as `before` for older entries.")


class Verdict(BaseModel):
    """Whether the log is whole."""

    whole: bool
    entries: int
    head: str = Field(description="Hash of the newest entry: write it down elsewhere.")
    problem: str


@router.get("")
def look(
    ctx: Ctx,
    signed: Supervisor,
    first: Day = None,
    last: Day = None,
    actor: Name = "",
    action: Name = "",
    object_id: About = "",
    before: int | None = None,
) -> AuditPage:
    """Entries of some days, newest first; that they were looked for is an entry itself."""
    begin, end = _days(ctx, first, last)
    asked = {"by": actor, "what": action, "about": object_id}
    sought = {name: one for name, one in asked.items() if one}
    ctx.views.note(signed, "audit.view", f"{begin} – {end}", **sought)
    since_ns, until_ns = _span(ctx, begin, end)
    with ctx.services.store.read() as unit:
        found = list(
            unit.audit.between(
                since_ns, until_ns, before=before, actor=actor, action=action,
                object_id=object_id, limit=PAGE + 1,
            )
        )  # fmt: skip
    items = [AuditOut.model_validate(outward(one)) for one in found[:PAGE]]
    return AuditPage(
        first=begin, last=end, items=items, next=items[-1].seq if len(found) > PAGE else None
    )


@router.get("/actions")
def actions(_: Supervisor) -> list[ActionOut]:
    """What the log records."""
    return [ActionOut(action=name, deed=words) for name, words in DEEDS.items()]


@router.post("/verify")
def verify(ctx: Ctx, signed: Supervisor) -> Verdict:
    """Check the whole chain; minutes for millions of entries."""
    with ctx.services.store.begin() as unit:
        unit.audit.append(signed.user.name, "audit.verify", "audit")
    with ctx.services.store.read() as unit:
        try:
            entries, head = unit.audit.verify()
        except AuditError as error:
            return Verdict(whole=False, entries=0, head="", problem=str(error))
    return Verdict(whole=True, entries=entries, head=head, problem="")


@router.get("/entries.csv", response_class=Response)
def export(
    ctx: Ctx,
    signed: Supervisor,
    reason: Annotated[str, Query(min_length=2, max_length=500, pattern=r"\S.*\S")],
    first: Day = None,
    last: Day = None,
    actor: Name = "",
    action: Name = "",
    object_id: About = "",
) -> Response:
    """The same entries for a spreadsheet; the reason is written down."""
    begin, end = _days(ctx, first, last)
    sought = {"by": actor, "what": action, "about": object_id}
    with ctx.services.store.begin() as unit:
        detail = {name: one for name, one in sought.items() if one}
        unit.audit.append(signed.user.name, "audit.export", f"{begin} – {end}", reason, detail)
    since_ns, until_ns = _span(ctx, begin, end)
    with ctx.services.store.read() as unit:
        found = unit.audit.between(
            since_ns, until_ns, actor=actor, action=action, object_id=object_id,
            limit=_MOST_ROWS + 1,
        )  # fmt: skip
        rows = [_row(one) for one in found]
    if len(rows) > _MOST_ROWS:
        raise ProblemError(
            422, "invalid", "Too much at once", f"More than {_MOST_ROWS} entries: fewer days."
        )
    return as_csv(_HEADS, rows, f"audit-{begin}-{end}.csv")


def _row(one: AuditEntry) -> list[str | int]:
    detail = json.dumps(dict(one.detail), ensure_ascii=False) if one.detail else ""
    words = deed(one.action).zh
    return [
        one.seq, iso(one.at_ns), one.actor, one.action, words, one.object, one.reason, detail,
        one.hash,
    ]  # fmt: skip


def _days(ctx: Context, first: date | None, last: date | None) -> tuple[date, date]:
    today = local_day(ctx.services.clock.utc_ns(), ctx.services.site.zone_info)
    end = last or today
    begin = first or end - _WEEK
    if end < begin or end - begin > timedelta(days=_MOST_DAYS):
        raise ProblemError(
            422, "invalid", "Not a period", f"{begin} to {end}: 1 to {_MOST_DAYS} days."
        )
    return begin, end


def _span(ctx: Context, first: date, last: date) -> tuple[int, int]:
    zone = ctx.services.site.zone_info
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    return round(since.timestamp()) * NS_PER_S, round(until.timestamp()) * NS_PER_S - 1
