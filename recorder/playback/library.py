"""The recordings of all cameras, to look back at; see :class:`core.playback.Playback`."""

from functools import lru_cache
from itertools import groupby
from pathlib import Path

from core.clock import NS_PER_S, Clock, iso
from core.playback import Activity, NotRecordedError, Timeline
from recorder.ledger import read_gaps
from recorder.playback.activity import next_movement, pooled
from recorder.playback.film import RangeFilm
from recorder.playback.headers import Header, playable
from recorder.playback.hls import playlist
from recorder.playback.moving import moved
from recorder.playback.pieces import Known, Piece, Pieces
from recorder.playback.thumbnail import thumbnail
from recorder.playback.timeline import holes_between, timeline

THUMBNAILS = 2000
_LOOK_BACK_NS = 60 * NS_PER_S


class Library:
    """Safe for many threads; what it remembers is bounded."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._pieces = Pieces(root)
        self._root, self._clock = root, clock
        self._headers = lru_cache(maxsize=64)(playable)
        self._thumbnails: dict[tuple[Path, int, int], bytes] = {}

    def timeline(self, camera: str, first_ns: int, last_ns: int) -> Timeline:
        """What is on disk of a range, and what is not and why."""
        return timeline(self._pieces, camera, first_ns, last_ns, self._clock.utc_ns())

    def activity(self, camera: str, first_ns: int, last_ns: int, most: int) -> Activity:
        """How much moved in a range, in at most so many parts."""
        return pooled(self._root, camera, first_ns, last_ns, most)

    def next_movement(self, camera: str, at_ns: int, *, back: bool) -> int | None:
        """When the next movement begins, or the last one before; within some days."""
        return next_movement(self._root, camera, at_ns, back=back)

    def playlist(self, camera: str, first_ns: int, last_ns: int, epoch_ns: int) -> str:
        """A range as an HLS playlist, without groups that begin before the epoch.

        Raises:
            NotRecordedError: nothing of the range is on disk.
        """
        found = self._found(camera, first_ns, last_ns)
        after = [(p.known, tuple(g for g in p.groups if g.first_ns >= epoch_ns)) for p in found]
        return playlist([Piece(known, groups) for known, groups in after if groups], epoch_ns)

    def header(self, camera: str, segment: int) -> bytes:
        """What browsers need before a segment's media. Raises NotRecordedError, RecorderError."""
        return self._header(self._segment(camera, segment)).data

    def media(self, camera: str, segment: int, first: int, end: int, epoch_ns: int) -> bytes:
        """Groups of a segment by their octets, at ``UTC - epoch_ns``.

        Raises:
            NotRecordedError: there is no such segment, there are no such groups in it, or they
                are from before the epoch.
        """
        known = self._segment(camera, segment)
        begins = {g.first: g.first_ns for g in known.groups}
        if first not in begins or end not in {g.end for g in known.groups} or end <= first:
            raise NotRecordedError(f"camera {camera}: segment {segment} has no {first}-{end}")
        if begins[first] < epoch_ns:
            raise NotRecordedError(f"camera {camera}: {first}-{end} is from before the epoch")
        lead_ns = segment - epoch_ns
        shifts = {
            track: round(lead_ns * units / NS_PER_S)
            for track, units in self._header(known).timescales.items()
        }
        return bytes(moved(known.read(first, end), shifts))

    def film(self, camera: str, first_ns: int, last_ns: int) -> RangeFilm:
        """A range as one file; where parameters changed within it, the longer part.

        Raises:
            NotRecordedError: nothing of the range is on disk.
        """
        found = self._found(camera, first_ns, last_ns)
        runs = [list(run) for _, run in groupby(found, key=lambda piece: piece.known.likeness)]
        kept = max(runs, key=lambda run: run[-1].last_ns - run[0].first_ns)
        ledger = read_gaps(self._root, camera, first_ns, last_ns)
        shown = [(piece.first_ns, piece.last_ns) for piece in kept]
        return RangeFilm(kept, list(holes_between(shown, ledger, first_ns, last_ns)))

    def thumbnail(self, camera: str, at_ns: int, width: int) -> tuple[bytes, int]:
        """A small JPEG of the key frame at or before a moment, and its UTC.

        Raises:
            NotRecordedError: nothing was recorded in the minute before.
            RecorderError: it cannot be decoded.
        """
        found = self._found(camera, at_ns - _LOOK_BACK_NS, at_ns + 1)
        known, group = found[-1].known, found[-1].groups[-1]
        key = (known.segment.path, group.first, width)
        picture = self._thumbnails.get(key)
        if picture is None:
            picture = thumbnail(known, group, width)
            if len(self._thumbnails) >= THUMBNAILS:
                self._thumbnails.pop(next(iter(self._thumbnails)), None)
            self._thumbnails[key] = picture
        return picture, group.first_ns

    def _header(self, known: Known) -> Header:
        return self._headers(known.read(0, known.head))

    def _segment(self, camera: str, start_ns: int) -> Known:
        known = self._pieces.segment(camera, start_ns)
        if known is None:
            raise NotRecordedError(f"camera {camera}: no segment starts at {iso(start_ns)}")
        return known

    def _found(self, camera: str, first_ns: int, last_ns: int) -> list[Piece]:
        found = self._pieces.of(camera, first_ns, last_ns)
        if not found:
            raise NotRecordedError(
                f"camera {camera}: nothing recorded from {iso(first_ns)} to {iso(last_ns)}"
            )
        return found
