"""Which pictures a signing SEI speaks of, and which of them are as it says."""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field

from recorder.signing.errors import SigningError
from recorder.signing.tlv import Content, General

MOST_GROUPS = 32
"""Groups without a signature that one SEI is compared with; real ones come one or two late."""


@dataclass(slots=True)
class Item:
    """One hashed unit.

    Attributes:
        plain: hash of the unit alone.
        own: as it stands in a list: with the anchor of its group.
        start: a group of pictures begins with it.
        picture: the first slice of a picture.
        group: number of its group of pictures in the stream.
        hole: time jumped before it.
        speaks: it is no picture but a signing SEI without a signature.
        message: what that one speaks of; None: of pictures that are not here.
        run: the SEI that speaks of this unit.
        ok: it is as that one says.
    """

    plain: bytes
    own: bytes
    start: bool
    picture: bool
    at_ns: int
    part: int
    group: int
    hole: bool = False
    speaks: bool = False
    message: "Run | None" = None
    run: "Run | None" = None
    ok: bool = False

    @property
    def covered(self) -> bool:
        """A signature speaks of it."""
        return self.run is not None and self.run.confirmed


@dataclass(slots=True, eq=False)
class Run:
    """The units that one SEI speaks of.

    Attributes:
        group: number of its group of pictures.
        head: the first hash, which the next SEI repeats.
        missing: hashes listed for which there is no unit.
        covers: runs of the messages that are units of this one.
        confirmed: a signature covers it.
    """

    general: General
    head: bytes
    group: int
    missing: int = 0
    covers: list["Run"] = field(default_factory=list)
    confirmed: bool = False

    def confirm(self) -> int:
        """A signature covers it, and with it the runs of the messages in it.

        Returns the lowest number of a group of pictures that is covered by this.
        """
        oldest, waiting = self.group, [self]
        while waiting:
            run = waiting.pop()
            if not run.confirmed:
                run.confirmed = True
                oldest = min(oldest, run.group)
                waiting += run.covers
        return oldest


def match(items: list[Item], content: Content, algorithm: str) -> Run | None:
    """Find the run of an SEI among the items before it and mark them; None: they are not here.

    Raises:
        SigningError: the message contradicts itself.
    """
    general = content.general
    assert general is not None
    size = hashlib.new(algorithm).digest_size
    if len(general.gop_hash) != size:
        raise SigningError("signing SEI: hashes of another length")
    listed = content.hash_list
    if listed is None:
        return _by_whole(items, general, algorithm)
    if not listed or len(listed) % size:
        raise SigningError("signing SEI: the list holds no whole hashes")
    # The sum of the list is not looked at: the list is signed just as well.
    wanted = [listed[at : at + size] for at in range(0, len(listed), size)]
    return _by_list(items, wanted, general, algorithm)


def _groups(items: list[Item]) -> list[range]:
    """The newest items that no SEI has spoken of, group by group, the oldest first."""
    groups: list[range] = []
    end = len(items)
    for number in range(end - 1, -1, -1):
        if items[number].run is not None or len(groups) == MOST_GROUPS:
            break
        if number == 0 or items[number].start or items[number - 1].run is not None:
            groups.append(range(number, end))
            end = number
    return groups[::-1]


def _by_list(
    items: list[Item], wanted: list[bytes], general: General, algorithm: str
) -> Run | None:
    places: dict[bytes, list[int]] = {}
    for place, one in enumerate(wanted):
        places.setdefault(one, []).append(place)
    groups = _groups(items)
    own = [[items[n].own for n in group] for group in groups]
    best = _best(own, places)
    if best is None:
        # Where the group's first unit is lost or forged, the list still tells its hash. Only
        # then: pictures in which nothing moved are alike in all groups.
        own = [[_anchored(items[n], wanted[0], algorithm) for n in group] for group in groups]
        best = _best(own, places)
    if best is None:
        return None
    return _run(items, groups[best], own[best], places, general, wanted)


def _best(groups: list[list[bytes]], places: dict[bytes, list[int]]) -> int | None:
    """The group of which most is in the list, the oldest of such; None: nothing is."""
    fits = [sum(one in places for one in group) for group in groups]
    most = max(fits, default=0)
    return fits.index(most) if most else None


def _anchored(item: Item, anchor: bytes, algorithm: str) -> bytes:
    """An item's hash, had its group begun with that anchor."""
    if item.start or item.speaks:
        return item.own
    return hashlib.new(algorithm, anchor + item.plain).digest()


def _run(
    items: list[Item],
    group: range,
    hashes: list[bytes],
    places: dict[bytes, list[int]],
    general: General,
    wanted: list[bytes],
) -> Run:
    """Mark the items of a group that the list speaks of, in its order."""
    right: set[int] = set()
    place = -1
    for number, one in zip(group, hashes, strict=True):
        found = places.get(one, [])
        at = bisect_right(found, place)
        if at < len(found):
            place = found[at]
            right.add(number)
    # What comes behind is of another message: a part of the same group, or the next group, whose
    # first picture was lost.
    last = max(right)
    run = Run(general, wanted[0], items[last].group)
    for number in range(group[0], last + 1):
        _mark(items[number], run, number in right)
    wrong = last + 1 - group[0] - len(right)
    run.missing = max(0, len(wanted) - len(right) - wrong)
    return run


def _by_whole(items: list[Item], general: General, algorithm: str) -> Run | None:
    """Without a list all units must be there."""
    for group in _groups(items):
        if general.partial:
            group = group[: general.units]
        if not group:
            continue
        whole = b"".join(items[number].own for number in group)
        if hashlib.new(algorithm, whole).digest() == general.gop_hash:
            run = Run(general, items[group[0]].own, items[group[0]].group)
            for number in group:
                _mark(items[number], run, True)
            return run
    return None


def _mark(item: Item, run: Run, ok: bool) -> None:
    item.run, item.ok = run, ok
    if ok and item.message is not None:
        run.covers.append(item.message)
