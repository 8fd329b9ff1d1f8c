"""What the tags of a way say: who may use it, in which direction, how fast.

Keys and values are those of the OpenStreetMap wiki (``Key:highway``, ``Key:access``,
``Key:oneway``, ``Key:barrier``, ``Key:maxspeed``). Speeds are what is kept on average on country
roads, not what is allowed; where a limit is lower, the limit counts.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from core.config.people import Travel

MODES = tuple(Travel)
"""The order of the columns of speeds."""

_CAR, _CYCLE, _FOOT, _BOAT = range(len(MODES))

_HIGHWAYS: dict[str, tuple[float, float, float]] = {
    # km/h by car, electric motorcycle, on foot; 0: not allowed or not possible
    "motorway": (90, 0, 0),
    "trunk": (70, 45, 4.5),
    "primary": (60, 45, 4.5),
    "secondary": (50, 45, 4.5),
    "tertiary": (40, 40, 4.5),
    "unclassified": (30, 35, 4.5),
    "residential": (25, 30, 4.5),
    "living_street": (15, 20, 4.5),
    "service": (20, 25, 4.5),
    "road": (25, 30, 4.5),
    "track": (15, 20, 4.5),
    "busway": (0, 0, 0),
    "pedestrian": (0, 0, 4.5),
    "path": (0, 12, 4),
    "footway": (0, 0, 4.5),
    "cycleway": (0, 25, 4.5),
    "bridleway": (0, 10, 4),
    "steps": (0, 0, 2),
}
_WATERWAYS: dict[str, float] = {"river": 20, "canal": 15, "fairway": 20}
_BAD_SURFACE = {"mud", "sand", "ground", "dirt", "earth", "grass", "unpaved", "rock"}
_ON_BAD_SURFACE = 0.7
"""Wheels keep so much of their speed there."""

_FORBIDDEN = {"no", "private", "military"}
_ACCESS_KEYS = (
    # from the general to the particular: the last one present decides
    ("access", "vehicle", "motor_vehicle", "motorcar"),
    ("access", "vehicle", "motor_vehicle", "motorcycle", "moped"),
    ("access", "foot"),
    ("access", "boat"),
)
_PASSABLE = {
    # barrier: who may pass when nothing else is tagged (car, motorcycle, foot)
    "gate": (True, True, True),
    "lift_gate": (True, True, True),
    "swing_gate": (True, True, True),
    "toll_booth": (True, True, True),
    "border_control": (True, True, True),
    "cattle_grid": (True, True, True),
    "entrance": (True, True, True),
    "height_restrictor": (True, True, True),
    "kerb": (True, True, True),
    "bump_gate": (True, True, True),
    "rope": (True, True, True),
    "bollard": (False, True, True),
    "block": (False, True, True),
    "cycle_barrier": (False, False, True),
    "motorcycle_barrier": (True, False, True),
    "kissing_gate": (False, False, True),
    "stile": (False, False, True),
    "turnstile": (False, False, True),
}
_WALLS = (False, False, False)
_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?\s*$")
_KMH_PER_MPH = 1.609344


class Way(NamedTuple):
    """Speeds along a way and against it, km/h in the order of :data:`MODES`; 0: not that way."""

    forward: tuple[float, ...]
    backward: tuple[float, ...]


def way_of(tags: Mapping[str, str]) -> Way | None:
    """What a way is good for; None when nobody of ours can use it.

    Ferries are left out: what they take is their timetable, which no map holds.
    """
    speeds = _speeds(tags)
    if not any(speeds):
        return None
    along, against = _directions(tags)
    walks = speeds[_FOOT] if tags.get("oneway:foot") not in ("yes", "-1") else 0.0
    free = {_FOOT: walks or speeds[_FOOT] * along, _BOAT: speeds[_BOAT]}
    free_back = {_FOOT: walks or speeds[_FOOT] * against, _BOAT: speeds[_BOAT]}
    forward = tuple(free.get(mode, speed * along) for mode, speed in enumerate(speeds))
    backward = tuple(free_back.get(mode, speed * against) for mode, speed in enumerate(speeds))
    return Way(forward, backward)


def passes(tags: Mapping[str, str]) -> tuple[bool, ...] | None:
    """Who may pass a node with these tags; None: it is no barrier, everybody may."""
    barrier = tags.get("barrier")
    if barrier is None:
        if "access" not in tags and "motor_vehicle" not in tags:
            return None
        allowed = (True, True, True)
    else:
        allowed = _PASSABLE.get(barrier, _WALLS)
    if tags.get("locked") == "yes":
        allowed = _WALLS
    by_mode = tuple(
        _allowed(tags, mode, otherwise=allowed[mode] if mode < len(allowed) else True)
        for mode in range(len(MODES))
    )
    return None if all(by_mode) else by_mode


def _speeds(tags: Mapping[str, str]) -> tuple[float, ...]:
    if tags.get("area") == "yes" or tags.get("route") == "ferry":
        return (0.0,) * len(MODES)
    on_land = _HIGHWAYS.get(tags.get("highway", "").removesuffix("_link"), (0.0, 0.0, 0.0))
    speeds = [*on_land, _WATERWAYS.get(tags.get("waterway", ""), 0.0)]
    limit = _limit_kmh(tags.get("maxspeed", ""))
    bad = tags.get("surface") in _BAD_SURFACE and tags.get("highway") not in ("track", "path")
    for mode in (_CAR, _CYCLE):
        if bad:
            speeds[mode] *= _ON_BAD_SURFACE
        if limit is not None:
            speeds[mode] = min(speeds[mode], limit)
    return tuple(
        speed if speed and _allowed(tags, mode, otherwise=True) else 0.0
        for mode, speed in enumerate(speeds)
    )


def _allowed(tags: Mapping[str, str], mode: int, *, otherwise: bool) -> bool:
    for key in _ACCESS_KEYS[mode]:
        if key in tags:
            otherwise = tags[key] not in _FORBIDDEN
    return otherwise


def _directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether wheels may go along the way, and against it."""
    oneway = tags.get("oneway", "")
    if oneway in ("-1", "reverse"):
        return False, True
    round_about = tags.get("junction") in ("roundabout", "circular")
    motorway = tags.get("highway") in ("motorway", "motorway_link")
    if oneway in ("yes", "true", "1") or (oneway != "no" and (round_about or motorway)):
        return True, False
    return True, True


def _limit_kmh(words: str) -> float | None:
    found = _NUMBER.match(words)
    if found is None or float(found[1]) <= 0:
        return None
    return float(found[1]) * (_KMH_PER_MPH if found[2] == "mph" else 1.0)
