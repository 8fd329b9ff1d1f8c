"""The list of scenarios: which act is played where, in which condition.

A line reads ``act@place`` or ``act@place:weather``; without a weather the condition's first one
is meant. Positions, camera, people and colours are drawn from the id, so nothing here is tuned.
"""

import zlib
from collections.abc import Iterator
from fnmatch import fnmatch
from types import ModuleType

from core.seeing import Kind
from sim.errors import UnknownSceneError
from sim.scenarios import dumping, fishing, negatives, occupation
from sim.scenarios.base import Scenario
from sim.scenarios.weather import GROUPS

_VIOLATIONS: dict[Kind, dict[str, str]] = {
    Kind.FISHING: {
        "day": "sits@bank stands@quay group@bank boat@bank net@bank:dusk",
        "night": "sits@bank stands@quay sits@quay:infrared group@bank:headlights",
        "rain": "sits@bank stands@bridge",
        "water": "sits@bank stands@bank boat@bank",
        "leaves": "sits@bank stands@quay",
        "crowd": "sits@bank stands@quay",
        "occlusion": "sits@bank stands@bank",
        "small": "sits@bank stands@quay",
        "shake": "sits@bank group@quay",
        "light": "sits@bank stands@quay:exposure sits@bank:switch",
    },
    Kind.DUMPING: {
        "day": "bag@yard truck@lane cart@street tricycle@lane car@yard bags@bank:dusk",
        "night": "bag@market truck@lane tricycle@lane:headlights car@yard:infrared",
        "rain": "bag@street truck@lane",
        "water": "bag@bank cart@quay",
        "leaves": "bags@yard tricycle@lane",
        "crowd": "bag@market cart@street",
        "occlusion": "bag@yard cart@market",
        "small": "truck@lane bags@yard",
        "shake": "bag@yard truck@lane",
        "light": "cart@yard bag@street:exposure tricycle@yard:switch",
    },
    Kind.OCCUPATION: {
        "day": "car@street stall@market goods@market umbrella@market shed@yard truck@lane:dusk",
        "night": "car@street stall@market tricycle@yard:infrared goods@yard:headlights",
        "rain": "car@lane stall@market",
        "water": "stall@quay umbrella@bank",
        "leaves": "goods@yard car@bank",
        "crowd": "stall@market car@street",
        "occlusion": "hidden@street goods@market",
        "small": "car@street stall@market",
        "shake": "car@yard umbrella@market",
        "light": "stall@market car@lane:exposure shed@yard:switch",
    },
}

_NEGATIVES: dict[str, str] = {
    "empty": "bank:ripples yard:leaves street:rain market:clouds lane:shake quay:switch",
    "walkers": "bank market:rain street:lamp quay:shake",
    "joggers": "bank quay:clouds street:infrared",
    "parked": "street market:lamp yard:rain",
    "stops": "street market yard:infrared lane:exposure",
    "traffic": "street lane:rain street:headlights",
    "birds": "bank quay yard:leaves",
    "ducks": "bank quay:ripples",
    "wood": "bank bank:ripples",
    "cleaner": "street market yard:shake",
    "rests": "bank quay market:dusk street:leaves",
    "dogs": "bank street yard:rain",
    "waits": "yard market street:clouds",
}

_COME_AND_GO = frozenset({"stops", "birds", "wood", "cleaner", "dogs", "waits"})
_EVERY_S = 45.0

_ACTS: dict[Kind, ModuleType] = {
    Kind.FISHING: fishing,
    Kind.DUMPING: dumping,
    Kind.OCCUPATION: occupation,
}


def _seed(name: str) -> int:
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def _violations() -> Iterator[Scenario]:
    for kind, conditions in _VIOLATIONS.items():
        for condition, lines in conditions.items():
            for line in lines.split():
                act, _, where = line.partition("@")
                place, _, weather = where.partition(":")
                weather = weather or GROUPS[condition][0]
                name = f"{kind}/{condition}/{act}-{place}" + _suffix(weather, condition)
                script = getattr(_ACTS[kind], act)
                yield Scenario(name, kind, condition, script, place, weather, _seed(name))


def _negatives() -> Iterator[Scenario]:
    for act, lines in _NEGATIVES.items():
        for line in lines.split():
            place, _, weather = line.partition(":")
            weather = weather or "day"
            name = f"negative/{act}/{place}" + _suffix(weather, "day")
            yield Scenario(
                name, None, act, getattr(negatives, act), place, weather, _seed(name),
                every_s=_EVERY_S if act in _COME_AND_GO else None,
            )  # fmt: skip


def _suffix(weather: str, condition: str) -> str:
    return "" if weather == GROUPS[condition][0] else f"-{weather}"


SUITE: tuple[Scenario, ...] = (*_violations(), *_negatives())


def find(pattern: str = "*") -> tuple[Scenario, ...]:
    """The scenarios whose id contains ``pattern`` or matches it as a shell pattern.

    Raises:
        UnknownSceneError: there is none.
    """
    found = tuple(one for one in SUITE if pattern in one.id or fnmatch(one.id, pattern))
    if not found:
        raise UnknownSceneError(f"no scenario matches {pattern!r}; there are {len(SUITE)}")
    return found
