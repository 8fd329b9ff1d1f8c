"""What a camera says of itself that makes its picture doubtful: tampering, a lost signal.

It counts for as long as it is said: whoever follows the camera says it again every minute, and
what is not said again is forgotten, so that no state outlives the one who knew it.
"""

from core.clock import NS_PER_S, Clock
from core.messages import CameraEvent, CameraEventKind

AGAIN_S = 60.0
"""How often what still is so is to be said again."""
FORGET_S = 2.5 * AGAIN_S
STEERED_S = 30.0
"""A scene that changes so soon after the camera was steered is no news."""

WORDS = {
    CameraEventKind.TAMPER: "the camera reports tampering",
    CameraEventKind.SCENE_CHANGE: "the camera reports another scene",
    CameraEventKind.SIGNAL_LOSS: "the camera reports a lost signal",
}
"""What counts. Too dark or too bright, by the camera's own mind, is every night."""


class CameraSays:
    """One camera's own complaints. Not thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_ns: dict[tuple[CameraEventKind, str], int] = {}
        self._steered_ns: int | None = None

    def take(self, event: CameraEvent) -> None:
        """Take note of an event."""
        now_ns = self._clock.monotonic_ns()
        key = (event.kind, f"{event.topic} {sorted(event.source.items())}")
        if event.kind is CameraEventKind.STEERED:
            self._steered_ns = now_ns
            for said in [k for k in self._said_ns if k[0] is CameraEventKind.SCENE_CHANGE]:
                del self._said_ns[said]
        elif event.kind is CameraEventKind.SCENE_CHANGE and self._steered(now_ns):
            return
        elif event.kind in WORDS and event.active:
            self._said_ns[key] = now_ns
        else:
            self._said_ns.pop(key, None)

    def complaint(self) -> str:
        """What the camera complains of now, empty when it does not."""
        now_ns = self._clock.monotonic_ns()
        for key, said_ns in tuple(self._said_ns.items()):
            if now_ns - said_ns > FORGET_S * NS_PER_S:
                del self._said_ns[key]
        return next((WORDS[kind] for kind, _ in self._said_ns), "")

    def _steered(self, now_ns: int) -> bool:
        return self._steered_ns is not None and now_ns - self._steered_ns < STEERED_S * NS_PER_S
