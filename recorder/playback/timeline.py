"""What is on disk of a day, told from the files' names and the ledger, for a bar on a page."""

from collections.abc import Iterator
from itertools import pairwise, zip_longest
from statistics import median

from core.playback import Hole, Stretch, Timeline
from recorder.ledger import Gap, read_gaps
from recorder.playback.pieces import Pieces
from recorder.shelf import Segment, segments

_LONG = 1.5
"""A distance between two starts this much above the usual one may hide a hole."""
_HOLE_NS = 500_000_000


def timeline(pieces: Pieces, camera: str, first_ns: int, last_ns: int, now_ns: int) -> Timeline:
    """Recorded stretches and holes of a range up to now.

    Ends of segments follow from the next one's start, and only where that is far away, and at the
    end of the range, from the segment itself: a day of ten-second files takes a listing instead
    of eight thousand openings.
    """
    last_ns = min(last_ns, now_ns)
    ledger = read_gaps(pieces.root, camera, first_ns, last_ns)
    spans = _without(_spans(pieces, camera, first_ns, last_ns), ledger)
    recorded: list[Stretch] = []
    for start_ns, end_ns in spans:
        start_ns, end_ns = max(start_ns, first_ns), min(end_ns, last_ns)
        if end_ns <= start_ns:
            continue
        if recorded and start_ns - recorded[-1].last_ns < _HOLE_NS:
            recorded[-1] = Stretch(first_ns=recorded[-1].first_ns, last_ns=end_ns)
        else:
            recorded.append(Stretch(first_ns=start_ns, last_ns=end_ns))
    holes = holes_between([(s.first_ns, s.last_ns) for s in recorded], ledger, first_ns, last_ns)
    return Timeline(camera=camera, recorded=tuple(recorded), holes=tuple(holes))


def holes_between(
    shown: list[tuple[int, int]], ledger: list[Gap], first_ns: int, last_ns: int
) -> Iterator[Hole]:
    """What of a range is not shown, with the reason that the ledger has for most of each hole."""
    edges = [(first_ns, first_ns), *shown, (last_ns, last_ns)]
    for (_, start_ns), (end_ns, _) in pairwise(edges):
        if end_ns - start_ns < _HOLE_NS:
            continue
        gaps = [gap for gap in ledger if gap.overlaps(start_ns, end_ns)]
        best = max(gaps, key=lambda gap: _common(gap, start_ns, end_ns), default=None)
        yield Hole(
            first_ns=start_ns,
            last_ns=end_ns,
            reason=best.reason if best else "not_on_disk",
            detail=best.detail if best else "not yet written, or deleted",
        )


def _spans(pieces: Pieces, camera: str, first_ns: int, last_ns: int) -> Iterator[tuple[int, int]]:
    found = segments(pieces.root, camera, first_ns, last_ns)
    steps = [after.start_ns - before.start_ns for before, after in pairwise(found)]
    usual_ns = median(steps) if steps else 0
    for segment, following in zip_longest(found, found[1:]):
        end_ns = following.start_ns if following is not None else None
        if end_ns is None or end_ns - segment.start_ns > usual_ns * _LONG:
            own_ns = _end_ns(pieces, segment)
            end_ns = own_ns if end_ns is None else min(own_ns, end_ns)
        yield segment.start_ns, end_ns


def _end_ns(pieces: Pieces, segment: Segment) -> int:
    known = pieces.known(segment)
    return known.groups[-1].last_ns if known and known.groups else segment.start_ns


def _without(spans: Iterator[tuple[int, int]], ledger: list[Gap]) -> Iterator[tuple[int, int]]:
    """Spans less the gaps of the ledger, which knows of those shorter than a segment."""
    for start_ns, end_ns in spans:
        for gap in ledger:
            if gap.overlaps(start_ns, end_ns):
                yield start_ns, max(start_ns, gap.first_ns)
                start_ns = end_ns if gap.last_ns is None else min(end_ns, gap.last_ns)
        yield start_ns, end_ns


def _common(gap: Gap, first_ns: int, last_ns: int) -> int:
    end_ns = last_ns if gap.last_ns is None else min(gap.last_ns, last_ns)
    return end_ns - max(gap.first_ns, first_ns)
