"""One stream of a camera: encoded once, however many take it."""

import threading
from dataclasses import dataclass
from typing import Protocol

from core.video import Bgr
from sim.camera.encoder import Codec, Encoder


@dataclass(frozen=True)
class AccessUnit:
    """An encoded picture, or a piece of sound, as RTP payloads that all who take it share."""

    utc_ns: int
    key: bool
    payloads: tuple[bytes, ...]


class Watcher(Protocol):
    """Whoever wants a stream's pictures, or its sound."""

    def show(self, unit: AccessUnit) -> None:
        """What comes next; must not block."""


class Watched:
    """What can be taken by several at once. Belongs to the event loop."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    def watch(self, watcher: Watcher) -> None:
        """Deliver to ``watcher`` from now on."""
        self._watchers.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """Deliver no more to ``watcher``."""
        self._watchers.discard(watcher)

    def deliver(self, unit: AccessUnit) -> None:
        """Hand on to all who watch."""
        for watcher in tuple(self._watchers):
            watcher.show(unit)


class Stream(Watched):
    """Encoder and watchers of one stream.

    :meth:`encode` belongs to the thread of the scene, everything else to the event loop; they
    meet in two flags. Nothing is encoded while nobody watches.
    """

    def __init__(self, size: tuple[int, int], fps: float) -> None:
        super().__init__()
        self.size = self._wanted_size = size
        self.fps = fps
        self.pictures_encoded = 0
        self._codec: Codec = "h264"
        self._wanted_codec: Codec = "h264"
        self._encoder = Encoder(size, fps)
        self.sets = self._encoder.sets
        self._encoder.close()
        self._watched = threading.Event()
        self._key_wanted = threading.Event()

    def watch(self, watcher: Watcher) -> None:
        """Deliver to ``watcher`` from the next picture on, which will be a key frame."""
        super().watch(watcher)
        self._key_wanted.set()
        self._watched.set()

    def leave(self, watcher: Watcher) -> None:
        """Deliver no more to ``watcher``."""
        super().leave(watcher)
        if not self._watchers:
            self._watched.clear()

    def resize(self, size: tuple[int, int]) -> None:
        """Another picture size from the next picture on, as when somebody changes the settings.

        Who watches goes on watching: the new parameter sets come with a key frame. May be called
        from any thread.

        Args:
            size: width and height, both even.
        """
        self._wanted_size = size

    def recode(self, codec: Codec) -> None:
        """Another codec from now on; may be called from any thread.

        Sessions that run know nothing of it: the camera ends them, as real ones do.
        """
        self._wanted_codec = codec
        # Whoever asks for a description now is told of the new codec already.
        self.sets = Encoder(self._wanted_size, self.fps, codec).sets

    def encode(self, picture: Bgr, t_s: float, utc_ns: int) -> AccessUnit | None:
        """Encode a picture if somebody watches; None otherwise."""
        if (self._wanted_size, self._wanted_codec) != (self.size, self._codec):
            self.size, self._codec = self._wanted_size, self._wanted_codec
            self._encoder.close()
            self._encoder = Encoder(self.size, self.fps, self._codec)
            self.sets = self._encoder.sets
            self._key_wanted.set()
        if not self._watched.is_set():
            self._encoder.close()
            return None
        key = self._key_wanted.is_set()
        if key:
            self._key_wanted.clear()
        units = self._encoder.encode(picture, t_s, key=key)
        self.pictures_encoded += 1
        sets = self._encoder.sets
        return AccessUnit(utc_ns, sets.is_key(units), tuple(sets.payloads(units)))
