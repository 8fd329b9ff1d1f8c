"""What is noticed about somebody who stays at the water: cues that raise severity.

A cue is no act: a rod on the bank, or somebody who walks past with one, violates nothing. Each
source watches every frame and says what it knows of a stay; another kind of cue is another
source.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.clock import NS_PER_S
from core.config.base import Hours
from core.config.zones import FishingRule
from core.geometry import GeoPoint
from core.seeing import Track
from core.sun import DARK_BELOW_DEG, sun_height_deg
from core.value import Text
from detectors.behaviours.base import Moment, seconds
from detectors.behaviours.places import aboard, gap, shared
from detectors.behaviours.stays import Stay
from detectors.labels import BOAT, NETS, PERSON, RODS

_GROUP_S = 10.0
_SURE = 2
"""Gear counts when it was detected beside the same subject in so many frames."""
_MEMORY_NS = 600 * NS_PER_S
_REACH = 1.0
"""Of a person's height, or of half a boat's width: gear farther away is not theirs."""


@dataclass(frozen=True)
class Cue:
    """One thing that was noticed.

    Attributes:
        name: as the catalogue's ``when`` has it.
        words: for people.
        facts: numbers behind it.
    """

    name: str
    words: Text
    facts: Mapping[str, Any] = field(default_factory=dict)


class CueSource(ABC):
    """Notices one kind of thing; made anew when time is broken or a schedule has ended."""

    def note(self, moment: Moment, present: Sequence[Stay]) -> None:
        """Take in a frame; ``present`` are the stays whose subject is there at it."""
        del moment, present

    @abstractmethod
    def of(self, stay: Stay, moment: Moment) -> list[Cue]:
        """What is known of this stay at this frame."""


def cue_sources(rule: FishingRule, place: GeoPoint | None) -> tuple[CueSource, ...]:
    """All sources for a fishing zone of a camera at ``place``."""
    sun = place if rule.night_by_sun else None
    return Night(rule.night, sun), Company(rule.group), Afloat(), Gear()


class Night(CueSource):
    """It is night: by the clock, or by the sun over ``place``."""

    def __init__(self, hours: Hours, place: GeoPoint | None) -> None:
        self._hours = hours
        self._place = place

    def of(self, stay: Stay, moment: Moment) -> list[Cue]:
        del stay
        if self._place is None:
            if not self._hours.covers(moment.local.time()):
                return []
            span = f"{self._hours.start:%H:%M}-{self._hours.end:%H:%M}"
            return [Cue("night", Text(zh=f"夜间 {span}", en=f"night {span}"), {"night": span})]
        height_deg = sun_height_deg(moment.time_ns, self._place)
        if height_deg >= DARK_BELOW_DEG:
            return []
        words = Text(
            zh=f"夜间（太阳在地平线下 {-height_deg:.0f}°）",
            en=f"night (sun {-height_deg:.0f} deg below the horizon)",
        )
        return [Cue("night", words, {"sun_deg": round(height_deg, 1)})]


class Company(CueSource):
    """So many stay at once."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._company = 0

    def note(self, moment: Moment, present: Sequence[Stay]) -> None:
        self._company = sum(seconds(stay.since_ns, moment.time_ns) >= _GROUP_S for stay in present)

    def of(self, stay: Stay, moment: Moment) -> list[Cue]:
        del stay, moment
        if self._company < self._group:
            return []
        words = Text(zh=f"{self._company} 人同在", en=f"{self._company} together")
        return [Cue("group", words, {"company": self._company})]


class Afloat(CueSource):
    """The subject is a boat, or sits in one."""

    def of(self, stay: Stay, moment: Moment) -> list[Cue]:
        afloat = stay.label == BOAT or any(
            track.label == BOAT and aboard(stay.box, track.box) for track in moment.tracks
        )
        return [Cue("boat", Text(zh="在船上", en="in a boat"))] if afloat else []


class Gear(CueSource):
    """Rods and nets, where the model knows them.

    Each belongs to whoever is nearest to it, and goes on to while in reach: a net that somebody
    carries past an angler does not become the angler's.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], tuple[int, int]] = {}
        self._owners: dict[int, int] = {}

    def note(self, moment: Moment, present: Sequence[Stay]) -> None:
        del present
        gear = [track for track in moment.tracks if _kind(track.label)]
        self._owners = {one.id: self._owners[one.id] for one in gear if one.id in self._owners}
        for track in gear:
            kind = _kind(track.label)
            owner = self._owner(track, moment) if track.seen else None
            if owner is not None:
                self._owners[track.id] = owner
                frames, _ = self._seen.pop((owner, kind), (0, 0))
                self._seen[owner, kind] = frames + 1, moment.time_ns
        while self._seen:  # the least recent stands first
            oldest = next(iter(self._seen))
            if moment.time_ns - self._seen[oldest][1] <= _MEMORY_NS:
                break
            del self._seen[oldest]

    def of(self, stay: Stay, moment: Moment) -> list[Cue]:
        del moment
        cues = []
        for kind, words in (
            ("rod", Text(zh="有钓竿", en="a rod")),
            ("net", Text(zh="有网具", en="a net")),
        ):
            frames = sum(self._seen.get((number, kind), (0, 0))[0] for number in stay.tracks)
            if frames >= _SURE:
                cues.append(Cue(kind, words, {f"{kind}_frames": frames}))
        return cues

    def _owner(self, gear: Track, moment: Moment) -> int | None:
        """Track id of whom it belongs to: a person if any is in reach, else a boat."""
        for label in (PERSON, BOAT):
            within = [
                (
                    self._owners.get(gear.id) != track.id,
                    -shared(gear.box, track.box),
                    gap(gear.box, track.box, moment.aspect),
                    track.id,
                )
                for track in moment.tracks
                if track.label == label and _in_reach(gear, track, moment.aspect)
            ]
            if within:
                return min(within)[-1]
        return None


def _kind(label: str) -> str:
    return "rod" if label in RODS else "net" if label in NETS else ""


def _in_reach(gear: Track, owner: Track, aspect: float) -> bool:
    reach = owner.box.w / 2 if owner.label == BOAT else owner.box.h / aspect
    return gap(gear.box, owner.box, aspect) <= _REACH * reach
