"""Is there anything to see? Black, white, frozen, blurred, covered or moved pictures.

Tampering and decay look alike to those who rely on the camera: it is online and shows nothing.
One look a second at the brightness plane is enough to tell, and costs a fraction of a
millisecond.
"""

from dataclasses import dataclass

from core.clock import NS_PER_S
from core.messages import PictureState
from core.video import Luma
from ingest.picture_measures import measure
from ingest.picture_normal import Normal, Reading

EVERY_S = 1.0
ENTER_S = 5.0
LEAVE_S = 3.0
GAP_S = 10.0
ACCEPT_S = 3600.0
_NARROWEST = 64

WORDS: dict[PictureState, tuple[str, str]] = {
    "ok": ("画面正常", "picture all right"),
    "black": ("画面全黑", "picture black"),
    "white": ("画面过曝", "picture white"),
    "frozen": ("画面冻结", "picture frozen"),
    "blurred": ("画面模糊", "picture blurred"),
    "covered": ("镜头被遮挡", "lens covered"),
    "moved": ("视角偏移", "view moved"),
}
"""What to call each state, Chinese and English."""


@dataclass(frozen=True)
class PictureHealth:
    """How the picture is, by frame time.

    Attributes:
        state: what is wrong, or ``ok``.
        since_ns: UTC of the first picture in which it was seen so.
        score: how far the latest picture is from normal, 0 to 1.
    """

    state: PictureState
    since_ns: int
    score: float


class PictureWatch:
    """Watches one camera's pictures, in frame time alone.

    A fault is believed when every look of five seconds shows one, and over when every look of
    three shows none. ``blurred``, ``covered`` and ``moved`` are told from the camera's own
    normal, which takes ten looks to learn; a camera that starts with a cover over its lens
    learns the cover. Not thread-safe.
    """

    def __init__(self) -> None:
        self._normal = Normal()
        self._health: PictureHealth | None = None
        self._looked_ns: int | None = None
        self._doubt: tuple[int, PictureState] | None = None  # since when, and what is suspected
        self._moving_until_ns: int | None = None

    def due(self, time_ns: int) -> bool:
        """Whether a picture of that time is one to look at: about one a second."""
        if self._looked_ns is None:
            return True
        return abs(time_ns - self._looked_ns) >= EVERY_S * NS_PER_S * 0.9

    def look(self, luma: Luma, time_ns: int) -> PictureHealth:
        """Look at a picture: (H, W) uint8, UTC nanoseconds of its frame."""
        before_ns, self._looked_ns = self._looked_ns, time_ns
        if before_ns is not None and not 0 <= time_ns - before_ns < GAP_S * NS_PER_S:
            self._doubt = None
            self._normal.interrupted()
        if self._health is None:
            self._health = PictureHealth("ok", time_ns, 0.0)
        if luma.shape[1] < _NARROWEST or luma.shape[0] < _NARROWEST:
            return self._health
        if self._moving_until_ns is not None:
            if time_ns < self._moving_until_ns:
                return self._health
            self._moving_until_ns = None
            self._look_elsewhere(time_ns)
        calm = self._health.state == "ok" and self._doubt is None
        reading = self._normal.read(measure(luma), time_ns, learn=calm)
        self._health = self._believe(reading, time_ns, self._health)
        if self._health.state == "moved" and time_ns - self._health.since_ns > ACCEPT_S * NS_PER_S:
            self._look_elsewhere(time_ns)  # nobody put it back: this is the view now
        return self._health

    def expect_move(self, until_ns: int) -> None:
        """The camera is moved on purpose (PTZ, a new aim) until that frame time.

        Nothing is judged until then; after it the new view is learned as the normal one.
        """
        self._moving_until_ns = until_ns

    def expect_move_for(self, seconds: float) -> None:
        """The same from the latest look on. May be called from another thread."""
        if self._looked_ns is not None:
            self.expect_move(self._looked_ns + round(seconds * NS_PER_S))

    def _look_elsewhere(self, time_ns: int) -> None:
        self._normal.forget_view()
        self._doubt = None
        if self._health is not None and self._health.state != "ok":
            self._health = PictureHealth("ok", time_ns, 0.0)

    def _believe(self, reading: Reading, time_ns: int, health: PictureHealth) -> PictureHealth:
        score = round(min(1.0, max(0.0, reading.score)), 3)
        if reading.state == health.state:
            self._doubt = None
            return PictureHealth(health.state, health.since_ns, score)
        since_ns = time_ns if reading.since_ns is None else reading.since_ns
        if self._doubt is not None and (self._doubt[1] == "ok") == (reading.state == "ok"):
            since_ns = self._doubt[0]
        self._doubt = (since_ns, reading.state)
        hold_s = LEAVE_S if reading.state == "ok" else ENTER_S
        if time_ns - since_ns < hold_s * NS_PER_S:
            return PictureHealth(health.state, health.since_ns, score)
        self._doubt = None
        return PictureHealth(reading.state, since_ns, score)
