"""Sound and picture of the same moment given the same UTC.

Each stream is tied to our clock by its own arrivals, and sound and picture travel differently: an
encoder holds a picture for a while, a microphone's buffer is sent when it is full. What belongs
together only the camera knows, and its sender reports tell (RFC 3550 §6.4.1): they give the RTP
times of both streams on one clock, the camera's own. That clock may be wrong by years; only its
differences are used.
"""

from core.clock import NS_PER_S
from ingest.clock import reference_time_ns
from ingest.events import MediaPacket

AGREE_NS = NS_PER_S // 200
"""Two readings in a row that differ by less agree."""
STEP_NS = NS_PER_S // 100
"""Sound is not moved for less; reports wander by a few milliseconds."""
MOST_NS = 2 * NS_PER_S
"""Reports that want sound moved by more are wrong: some cameras' streams have a clock each."""
APART_NS = NS_PER_S // 1000


class Lips:
    """Moves the sound of one session to where its picture is, once the camera has told."""

    def __init__(self, floor_ns: int | None = None) -> None:
        """No sound is placed at ``floor_ns`` or before it: there the last session's ended."""
        self._video = _Reading()
        self._audio = _Reading()
        self._shift_ns = 0
        self._last_ns = floor_ns

    def place(self, event: MediaPacket) -> MediaPacket:
        """The packet at its right time: pictures as they are, sound perhaps moved."""
        if event.kind == "video":
            self._video.take(event)
            return event
        self._audio.take(event)
        if self._video.lead_ns is not None and self._audio.lead_ns is not None:
            shift_ns = self._video.lead_ns - self._audio.lead_ns
            if abs(shift_ns) > MOST_NS:
                shift_ns = 0
            if abs(shift_ns - self._shift_ns) > STEP_NS:
                self._shift_ns = shift_ns
        dts_ns = event.dts_ns + self._shift_ns
        if self._last_ns is not None:
            dts_ns = max(dts_ns, self._last_ns + APART_NS)
        self._last_ns = dts_ns
        by_ns = dts_ns - event.dts_ns
        if not by_ns:
            return event
        return event._replace(dts_ns=dts_ns, time_ns=event.time_ns + by_ns)


class _Reading:
    """Our time minus the camera's for one stream."""

    def __init__(self) -> None:
        self.lead_ns: int | None = None
        self._before_ns: int | None = None

    def take(self, event: MediaPacket) -> None:
        """Note a packet's reading; it counts when the one before said the same.

        FFmpeg's parser hangs a session's first reading on the picture before its own.
        """
        camera_ns = reference_time_ns(event.packet)
        if camera_ns is None:
            return
        now_ns = event.time_ns - camera_ns
        if self._before_ns is not None and abs(now_ns - self._before_ns) < AGREE_NS:
            self.lead_ns = now_ns
        self._before_ns = now_ns
