"""重点部位、重复高发: where the same kind of act comes again, and at what hours of the week.

Places and times alone are compared. No face, no plate, no clothing enters here, and nothing says
whether it was the same person.

Usual hours are looked for among 960 windows: each day of the week, working days, weekends and
every day, with each of 24 beginnings and one to four hours. If acts fell on any watched hour
alike, the number of those in a window would be binomial; a window is *usual* when it holds so
many that the upper tail, times the number of windows (Bonferroni), is not above ``chance``. So a
place without usual hours is said to have some in no more than that share of cases, however many
windows are looked at. Acts that follow each other within :data:`ONE_VISIT_S` are one visit, for
the test wants visits that do not depend on each other; and beside being improbable a usual window
must hold half of all visits and be seen on ``pattern_days`` days.

Sources: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), for exact binomial tails;
O. J. Dunn, J. Am. Stat. Assoc. 56 (1961), for the correction; J. I. Naus, J. Am. Stat. Assoc. 60
(1965), for looking for a window at all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from core.clock import NS_PER_S
from core.config.site import Site
from core.geometry import GeoPoint
from core.places import cell_of, cells_around
from core.store.figures import ActRow

HOURS = 168
ONE_VISIT_S = 3 * 3600
_LONGEST_H = 4
_LEAST_SHARE = 0.5
_DAY_SETS = (
    *((day,) for day in range(7)), (0, 1, 2, 3, 4), (5, 6), (0, 1, 2, 3, 4, 5, 6),
)  # fmt: skip

Counts = NDArray[np.float64]


class Spot(NamedTuple):
    """Where an act was: zone of a camera, place with its error, or both."""

    camera: str
    zone: str
    place: GeoPoint | None
    error_m: float | None

    @classmethod
    def of(cls, row: ActRow) -> Self:
        return cls(row.camera, row.zone, row.place, row.place_error_m)


@dataclass(frozen=True)
class Usual:
    """Hours of the week at which most visits of a place fall.

    Attributes:
        days: 0 is Monday; a window that passes midnight belongs to the day it begins on.
        start_h, hours: local time of its beginning, and its length.
        visits: so many of ``of`` fall into it.
        chance: at most how often a place without usual hours looks like this.
    """

    days: tuple[int, ...]
    start_h: int
    hours: int
    visits: int
    of: int
    chance: float


@dataclass
class Hotspot:
    """One ground on which one kind of act happened.

    Attributes:
        acts: newest first.
        hours: (168,) visits of standing cameras by local hour of the week, from Monday 00:00.
    """

    kind: str
    first: Spot
    acts: list[ActRow]
    hours: Counts = field(default_factory=lambda: np.zeros(HOURS))
    usual: Usual | None = None
    next_ns: tuple[int, int] | None = None

    @property
    def placed(self) -> ActRow | None:
        """The act whose place is known best."""
        known = [one for one in self.acts if one.place is not None]
        return min(known, key=lambda one: (one.place_error_m or 0.0, one.id), default=None)


def counts(row: ActRow) -> bool:
    """False for what a person dismissed, or found to be the same act as another incident."""
    return row.state != "dismissed" and row.same_as is None


def same_ground(site: Site, one: Spot, other: Spot) -> bool:
    """True for one zone of a camera that stands, and for places within ``repeat_m``.

    A place that is not right within ``repeat_m`` is no place here.
    """
    if one.camera and (other.camera, other.zone) in site.same_ground(one.camera, one.zone):
        camera = site.camera(one.camera)
        if camera is None or camera.flight is None:
            return True
    here, there, most_m = _known(site, one), _known(site, other), site.places.repeat_m
    return here is not None and there is not None and here.distance_m(there) <= most_m


def hotspots(site: Site, acts: Iterable[ActRow], now_ns: int) -> list[Hotspot]:
    """Grounds with two acts or more, those with most of them first.

    Acts are taken oldest first, and each joins the first ground that began at its own: a ground
    does not creep along a bank from one act to the next.

    Args:
        acts: of ``pattern_weeks`` before ``now_ns``, in any order.
    """
    grounds: list[Hotspot] = []
    by_name: dict[tuple[str, str], list[int]] = defaultdict(list)  # by zone or square of the map
    for act in sorted(filter(counts, acts), key=lambda one: (one.started_ns, one.id)):
        spot = Spot.of(act)
        place = _known(site, spot)
        names = [(act.kind, f"{act.camera}/{act.zone}")]
        names += [(act.kind, cell) for cell in _around(site, place)]
        near = sorted({number for name in names for number in by_name[name]})
        own = next((n for n in near if same_ground(site, grounds[n].first, spot)), None)
        if own is not None:
            grounds[own].acts.append(act)
            continue
        for camera, zone in site.same_ground(act.camera, act.zone):
            by_name[act.kind, f"{camera}/{zone}"].append(len(grounds))
        if place is not None:
            by_name[act.kind, cell_of(place)].append(len(grounds))
        grounds.append(Hotspot(act.kind, spot, [act]))
    for one in grounds:
        one.acts.reverse()
    again = [one for one in grounds if len(one.acts) > 1]
    for one in again:
        _time(site, one, now_ns)
    return sorted(again, key=lambda one: (-len(one.acts), -one.acts[0].started_ns, one.acts[0].id))


def usual_hours(
    visits: Sequence[datetime], watched: Counts, *, least_days: int, chance: float
) -> Usual | None:
    """The window that is the least likely by chance; None: no hours are usual.

    Args:
        visits: local times.
        watched: (168,) how much each local hour of the week was looked at, in any unit.
        least_days: on so many different days the window was seen.
        chance: false claims at most, as a share of places without usual hours.
    """
    if not visits or watched.sum() <= 0:
        return None
    windows = _windows()
    inside = windows @ _by_hour(visits)
    share = windows @ (watched / watched.sum())
    tail = binom.sf(inside - 1, len(visits), np.clip(share, 0.0, 1.0)) * len(windows)
    for best in np.lexsort((np.arange(len(windows)), windows.sum(axis=1), tail)):
        if tail[best] > chance:
            return None
        days, start_h, hours = _plan()[best]
        window = Usual(days, start_h, hours, int(inside[best]), len(visits), float(tail[best]))
        if inside[best] < _LEAST_SHARE * len(visits):
            continue
        seen_on = {day for one in visits if (day := _begun(window, one)) is not None}
        if len(seen_on) >= least_days:
            return window
    return None


def next_window(usual: Usual, now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the window that goes on, or comes next.

    Args:
        now: local time, aware.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(-1, 8):
        day = today + timedelta(days=ahead)
        begin = day.replace(hour=usual.start_h)
        end = begin + timedelta(hours=usual.hours)
        if day.weekday() in usual.days and end > now:
            return begin, end
    raise AssertionError("a window has at least one day in every week")


def one_visit_each(times_ns: Iterable[int]) -> list[int]:
    """The first of each run of acts that follow each other closely."""
    first: list[int] = []
    last_ns: int | None = None
    for at_ns in sorted(times_ns):
        if last_ns is None or at_ns - last_ns >= ONE_VISIT_S * NS_PER_S:
            first.append(at_ns)
        last_ns = at_ns
    return first


def _around(site: Site, place: GeoPoint | None) -> list[str]:
    return cells_around(place, site.places.repeat_m) if place is not None else []


def _known(site: Site, spot: Spot) -> GeoPoint | None:
    exact = spot.error_m is not None and spot.error_m <= site.places.repeat_m
    return spot.place if exact else None


def _time(site: Site, ground: Hotspot, now_ns: int) -> None:
    """Find the usual hours of a ground, from what standing cameras saw."""
    stands = [one for one in site.cameras if one.flight is None]
    zones = {(camera.id, zone.id): zone for camera in stands for zone in camera.zones}
    # Nobody knows when drones and the public looked; acts that they told of have no usual hours.
    seen = [one for one in ground.acts if (one.camera, one.zone) in zones]
    zone_info, rules, weeks = site.zone_info, site.places, site.places.pattern_weeks
    visits = [_local(at, zone_info) for at in one_visit_each(one.started_ns for one in seen)]
    ground.hours = _by_hour(visits)
    schedules = [zones[name].schedule.active for name in sorted({(a.camera, a.zone) for a in seen})]
    watched = _watched(schedules, _local(now_ns, zone_info), weeks)
    ground.usual = usual_hours(
        visits, watched, least_days=rules.pattern_days, chance=rules.pattern_chance
    )
    if ground.usual is not None:
        begin, end = next_window(ground.usual, _local(now_ns, zone_info))
        ground.next_ns = (_ns(begin), _ns(end))


def _watched(schedules: Sequence[Callable[[datetime], bool]], now: datetime, weeks: int) -> Counts:
    """(168,) in how many of the weeks before now each hour was watched by any of the zones."""
    watched = np.zeros(HOURS)
    half_past = now.replace(minute=30, second=0, microsecond=0, tzinfo=None)
    for back in range(weeks * HOURS):
        moment = half_past - timedelta(hours=back)
        if any(active(moment) for active in schedules):
            watched[_hour(moment)] += 1
    return watched


@cache
def _plan() -> tuple[tuple[tuple[int, ...], int, int], ...]:
    """Days, beginning and length of every window that is looked at."""
    lengths = range(1, _LONGEST_H + 1)
    return tuple((days, h, n) for days in _DAY_SETS for h in range(24) for n in lengths)


@cache
def _windows() -> Counts:
    """(960, 168) which hours each of them holds."""
    table = np.zeros((len(_plan()), HOURS))
    for row, (days, start_h, hours) in enumerate(_plan()):
        for day in days:
            for hour in range(hours):
                table[row, (day * 24 + start_h + hour) % HOURS] = 1
    return table


def _begun(window: Usual, moment: datetime) -> object | None:
    """The day on which the window began that a moment lies in; None: it lies in none."""
    begin = moment - timedelta(hours=(moment.hour - window.start_h) % 24)
    inside = (moment.hour - window.start_h) % 24 < window.hours
    return begin.date() if inside and begin.weekday() in window.days else None


def _by_hour(moments: Iterable[datetime]) -> Counts:
    hours = np.array([_hour(one) for one in moments], dtype=np.int64)
    return np.bincount(hours, minlength=HOURS).astype(np.float64)


def _hour(local: datetime) -> int:
    return local.weekday() * 24 + local.hour


def _local(at_ns: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ns / NS_PER_S, zone)


def _ns(moment: datetime) -> int:
    return round(moment.timestamp()) * NS_PER_S
