"""A virtual camera's microphone: the noise of its place, and what its own loudspeaker plays."""

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from core.clock import NS_PER_S
from sim.camera.stream import AccessUnit, Watched
from sim.g711 import RATE_HZ, Samples, to_alaw
from sim.room import Place, ambience

PIECE = RATE_HZ // 10
"""Samples of a packet: 0.1 s, long as packets go, for each costs whoever takes it some work."""
NOISE_S = 30.0
"""The noise of the place begins again after so long."""
SENT_RMS, HEARD_RMS = 7300.0, 3300.0
"""A warning levelled for a horn (-13 dBFS) is so loud in the recording (-20 dBFS)."""

_PIECE_NS = PIECE * NS_PER_S // RATE_HZ
_FAINT = 1.0
"""Reflections softer than this, of 32768, are over."""

Array = NDArray[np.float32]


class Microphone(Watched):
    """What is heard at a place, as packets of A-law, while somebody takes them.

    While nobody speaks the packets come from a stock that is encoded once. Belongs to the event
    loop.

    Args:
        place: loudness against the noise is that of a warning levelled for a horn; the skew of
            the clocks is left out (0.4 ms in ten seconds).
        name: of the camera; another name, another noise.
        now_ns: UTC as the camera counts it.
    """

    def __init__(self, place: Place, name: str, now_ns: Callable[[], int]) -> None:
        super().__init__()
        random = np.random.default_rng(zlib.crc32(name.encode()))
        self._answer = place.room.impulse(random).astype(np.float32) * (HEARD_RMS / SENT_RMS)
        noise = ambience(place.noise, NOISE_S, random).reshape(-1, PIECE)
        noise *= HEARD_RMS / 10 ** (place.room.snr_db / 20) / np.sqrt(np.mean(noise**2))
        self._noise: Array = noise.astype(np.float32)
        self._stock = [to_alaw(piece) for piece in self._noise]
        self._delay_ns = round(place.room.delay_s * NS_PER_S)
        self._now_ns = now_ns
        self._talk_ns = 0
        self._played: list[tuple[int, Samples]] = []
        self._ringing: Array | None = None
        self._number = 0
        self._next_ns: int | None = None

    def play(self, offset: int, samples: Samples) -> None:
        """The loudspeaker plays a piece, so many samples after the talk's first."""
        if offset == 0:
            self._talk_ns = self._now_ns()
        if not self.watchers:
            return
        at_ns = self._talk_ns + offset * NS_PER_S // RATE_HZ + self._delay_ns
        if self._next_ns is not None and at_ns < self._next_ns:
            # Too late: the loudspeaker's buffer ran empty, and the rest of the talk is as late.
            self._talk_ns += self._next_ns - at_ns
            at_ns = self._next_ns
        self._played.append((at_ns, samples))

    def tick(self, now_ns: int) -> None:
        """Hand on all packets whose time is over."""
        if not self.watchers:
            self._next_ns, self._ringing = None, None
            self._played.clear()
            return
        if self._next_ns is None:
            self._next_ns = now_ns
        while self._next_ns + _PIECE_NS <= now_ns:
            self.deliver(AccessUnit(self._next_ns, True, (self._piece(self._next_ns),)))
            self._next_ns += _PIECE_NS
            self._number = (self._number + 1) % len(self._stock)

    def _piece(self, from_ns: int) -> bytes:
        dry = self._dry(from_ns)
        if dry is not None:
            wet = signal.fftconvolve(dry, self._answer)
            if self._ringing is not None:
                wet[: len(self._ringing)] += self._ringing
            self._ringing = wet
        if self._ringing is None:
            return self._stock[self._number]
        sound = self._noise[self._number] + _first(self._ringing)
        rest = self._ringing[PIECE:]
        self._ringing = rest if np.abs(rest).max(initial=0) >= _FAINT else None
        return to_alaw(sound)

    def _dry(self, from_ns: int) -> Array | None:
        """What of the talk is heard within the packet that begins then."""
        self._played = [
            (at_ns, samples)
            for at_ns, samples in self._played
            if at_ns + len(samples) * NS_PER_S // RATE_HZ > from_ns
        ]
        due = [(at_ns, samples) for at_ns, samples in self._played if at_ns < from_ns + _PIECE_NS]
        if not due:
            return None
        dry = np.zeros(PIECE, np.float32)
        for at_ns, samples in due:
            start = round((at_ns - from_ns) * RATE_HZ / NS_PER_S)
            kept = samples[max(0, -start) : max(0, PIECE - start)]
            first = max(0, start)
            dry[first : first + len(kept)] += kept
        return dry


def _first(ringing: Array) -> Array:
    """The packet's part of it, silence where it is shorter."""
    return np.pad(ringing[:PIECE], (0, max(0, PIECE - len(ringing))))
