"""Figures of supervision (执法监督). Each is defined in ``docs/guide/supervision.md``.

A rate without a denominator and a median of nothing are None: unknown, not zero.
"""

import statistics
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from core.clock import NS_PER_S
from core.compliance import Answer, Answered, answered
from core.config.site import Site
from core.config.supervision import DAY_AND_NIGHT, Limits, Shift
from core.deeds import deed
from core.store.figures import IncidentRow, ReceiptRow
from core.store.unit import Unit
from core.value import Text, Value

_ENDED = frozenset({"closed", "dismissed", "transferred"})
_STEPS = (
    ("acknowledge", "dispatched", "acknowledged"),
    ("arrive", "dispatched", "on_scene"),
    ("handle", "on_scene", "handled"),
    ("close", "detected", "closed"),
)
"""Name, the state it begins with, the state it ends with."""


def _limits_s(limits: Limits) -> dict[str, float]:
    """The limit of each step, seconds."""
    return {name: getattr(limits, f"{name}_s") for name, _, _ in _STEPS}


class By(StrEnum):
    """What figures are grouped by."""

    ZONE = "zone"
    CAMERA = "camera"
    KIND = "kind"
    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class StepFigures(Value):
    """Time of one step against its limit."""

    reached: int
    in_time: int
    late: int = Field(description="Too late, or not reached though the limit is over.")
    median_s: float | None


class GroupFigures(Value):
    """The figures of one group of incidents."""

    key: str
    name: Text
    incidents: int
    ended: int = Field(description="Closed, dismissed or transferred.")
    ended_seen: int = Field(description="Of those, what a camera or drone saw.")
    dismissed: int = Field(description="Of those that were seen.")
    false_alarm_rate: float | None = Field(description="dismissed / ended_seen.")
    transferred: int
    warned: int
    complied: int = Field(description="Seen to leave after a warning, before somebody was sent.")
    complied_in_time: int
    ended_unseen: int = Field(description="The act ended, but lost from view or it is inferred.")
    hours_over: int = Field(description="The act ended because the hours of the rule did.")
    stayed: int = Field(description="Seen to be still there, or an officer was sent.")
    compliance_unknown: int = Field(description="Warned, and none of these four.")
    compliance_rate: float | None = Field(description="complied_in_time / (complied + stayed).")
    unseen_share: float | None = Field(
        description="ended_unseen / (complied + ended_unseen + stayed): what the rate leaves out."
    )
    comply_median_s: float | None
    steps: dict[str, StepFigures]
    overdue: int = Field(description="Incidents with a late step.")
    warnings_said: int
    heard: int
    not_heard: int
    hearing_unknown: int
    audibility: float | None = Field(description="heard / (heard + not_heard).")


class Access(Value):
    """One action of the access register (调用登记)."""

    action: str
    deed: Text
    times: int
    people: int


class Report(Value):
    """Figures of a period; days are the site's, both included."""

    first: date
    last: date
    by: By
    limits: Limits
    whole: GroupFigures
    groups: tuple[GroupFigures, ...]
    accesses: tuple[Access, ...]


@dataclass
class _Tally:
    incidents: int = 0
    ended: int = 0
    ended_seen: int = 0
    dismissed: int = 0
    transferred: int = 0
    warned: int = 0
    ended_unseen: int = 0
    hours_over: int = 0
    stayed: int = 0
    overdue: int = 0
    complied: "array[float]" = field(default_factory=lambda: array("d"))
    took: "dict[str, array[float]]" = field(
        default_factory=lambda: {name: array("d") for name, _, _ in _STEPS}
    )
    late: dict[str, int] = field(default_factory=lambda: {name: 0 for name, _, _ in _STEPS})
    said: int = 0
    heard: int = 0
    not_heard: int = 0

    def add(self, other: "_Tally") -> None:
        """Count what another counted."""
        for one in fields(self):
            mine, its = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, dict):
                for name in mine:
                    mine[name] += its[name]
            else:
                mine += its  # in place where it is an array
                setattr(self, one.name, mine)


def report(unit: Unit, site: Site, first: date, last: date, by: By, now_ns: int) -> Report:
    """The figures of incidents that began from ``first`` to ``last``.

    Memory grows with the groups, and by eight bytes a measured time.
    """
    zone = site.zone_info
    since_ns, until_ns = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    key_of = _keys(site, by)
    groups = defaultdict[str, _Tally](_Tally)
    limits = site.supervision.limits
    limits_s = _limits_s(limits)
    for incident, answer in answered(unit, unit.figures.incidents(since_ns, until_ns)):
        _count(groups[key_of(incident)], incident, answer, limits_s, now_ns)
    for receipt in unit.figures.receipts(since_ns, until_ns):
        if receipt.ok:
            tally = groups[key_of(receipt)]
            tally.said += 1
            tally.heard += receipt.verdict == "heard"
            tally.not_heard += receipt.verdict == "not_heard"
    whole = _Tally()
    for tally in groups.values():
        whole.add(tally)
    return Report(
        first=first,
        last=last,
        by=by,
        limits=limits,
        whole=_figures("", Text(zh="合计", en="All"), whole, limits),
        groups=tuple(
            _figures(key, name_of(site, by, key), groups[key], limits) for key in sorted(groups)
        ),
        accesses=tuple(
            Access(action=action, deed=deed(action), times=times, people=people)
            for action, times, people in unit.figures.accesses(since_ns, until_ns)
        ),
    )


def month_of(day: date) -> tuple[date, date]:
    """First and last day of a month.

    >>> month_of(date(2026, 2, 9))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def shifts_of(site: Site) -> tuple[Shift, ...]:
    """The shifts that figures are grouped by: their own, else those that people work."""
    worked = tuple(Shift(name=one.name, hours=one) for one in site.duty.shifts)
    return site.supervision.shifts or worked or DAY_AND_NIGHT


def name_of(site: Site, by: By, key: str) -> Text:
    """A group's name for people; the key itself when the configuration no longer has it."""
    if by is By.SHIFT:
        shift = next((one for one in shifts_of(site) if one.name.zh == key), None)
        return shift.name if shift else Text(zh="不在任何班次", en="in no shift")
    if by is By.KIND and key in _KINDS:
        return _KINDS[key]
    camera = site.camera(key.partition("/")[0]) if by in (By.ZONE, By.CAMERA) else None
    if by in (By.ZONE, By.CAMERA) and key.partition("/")[0] == "":
        return Text(zh="群众举报（无摄像机）", en="public tips (no camera)")
    if camera is None:
        return Text.same(key)
    if by is By.CAMERA:
        return camera.name
    zone = camera.zone(key.partition("/")[2])
    if zone is None:
        return Text.same(key)
    return Text(zh=f"{camera.name.zh} · {zone.name.zh}", en=f"{camera.name.en} · {zone.name.en}")


_KINDS = {
    "fishing": Text(zh="违规垂钓捕捞", en="Illegal fishing"),
    "dumping": Text(zh="随意倾倒", en="Dumping"),
    "occupation": Text(zh="占用道路", en="Road occupation"),
}


def _count(
    tally: _Tally,
    incident: IncidentRow,
    answer: Answered,
    limits_s: dict[str, float],
    now_ns: int,
) -> None:
    first = dict(reversed(incident.steps))  # of a state reached twice, the first time
    ended, seen = incident.state in _ENDED, bool(incident.camera)
    late = False
    for name, begin, end in _STEPS:
        begun_ns, done_ns = first.get(begin), first.get(end)
        if begun_ns is None:
            continue
        limit_s = limits_s[name]
        if done_ns is not None and done_ns >= begun_ns:
            seconds = (done_ns - begun_ns) / NS_PER_S
            tally.took[name].append(seconds)
        elif ended:
            continue
        else:
            seconds = (now_ns - begun_ns) / NS_PER_S
        if seconds > limit_s:
            tally.late[name] += 1
            late = True
    tally.incidents += 1
    tally.ended += ended
    # No detector was wrong about what only the public told us of.
    tally.ended_seen += ended and seen
    tally.dismissed += incident.state == "dismissed" and seen
    tally.transferred += incident.state == "transferred"
    tally.warned += "warning" in first
    tally.overdue += late
    match answer.answer:
        case Answer.COMPLIED:
            tally.complied.append(max(0.0, (answer.at_ns - answer.warned_ns) / NS_PER_S))
        case Answer.UNSEEN:
            tally.ended_unseen += 1
        case Answer.HOURS_OVER:
            tally.hours_over += 1
        case Answer.STAYED:
            tally.stayed += 1


def _figures(key: str, name: Text, tally: _Tally, limits: Limits) -> GroupFigures:
    complied, stayed, unseen = len(tally.complied), tally.stayed, tally.ended_unseen
    in_time = sum(1 for seconds in tally.complied if seconds <= limits.complied_s)
    steps = {}
    for step, limit_s in _limits_s(limits).items():
        took = tally.took[step]
        steps[step] = StepFigures(
            reached=len(took),
            in_time=sum(1 for seconds in took if seconds <= limit_s),
            late=tally.late[step],
            median_s=_median(took),
        )
    return GroupFigures(
        key=key,
        name=name,
        incidents=tally.incidents,
        ended=tally.ended,
        ended_seen=tally.ended_seen,
        dismissed=tally.dismissed,
        false_alarm_rate=_share(tally.dismissed, tally.ended_seen),
        transferred=tally.transferred,
        warned=tally.warned,
        complied=complied,
        complied_in_time=in_time,
        ended_unseen=unseen,
        hours_over=tally.hours_over,
        stayed=stayed,
        compliance_unknown=tally.warned - complied - unseen - tally.hours_over - stayed,
        compliance_rate=_share(in_time, complied + stayed),
        unseen_share=_share(unseen, complied + unseen + stayed),
        comply_median_s=_median(tally.complied),
        steps=steps,
        overdue=tally.overdue,
        warnings_said=tally.said,
        heard=tally.heard,
        not_heard=tally.not_heard,
        hearing_unknown=tally.said - tally.heard - tally.not_heard,
        audibility=_share(tally.heard, tally.heard + tally.not_heard),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _median(values: "array[float]") -> float | None:
    return float(statistics.median(values)) if values else None


def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp()) * NS_PER_S


def _keys(site: Site, by: By) -> Callable[[IncidentRow | ReceiptRow], str]:
    """Gives the group of an incident, from its row."""
    zone = site.zone_info
    shifts = shifts_of(site)

    # Offsets change on the hour at most, so a quarter of an hour has one wall time's hour.
    @lru_cache(maxsize=4096)
    def local(quarter: int) -> datetime:
        return datetime.fromtimestamp(quarter * 900, zone)

    def shift(at_ns: int) -> str:
        passed_s, rest_s = divmod(at_ns // NS_PER_S, 900)
        moment = (local(passed_s) + timedelta(seconds=rest_s)).time()
        return next((one.name.zh for one in shifts if one.hours.covers(moment)), "")

    def day(at_ns: int) -> date:
        return local(at_ns // NS_PER_S // 900).date()

    match by:
        case By.ZONE:
            return lambda row: f"{row.camera}/{row.zone}"
        case By.CAMERA:
            return lambda row: row.camera
        case By.KIND:
            return lambda row: row.kind
        case By.SHIFT:
            return lambda row: shift(row.started_ns)
        case By.DAY:
            return lambda row: day(row.started_ns).isoformat()
        case By.WEEK:
            return lambda row: "{}-W{:02d}".format(*day(row.started_ns).isocalendar()[:2])
        case By.MONTH:
            return lambda row: day(row.started_ns).isoformat()[:7]


def sheet_of(
    site: Site, month: date, reports: Iterable[Report], made: str, by: str
) -> dict[str, Any]:
    """The monthly assessment sheet (考核表) as data, for whoever sets it."""
    return {
        "site": site.name.zh,
        "month": f"{month:%Y年%m月}",
        "made": made,
        "by": by,
        "reports": [one.model_dump(mode="json") for one in reports],
    }
