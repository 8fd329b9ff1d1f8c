"""A camera's presentation times put on the UTC time line.

Cameras number their pictures from an arbitrary zero and their own crystal. The first packet's
arrival ties that zero to our clock; after that the camera's own spacing is kept (it is much
steadier than the network's), until it can no longer be believed.

Decoding times never go back, whatever the camera's time line does: a recording that overlapped
itself could not be searched by time. A stream that must move back stands almost still at that
packet and then runs at half speed until it is punctual again (at most a few seconds).
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from core.clock import NS_PER_S

LIMIT_NS = 2 * NS_PER_S
WINDOW_NS = 10 * NS_PER_S
BACK_NS = NS_PER_S // 2  # smaller steps back are B pictures or a server finding its zero
APART_NS = NS_PER_S // 1000  # two packets are at least that far apart where time must not go back


@dataclass(frozen=True)
class Moved:
    """The anchor was set anew."""

    by_ns: int
    why: Literal["jump", "backwards", "drift"]


class Anchor:
    """Maps one stream's times to UTC.

    A late packet proves nothing: a stalled network delivers late and then catches up. So
    lateness counts only if *no* packet of the last ten seconds was punctual; earliness counts
    at once, since no network delivers a picture before it was taken.
    """

    def __init__(self, floor_ns: int = 0) -> None:
        """No packet is placed at ``floor_ns`` or before it: there the last session ended."""
        self._offset_ns: int | None = None
        self._ahead_ns = 0  # how much the offset is too large, for not going back
        self._out_ns = floor_ns
        self._last_pts_ns = 0
        self._last_arrived_ns = 0
        self._delays: deque[tuple[int, int]] = deque()  # (arrived, delay), delays rising

    def place(self, pts_ns: int, arrived_ns: int) -> Moved | None:
        """Take note of a packet, in decoding order; says so when the anchor had to move."""
        if self._offset_ns is None:
            self._set(pts_ns, arrived_ns)
            return None
        step_ns = pts_ns - self._last_pts_ns
        waited_ns = arrived_ns - self._last_arrived_ns
        why: Literal["jump", "backwards", "drift"] | None = None
        if step_ns < -BACK_NS:
            why = "backwards"
        elif step_ns - max(0, waited_ns) > LIMIT_NS:
            why = "jump"
        elif self._drifted(arrived_ns, self._delay_ns(pts_ns, arrived_ns)):
            why = "drift"
        if why is None:
            if self._ahead_ns:
                pace_ns = max(APART_NS, min(step_ns, waited_ns) // 2)
                caught_up_ns = min(self._ahead_ns, max(0, step_ns - pace_ns))
                self._ahead_ns -= caught_up_ns
                self._offset_ns -= caught_up_ns
            self._last_pts_ns, self._last_arrived_ns = pts_ns, arrived_ns
            self._out_ns = max(self._out_ns, pts_ns + self._offset_ns)
            return None
        before_ns = self._offset_ns
        self._set(pts_ns, arrived_ns)
        return Moved(arrived_ns - pts_ns - before_ns, why)

    def utc_ns(self, pts_ns: int) -> int:
        """The UTC time of a stream time, by the present anchor."""
        if self._offset_ns is None:
            raise ValueError("no packet was placed yet")
        return pts_ns + self._offset_ns

    def _delay_ns(self, pts_ns: int, arrived_ns: int) -> int:
        """How late a packet is; being ahead of time for not going back does not count."""
        assert self._offset_ns is not None
        return arrived_ns - (pts_ns + self._offset_ns - self._ahead_ns)

    def _set(self, pts_ns: int, arrived_ns: int) -> None:
        placed_ns = max(arrived_ns, self._out_ns + APART_NS)
        self._ahead_ns = placed_ns - arrived_ns
        self._offset_ns = placed_ns - pts_ns
        self._out_ns = placed_ns
        self._last_pts_ns, self._last_arrived_ns = pts_ns, arrived_ns
        self._delays.clear()
        self._delays.append((arrived_ns, 0))

    def _drifted(self, arrived_ns: int, delay_ns: int) -> bool:
        while self._delays and self._delays[-1][1] >= delay_ns:
            self._delays.pop()
        self._delays.append((arrived_ns, delay_ns))
        while len(self._delays) > 1 and self._delays[0][0] < arrived_ns - WINDOW_NS:
            self._delays.popleft()
        least_ns = self._delays[0][1]
        return abs(least_ns) > LIMIT_NS
