"""Places that phones report, live or later."""

from console.context import Context
from console.field.acts import show
from console.field.models import PointIn, PointsIn, PointsOut
from console.field.times import happened
from console.field.who import InField, fix_of
from core.clock import NS_PER_S
from core.fieldwork import FieldDuty, TrackPoint

SLACK_NS = 30 * NS_PER_S
"""A request on a slow network seems to be from later than it is: so much is let pass."""
FRESH_NS = 120 * NS_PER_S
"""Older places go into the track alone; the map shows the present."""
_DUTIES = 50


def take(ctx: Context, here: InField, given: PointsIn) -> PointsOut:
    """Keep the places from within duty, each once; show the newest when it is of now."""
    now_ns = ctx.services.clock.utc_ns()
    taken, refused = 0, 0
    newest: TrackPoint | None = None
    with ctx.services.store.begin() as unit:
        duties = unit.field_duties.find(officer=here.id, newest_by="start_ns", limit=_DUTIES)
        for one in given.points:
            point = _point(here, one, given.sent, now_ns)
            if not _on_duty(duties, point.at_ns):
                refused += 1
                continue
            taken += 1
            if unit.field_track.get(point.id) is None:
                unit.field_track.put(point)
            if newest is None or point.at_ns >= newest.at_ns:
                newest = point
        known = unit.positions.get(here.id)
    on = any(one.on for one in duties)
    fresh = newest is not None and now_ns - newest.at_ns <= FRESH_NS
    if newest is not None and fresh and on and (known is None or newest.at_ns >= known.at_ns):
        show(ctx, here, newest.at_ns, newest.fix)
    return PointsOut(taken=taken, refused=refused)


def _point(here: InField, one: PointIn, sent: str, now_ns: int) -> TrackPoint:
    at_ns, _ = happened(one.at, sent, now_ns)
    fix = fix_of(one)
    assert fix is not None
    return TrackPoint(id=one.id, officer=here.id, at_ns=at_ns, received_ns=now_ns, fix=fix)


def _on_duty(duties: list[FieldDuty], at_ns: int) -> bool:
    return any(one.start_ns - SLACK_NS <= at_ns <= one.end_ns + SLACK_NS for one in duties)
