"""A scene in real time: drawn, encoded and handed on by one thread."""

import queue
import threading
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from core.clock import NS_PER_S, Clock
from sim.base import Scene
from sim.camera.errors import VirtualCameraError
from sim.camera.stream import AccessUnit, Stream
from sim.camera.truth import Happening, Truth, What

SUB_SIZE = (640, 360)
_LAG_WORTH_A_WARNING_S = 2.0

log = structlog.get_logger()


class Feed:
    """Draws a scene at its own rate and feeds the camera's streams.

    Picture ``k`` is due ``k / fps`` seconds after the first, and its time is that moment's UTC,
    whatever happens: a late thread leaves out encoding until it has caught up, so scene time and
    wall clock stay together as long as the machine can draw the scene at all.

    Args:
        deliver: takes a stream and its next picture; called from the scene's thread.
    """

    def __init__(
        self,
        name: str,
        scene: Scene,
        *,
        clock: Clock,
        truth: Truth,
        deliver: Callable[[Stream, AccessUnit], None],
    ) -> None:
        if not name or name.startswith(".") or "/" in name or "\\" in name:
            raise VirtualCameraError(f"{name!r} cannot be a camera's name: it is part of addresses")
        width, height = scene.size
        if width < 16 or height < 16 or width % 2 or height % 2 or not scene.fps > 0:
            raise VirtualCameraError(
                f"scene {name}: size {width}x{height} at {scene.fps} fps cannot be encoded; "
                "use an even width and height of at least 16 and a rate above 0"
            )
        self.name = name
        self.streams: Mapping[str, Stream] = {
            "main": Stream(scene.size, scene.fps),
            "sub": Stream(SUB_SIZE, scene.fps),
        }
        self.lag_s = 0.0
        self._scene = scene
        self._clock = clock
        self._truth = truth
        self._deliver = deliver
        self._told: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._known: list[bool] = []
        self._epoch_ns = self._start_ns = 0
        self._behind = False

    def start(self) -> None:
        """Scene time 0 is now."""
        self._epoch_ns = self._clock.utc_ns()
        self._start_ns = self._clock.monotonic_ns()
        size = list(self._scene.size)
        self._note("epoch", 0.0, {"size": size, "fps": self._scene.fps})
        self._thread = threading.Thread(target=self._run, name=f"scene-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop drawing; returns when the thread has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def begun(self) -> bool:
        """The first picture's moment is known."""
        return self._thread is not None

    def now_ns(self) -> int:
        """UTC as this camera counts it: from its first picture on by the monotonic clock."""
        return self._epoch_ns + self._clock.monotonic_ns() - self._start_ns

    def scene_s(self, utc_ns: int) -> float:
        """Scene time of a moment."""
        return (utc_ns - self._epoch_ns) / NS_PER_S

    def hear(self, seconds: float) -> None:
        """A warning of that length has just ended; the scene learns of it before it goes on."""
        self._told.put(partial(self._scene.hear, seconds))

    def visit(self) -> None:
        """An officer has come to the place; the scene learns of it before it goes on."""
        self._told.put(self._scene.visit)

    def _run(self) -> None:
        try:
            self._play()
        except Exception as error:  # a scene is foreign code: its camera fails, the others go on
            log.exception("scene failed", camera=self.name)
            self._note("failed", self.scene_s(self.now_ns()), {"error": repr(error)})

    def _play(self) -> None:
        picture_ns = NS_PER_S / self._scene.fps
        index = left_out = 0
        while not self._stop.is_set():
            due_ns = self._start_ns + round(index * picture_ns)
            early_ns = due_ns - self._clock.monotonic_ns()
            if early_ns > 0 and self._clock.wait(self._stop, early_ns / NS_PER_S):
                return
            self._tell()
            drawn = self._scene.step()
            self._note_events()
            index += 1
            late_ns = self._clock.monotonic_ns() - due_ns
            self._watch_lag(late_ns / NS_PER_S)
            if late_ns > picture_ns and left_out + 1 < self._scene.fps:
                left_out += 1
                continue
            left_out = 0
            utc_ns = self._epoch_ns + round(drawn.t_s * NS_PER_S)
            for stream in self.streams.values():
                unit = stream.encode(drawn.picture, drawn.t_s, utc_ns)
                if unit is not None:
                    self._deliver(stream, unit)

    def _tell(self) -> None:
        while not self._told.empty():
            self._told.get()()

    def _note_events(self) -> None:
        """Write down every event that is new or newly over. ``_known[i]``: event i is over."""
        for index, event in enumerate(self._scene.events):
            facts = {"event": index, "kind": str(event.kind), "actor": event.actor}
            if index == len(self._known):
                self._known.append(False)
                self._note("event_started", event.start_s, facts)
            if event.end_s is not None and not self._known[index]:
                self._known[index] = True
                self._note("event_ended", event.end_s, facts)

    def _note(self, what: What, scene_s: float, facts: Mapping[str, object]) -> None:
        utc_ns = self._epoch_ns + round(scene_s * NS_PER_S)
        self._truth.add(Happening(what, self.name, utc_ns, scene_s, facts))

    def _watch_lag(self, lag_s: float) -> None:
        self.lag_s = lag_s
        if (lag_s > _LAG_WORTH_A_WARNING_S) != self._behind:
            self._behind = not self._behind
            if self._behind:
                log.warning("scene cannot be drawn in real time", camera=self.name, lag_s=lag_s)
