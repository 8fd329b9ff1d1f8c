"""Where a talk's sound comes from: a finished warning, or somebody speaking now.

Drivers that stream ask a feed for 20 ms at a time, at real time; they need not know which it is.
"""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

import av
import numpy as np

from broadcast.audio import Audio, Pcm
from broadcast.errors import BroadcastError
from core.clock import NS_PER_S, Clock

FRAME_S = 0.02
ACTIVE_RMS = 100.0
"""Softer frames of a microphone are silence (-50 dBFS)."""


class Feed(ABC):
    """Sound in frames of 20 ms. Used by one driver at a time, for one talk.

    Attributes:
        seconds: how long it will be; None where nobody knows yet.
    """

    seconds: float | None

    @abstractmethod
    def begin(self, rate: int) -> None:
        """Give what follows at this many samples a second. Waits where others must be ready."""

    @abstractmethod
    def frame(self) -> Pcm | None:
        """The next ``rate / 50`` samples, without waiting; None: it is over."""


class Recording(Feed):
    """A finished sound. Its last frame is filled with silence."""

    def __init__(self, audio: Audio) -> None:
        self.seconds = audio.seconds
        self._audio = audio
        self._place = 0
        self._size = 0

    def begin(self, rate: int) -> None:
        self._audio = self._audio.at(rate)
        self._size = round(rate * FRAME_S)

    def frame(self) -> Pcm | None:
        piece = self._audio.pcm[self._place : self._place + self._size]
        if not len(piece):
            return None
        self._place += len(piece)
        return np.pad(piece, (0, self._size - len(piece)))


class InStep(Feed):
    """Another feed that begins together with others.

    Args:
        feed: what is said.
        ready: waits until all who shall speak are ready, or the wait is over.
    """

    def __init__(self, feed: Feed, ready: Callable[[], None]) -> None:
        self.seconds = feed.seconds
        self._feed, self._ready = feed, ready

    def begin(self, rate: int) -> None:
        self._feed.begin(rate)
        self._ready()

    def frame(self) -> Pcm | None:
        return self._feed.frame()


class LiveFeed(Feed):
    """Somebody speaks now; :meth:`put` is called from another thread than :meth:`frame`.

    What the loudspeaker cannot take in time is lost, oldest first: late words are worse than
    lost ones. It is over when :meth:`close` was called, when nothing came for ``idle_s`` (the
    browser has gone), when it was silent for ``silent_s`` (somebody forgot the button), and
    after ``longest_s``.

    Args:
        rate: samples a second of what is put.
        held_s: at most so much waits for its turn.

    Attributes:
        lost_s: seconds that came too late.
        spoken: something louder than silence came.
        ended: why it is over; empty while it is not.
        gain: factor by which it is made louder or softer.
    """

    def __init__(
        self,
        clock: Clock,
        rate: int,
        *,
        held_s: float = 1.0,
        idle_s: float = 3.0,
        silent_s: float = 20.0,
        longest_s: float = 120.0,
    ) -> None:
        if not 8000 <= rate <= 48000:
            raise BroadcastError(f"live sound at {rate} Hz; 8000 to 48000 are taken")
        self.seconds = None
        self.lost_s = 0.0
        self.spoken = False
        self.gain = 1.0
        self.ended = ""
        self._clock, self._in_rate = clock, rate
        self._held = round(held_s * rate)
        self._idle_ns, self._silent_ns = round(idle_s * NS_PER_S), round(silent_s * NS_PER_S)
        self._longest_ns = round(longest_s * NS_PER_S)
        self._lock = threading.Lock()
        self._waiting: deque[Pcm] = deque()
        self._waits = 0
        self._closed = False
        now_ns = clock.monotonic_ns()
        self._begun_ns = self._came_ns = self._loud_ns = now_ns
        self._out_rate = 0
        self._resampler: av.AudioResampler | None = None
        self._ready: Pcm = np.zeros(0, np.int16)
        self._said: list[Pcm] = []

    def put(self, pcm: Pcm) -> bool:
        """More sound, (N,) int16; False when the talk is over and no more is wanted."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            if self._closed or self.ended:
                return False
            self._came_ns = now_ns
            if len(pcm) and float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2))) >= ACTIVE_RMS:
                self._loud_ns, self.spoken = now_ns, True
            self._waiting.append(pcm)
            self._waits += len(pcm)
            while self._waits > self._held and len(self._waiting) > 1:
                gone = len(self._waiting.popleft())
                self._waits -= gone
                self.lost_s += gone / self._in_rate
            return True

    @property
    def begun(self) -> bool:
        """The loudspeaker takes it."""
        return self._out_rate > 0

    @property
    def closed(self) -> bool:
        """Whoever speaks has ended it."""
        return self._closed

    @property
    def said_s(self) -> float:
        """Seconds handed to the driver so far."""
        return len(self._said) * FRAME_S

    def close(self) -> None:
        """Nothing more comes; what waits is still said."""
        with self._lock:
            self._closed = True

    def said(self) -> Audio:
        """What was handed to the driver, pauses of the network included; for the evidence."""
        rate = self._out_rate or self._in_rate
        return Audio(np.concatenate([np.zeros(0, np.int16), *self._said]), rate)

    def begin(self, rate: int) -> None:
        self._out_rate = rate
        if rate != self._in_rate:
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        with self._lock:
            self._begun_ns = self._came_ns = self._loud_ns = self._clock.monotonic_ns()

    def frame(self) -> Pcm | None:
        size = round(self._out_rate * FRAME_S)
        with self._lock:
            fresh, self._waits = list(self._waiting), 0
            self._waiting.clear()
            self.ended = self.ended or self._why_over()
        over = bool(self.ended)
        self._ready = np.concatenate([self._ready, *map(self._resampled, fresh)])
        if over and not len(self._ready):
            return None
        piece, self._ready = self._ready[:size], self._ready[size:]
        piece = np.pad(piece, (0, size - len(piece)))
        if self.gain != 1.0:
            piece = np.clip(piece * self.gain, -32768, 32767).astype(np.int16)
        self._said.append(piece)
        return piece

    def _why_over(self) -> str:
        now_ns = self._clock.monotonic_ns()
        if self._closed:
            return "ended by the speaker"
        if now_ns - self._came_ns > self._idle_ns:
            return "no sound came any more"
        if now_ns - self._loud_ns > self._silent_ns:
            return "silent too long"
        return "longest talk reached" if now_ns - self._begun_ns > self._longest_ns else ""

    def _resampled(self, pcm: Pcm) -> Pcm:
        if self._resampler is None:
            return pcm
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm, np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = self._in_rate
        pieces = [out.to_ndarray().reshape(-1) for out in self._resampler.resample(frame)]
        return np.concatenate([np.zeros(0, np.int16), *pieces])
