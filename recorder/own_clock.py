"""What our own wrong clock may and may not do to the recordings (``docs/design/time.md``).

Recordings never overlap. After our clock was set back they go on where they ended; those made
while it ran far ahead are left alone until the true time reaches them, and are then set aside.
"""

from bisect import bisect_right
from pathlib import Path

import structlog

from core.clock import NS_PER_S, iso, parse_iso
from recorder.errors import RecorderError
from recorder.ledger import AWAY, GapLedger
from recorder.shelf import ASIDE, Segment, latest_end_ns, segments

REACH_NS = 7200 * NS_PER_S
"""Recordings whose times lie farther ahead, after a hole as long, were made by a wrong clock."""
LONGEST_NS = 660 * NS_PER_S
"""No segment is longer: 300 s as configured at most, and the wait for a key frame."""
WRITTEN_NS = parse_iso("2026-01-01T00:00:00Z")
"""A clock that stands before the time of this program is not believed."""

NOTICED_NS = 2 * NS_PER_S
RECORDED_LATER = "our clock was ahead: recorded under later times, or not at all"

log = structlog.get_logger()


def floor_ns(root: Path, camera: str, now_ns: int) -> int | None:
    """Where recording may go on at the earliest; None where it may begin at any time.

    That is the end of the recordings that began by now or are connected with those: no two of
    them two hours apart. What lies beyond is in the way of nobody for two hours. Where all
    recordings lie beyond, a clock of before this program was written is the wrong one. A disk
    that cannot be read has no floor: nobody is kept from looking at pictures by it.
    """
    try:
        return _floor_ns(root, camera, now_ns)
    except OSError as error:
        log.error("cannot see where recordings end", camera=camera, error=str(error))
        return None


def _floor_ns(root: Path, camera: str, now_ns: int) -> int | None:
    if now_ns < WRITTEN_NS:
        return latest_end_ns(root, camera)
    starts = [s.start_ns for s in segments(root, camera, now_ns - LONGEST_NS)]
    at = bisect_right(starts, now_ns + REACH_NS)
    if not at:
        return latest_end_ns(root, camera, before_ns=now_ns)
    while at < len(starts) and starts[at] - starts[at - 1] < REACH_NS:
        at += 1
    return latest_end_ns(root, camera, before_ns=starts[at - 1])


def take_up(root: Path, ledger: GapLedger, camera: str, now_ns: int) -> None:
    """Account for the time since the last packet on disk, whatever ended it."""
    # Another recorder of this camera may have written until now.
    ledger.refresh()
    if ledger.open_gap is not None and ledger.open_gap.reason in AWAY:
        ledger.turn(now_ns, "starting", "to be recorded again")
    end_ns = floor_ns(root, camera, now_ns)
    if end_ns is not None and end_ns > now_ns + NOTICED_NS:
        behind_s = round((end_ns - now_ns) / NS_PER_S)
        ledger.end(end_ns)
        ledger.begin(end_ns, "clock", f"our clock was set back, by {behind_s} s at least")
    elif ledger.open_gap is not None and ledger.open_gap.first_ns > now_ns + REACH_NS:
        ledger.end(now_ns)
        ledger.begin(min(end_ns or now_ns, now_ns), "clock", RECORDED_LATER)
    elif ledger.open_gap is not None and end_ns is not None:
        _end_if_recorded(root, ledger, camera, end_ns)
    if ledger.open_gap is not None:
        return
    if end_ns is None:
        ledger.begin(now_ns, "starting", "first start")
    else:
        ledger.begin(min(end_ns, now_ns), "crash", "the recorder ended without notice")


def _end_if_recorded(root: Path, ledger: GapLedger, camera: str, end_ns: int) -> None:
    """A recorder that was killed may have recorded again without yet having said so."""
    gap = ledger.open_gap
    if gap is not None and gap.first_ns < end_ns:
        later = (s.start_ns for s in segments(root, camera, gap.first_ns, end_ns))
        began_ns = next((start_ns for start_ns in later if start_ns >= gap.first_ns), None)
        if began_ns is not None:
            ledger.end(began_ns)


class RoadAhead:
    """Keeps the way of one camera's recording free of segments that claim the same time.

    For the one who writes that camera's segments: only then is what is in the way known
    without a look into the folder at every segment.
    """

    def __init__(self, root: Path, camera: str, ledger: GapLedger) -> None:
        self._root, self._camera, self._ledger = root, camera, ledger
        self._at_ns: int | None = None
        self._obstacle_ns: int | None = None

    def clear(self, start_ns: int) -> None:
        """Before a segment is begun. Never raises: what cannot be moved is overlapped."""
        before_ns, self._at_ns = self._at_ns, start_ns
        try:
            if before_ns is not None and start_ns < before_ns:
                self._went_back(start_ns)
            if before_ns is None or not 0 < start_ns - before_ns < REACH_NS:
                self._look(start_ns)
            if self._obstacle_ns is not None and self._obstacle_ns < start_ns + LONGEST_NS:
                self._set_aside(start_ns)
                self._look(start_ns)
        except OSError as error:
            log.error("the way ahead is not clear", camera=self._camera, error=str(error))

    def _look(self, start_ns: int) -> None:
        near = segments(self._root, self._camera, start_ns)
        self._obstacle_ns = next(
            (max(s.start_ns, start_ns) for s in near if _reaches(s, start_ns)), None
        )

    def _set_aside(self, start_ns: int) -> None:
        moved: set[Path] = set()
        for segment in segments(self._root, self._camera, start_ns, start_ns + LONGEST_NS):
            if _reaches(segment, start_ns):
                home = segment.path.parents[1] / ASIDE
                home.mkdir(exist_ok=True)
                moved.add(segment.path.replace(home / segment.path.name))
        log.warning(
            "recordings of a wrong clock set aside",
            camera=self._camera,
            files=len(moved),
            from_=iso(start_ns),
            to=sorted({str(path.parent) for path in moved}),
        )

    def _went_back(self, start_ns: int) -> None:
        """Mark the stretch that was recorded under times of the future."""
        end_ns = latest_end_ns(self._root, self._camera, before_ns=start_ns)
        self._ledger.end(start_ns)
        self._ledger.begin(min(end_ns or start_ns, start_ns), "clock", RECORDED_LATER)


def _reaches(segment: Segment, at_ns: int) -> bool:
    """Whether a segment holds more than a moment from that time on."""
    if segment.start_ns >= at_ns:
        return True
    if segment.start_ns < at_ns - LONGEST_NS:
        return False
    try:
        found = segment.scan()
    except RecorderError:
        return False
    return segment.utc_ns(found.end_dts, found.timescale) > at_ns + NOTICED_NS
