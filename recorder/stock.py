"""What could be deleted, oldest first, made up only as far as it is looked at."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby

from core.clock import NS_PER_S
from recorder.inventory import DayFiles
from recorder.keeping import Keeping, Limit
from recorder.locks import Lock
from recorder.shelf import Segment
from recorder.volume import Volume

LONGEST_NS = 600 * NS_PER_S
"""A file ends where its camera's next one begins, or ten minutes on."""

Key = tuple[Limit, str]


@dataclass(frozen=True)
class Held:
    """What one volume holds.

    Attributes:
        octets: of all recordings on it.
        locked: of those that are locked.
        first_ns: when the oldest begins.
        recent: octets of those that begin within a time.
        recent_first_ns: when the first of these begins.
    """

    octets: int = 0
    locked: int = 0
    first_ns: int | None = None
    recent: int = 0
    recent_first_ns: int | None = None


@dataclass
class Item:
    """One file.

    Attributes:
        newest: of its camera: it is being written.
        limits: what it counts for, and how much that may be.
    """

    segment: Segment
    size: int
    end_ns: int
    locked: bool
    newest: bool
    volume: Volume
    limits: Mapping[Key, int]


class Stock:
    """The files of all cameras on the configured volumes; files on others are left as they are."""

    def __init__(
        self,
        days: Sequence[DayFiles],
        volumes: Sequence[Volume],
        keeping: Keeping,
        locks: Sequence[Lock],
    ) -> None:
        places = {volume.path: volume for volume in volumes}
        self._days: list[tuple[DayFiles, Volume]] = []
        for day in days:
            volume = next((places[p] for p in day.folder.parents if p in places), None)
            if volume is not None:
                self._days.append((day, volume))
        self._keeping, self._locks = keeping, locks
        self._starts: dict[str, list[DayFiles]] = {}
        for day, _ in self._days:
            if not day.aside:
                self._starts.setdefault(day.camera, []).append(day)

    @property
    def octets(self) -> int:
        """All of it."""
        return sum(day.octets for day, _ in self._days)

    def used(self) -> dict[Key, int]:
        """Octets by what they count for."""
        found: dict[Key, int] = {}
        for day, volume in self._days:
            for key in self._limits(day.camera, volume):
                found[key] = found.get(key, 0) + day.octets
        return found

    def most(self) -> dict[Key, int]:
        """The limits of everything that is used."""
        return {
            key: limit
            for day, volume in self._days
            for key, limit in self._limits(day.camera, volume).items()
        }

    def items(self) -> Iterator[Item]:
        """The files, oldest first."""
        for _, of_day in groupby(self._days, key=lambda one: one[0].day):
            files = [self._items(day, volume) for day, volume in of_day]
            yield from merge(*files, key=lambda item: item.segment)

    def starts_backwards(self, before_ns: int) -> Iterator[int]:
        """When files begin that begin before a time, latest first."""
        for _, of_day in groupby(reversed(self._days), key=lambda one: one[0].day):
            lists = [day.starts[: bisect_right(day.starts, before_ns)] for day, _ in of_day]
            yield from merge(*(reversed(starts) for starts in lists), reverse=True)

    def since(self, first_ns: int, last_ns: int) -> tuple[int | None, int]:
        """When the first file within a time begins, and the octets of all that begin in it."""
        first: int | None = None
        octets = 0
        for day, _ in self._days:
            low, high = bisect_left(day.starts, first_ns), bisect_right(day.starts, last_ns)
            if low < high:
                first = day.starts[low] if first is None else min(first, day.starts[low])
                octets += sum(day.sizes[low:high])
        return first, octets

    def held(self, since_ns: int, until_ns: int) -> dict[str, Held]:
        """What each volume holds, by its folder."""
        found: dict[str, Held] = {}
        for day, volume in self._days:
            before = found.get(str(volume.path), Held())
            low = bisect_left(day.starts, since_ns)
            high = bisect_right(day.starts, until_ns)
            recent_ns = before.recent_first_ns
            if low < high:
                recent_ns = min(recent_ns or day.starts[low], day.starts[low])
            found[str(volume.path)] = Held(
                octets=before.octets + day.octets,
                locked=before.locked + self._locked_octets(day),
                first_ns=min(before.first_ns or day.starts[0], day.starts[0]),
                recent=before.recent + sum(day.sizes[low:high]),
                recent_first_ns=recent_ns,
            )
        return found

    def _locked_octets(self, day: DayFiles) -> int:
        """Of the files of one folder that a lock touches, each counted once."""
        locked: set[int] = set()
        for lock in self._locks:
            if lock.camera != day.camera:
                continue
            low = bisect_left(day.starts, lock.first_ns - LONGEST_NS)
            for number in range(low, bisect_right(day.starts, lock.last_ns)):
                start_ns = day.starts[number]
                follows = number + 1 < len(day.starts) and not day.aside
                end_ns = start_ns + LONGEST_NS
                if follows:
                    end_ns = min(end_ns, day.starts[number + 1])
                if end_ns >= lock.first_ns:
                    locked.add(number)
        return sum(day.sizes[number] for number in locked)

    def _items(self, day: DayFiles, volume: Volume) -> Iterator[Item]:
        ranges = [(k.first_ns, k.last_ns) for k in self._locks if k.camera == day.camera]
        limits = self._limits(day.camera, volume)
        for number, start_ns in enumerate(day.starts):
            follows_ns = None if day.aside else self._after(day.camera, start_ns)
            end_ns = start_ns + LONGEST_NS
            if follows_ns is not None:
                end_ns = min(end_ns, follows_ns)
            path = day.path(number)
            yield Item(
                segment=Segment(start_ns, day.camera, path),
                size=day.sizes[number],
                end_ns=end_ns,
                locked=any(a <= end_ns and b >= start_ns for a, b in ranges),
                newest=not day.aside and follows_ns is None,
                volume=volume,
                limits=limits,
            )

    def _after(self, camera: str, start_ns: int) -> int | None:
        """When the camera's next file begins, on whatever volume."""
        best: int | None = None
        for day in self._starts[camera]:
            if best is not None and day.starts[0] >= best:
                break
            at = bisect_right(day.starts, start_ns)
            if at < len(day.starts) and (best is None or day.starts[at] < best):
                best = day.starts[at]
        return best

    def _limits(self, camera: str, volume: Volume) -> dict[Key, int]:
        found: dict[Key, int] = dict(self._keeping.limits(camera))
        if volume.place.max_bytes is not None:
            found["volume", str(volume.path)] = volume.place.max_bytes
        return found


def has_no_hole(stock: Stock, now_ns: int, long_ns: int) -> bool:
    """There are recordings, without a hole that long, from at least so long ago until now."""
    began_ns = now_ns
    for start_ns in stock.starts_backwards(now_ns):
        if start_ns + LONGEST_NS < began_ns - long_ns:
            break
        began_ns = start_ns
        if began_ns < now_ns - long_ns:
            return True
    return False
