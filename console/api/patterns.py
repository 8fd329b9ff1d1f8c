"""高发部位: grounds on which the same kind of act came again, and at what hours.

Only places and times are compared, never people; see ``core/patterns.py``.
"""

import yaml
from fastapi import APIRouter
from pydantic import BaseModel, Field

from console.api.models import Moment
from console.context import Ctx, Viewer
from core.cases import IncidentState
from core.clock import NS_PER_S, iso
from core.config.site import Site
from core.config.times import DAYS
from core.geometry import GeoPoint
from core.patterns import Hotspot, Usual, hotspots
from core.seeing import Kind

router = APIRouter(prefix="/patterns", tags=["patterns"])

_S_PER_DAY = 86_400
_SHOWN = 20
_KINDS = {"fishing": "钓捕", "dumping": "倾倒", "occupation": "占用"}


class ActOut(BaseModel):
    id: str
    started: Moment
    state: IncidentState


class UsualOut(BaseModel):
    """Hours that most visits fall on; ``days`` 0 is Monday, times are the site's local time."""

    days: tuple[int, ...]
    start_h: int
    hours: int
    visits: int
    of: int
    chance: float = Field(description="At most how often chance alone looks like this.")


class SpanOut(BaseModel):
    begin: Moment
    end: Moment


class HotspotOut(BaseModel):
    kind: Kind
    camera: str
    zone: str
    place: GeoPoint | None
    place_error_m: float | None = Field(description="null: the place is the camera's.")
    acts: list[ActOut] = Field(description="The newest ones.")
    count: int
    lately: int = Field(description="So many of them within `repeat_days`.")
    hours: list[int] = Field(
        description="Visits by hour of the week from Monday 00:00, of what standing cameras saw."
    )
    usual: UsualOut | None
    next: SpanOut | None = Field(description="The usual hours that go on or come next.")
    patrol: str | None = Field(description="For duty.yaml, if a person wants it.")


class PatternList(BaseModel):
    weeks: int
    repeat_days: float
    repeat_times: int
    items: list[HotspotOut]


@router.get("")
def patterns(ctx: Ctx, signed: Viewer) -> PatternList:
    """Where the same kind of act happened twice or more in the last weeks, most first."""
    ctx.views.note(signed, "patterns.view", "patterns")
    site, now_ns = ctx.services.site, ctx.services.clock.utc_ns()
    rules = site.places
    days = max(7.0 * rules.pattern_weeks, rules.repeat_days)
    with ctx.services.store.read() as unit:
        acts = list(unit.figures.acts(now_ns - _ns(days), now_ns + 1))
    since_ns = now_ns - _ns(rules.repeat_days)
    return PatternList(
        weeks=rules.pattern_weeks,
        repeat_days=rules.repeat_days,
        repeat_times=rules.repeat_times,
        items=[_out(site, one, since_ns) for one in hotspots(site, acts, now_ns)],
    )


def _out(site: Site, one: Hotspot, since_ns: int) -> HotspotOut:
    best, camera = one.placed, site.camera(one.first.camera)
    usual, span = one.usual, one.next_ns
    return HotspotOut(
        kind=Kind(one.kind),
        camera=one.first.camera,
        zone=one.first.zone,
        place=best.place if best else camera.place if camera else None,
        place_error_m=best.place_error_m if best else None,
        acts=[
            ActOut(id=act.id, started=iso(act.started_ns), state=IncidentState(act.state))
            for act in one.acts[:_SHOWN]
        ],
        count=len(one.acts),
        lately=sum(act.started_ns >= since_ns for act in one.acts),
        hours=[int(visits) for visits in one.hours],
        usual=UsualOut(**vars(usual)) if usual else None,
        next=SpanOut(begin=iso(span[0]), end=iso(span[1])) if span else None,
        patrol=_patrol(site, one, usual) if usual else None,
    )


def _patrol(site: Site, one: Hotspot, usual: Usual) -> str | None:
    """A row of ``patrols`` in duty.yaml; whether it is put there a person decides."""
    camera = site.camera(one.first.camera)
    zone = camera.zone(one.first.zone) if camera else None
    if camera is None or zone is None:
        return None
    row = {
        "id": f"{one.kind}-{camera.id}-{zone.id}"[:63],
        "name": {"zh": zone.name.zh, "en": zone.name.en},
        "cameras": [camera.id],
        "days": [] if len(usual.days) == len(DAYS) else [DAYS[day] for day in usual.days],
        "times": [f"{usual.start_h:02d}:00"],
        "within_s": usual.hours * 3600,
        "ask": {
            "zh": f"{_KINDS[one.kind]}高发时段，请重点查看",
            "en": f"hours at which {one.kind} often happens here: look closely",
        },
    }
    return yaml.safe_dump([row], allow_unicode=True, sort_keys=False)


def _ns(days: float) -> int:
    return round(days * _S_PER_DAY * NS_PER_S)
