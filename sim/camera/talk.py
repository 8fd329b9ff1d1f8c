"""What a camera's loudspeaker plays: RTP audio of the backchannel, gathered into talks."""

import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.clock import NS_PER_S, Clock
from sim.camera.rtp import RtpPacket
from sim.g711 import RATE_HZ, Samples, decode

PAUSE_S = 1.0
"""So much silence, or nothing at all, ends a talk."""
LONGEST_TALK_S = 180.0

_ACTIVE_RMS = 100.0
"""Softer packets are silence (-50 dBFS; digital silence of A-law is 8)."""
_LOUD_RMS = 300.0
_LOUD_ENOUGH_S = 0.5
_WINDOW = RATE_HZ // 50


@dataclass(frozen=True, eq=False)
class Talk:
    """A stretch of sound from the first to the last packet that was not silent.

    Attributes:
        start_ns: UTC at which its first packet arrived.
        samples: (N,) int16 at 8 kHz; lost packets are silence.
        rms: root mean square of all samples, 0..32768.
        loud_s: how much of it a person could hear.
    """

    start_ns: int
    samples: Samples
    rms: float
    loud_s: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_HZ

    @property
    def audible(self) -> bool:
        """Real sound for half a second or more: whoever stands there has heard something."""
        return self.loud_s >= _LOUD_ENOUGH_S

    def save(self, path: Path) -> None:
        """Write a WAV file, 8 kHz, 16 bit, one channel."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(self.samples.astype("<i2").tobytes())


@dataclass
class _Recording:
    start_ns: int
    ssrc: int
    first_timestamp: int
    active_ns: int
    """Monotonic time at which the last packet with sound arrived."""
    active_end: int
    """Sample at which the last packet with sound ends."""
    pieces: list[tuple[int, Samples]]


class Ear:
    """Puts packets where their RTP timestamps say, so that loss and reordering do no harm.

    Args:
        clock: gives the time of arrival.
        done: takes each finished talk.
        play: takes each piece of a talk as it comes: how many samples after the talk's first one
            it begins, and its samples.
    """

    def __init__(
        self,
        clock: Clock,
        done: Callable[[Talk], None],
        play: Callable[[int, Samples], None] | None = None,
    ) -> None:
        self._clock = clock
        self._done = done
        self._play = play
        self._recording: _Recording | None = None
        self.packets = 0

    def hear(self, packet: RtpPacket) -> None:
        """A packet has arrived; payload types other than PCMU and PCMA are passed over."""
        samples = decode(packet.payload_type, packet.payload)
        if samples is None or not len(samples):
            return
        self.packets += 1
        active = _rms(samples) >= _ACTIVE_RMS
        offset = self._offset(packet)
        if self._recording is not None and not self._belongs(packet, offset):
            self.finish()
        if self._recording is None:
            if not active:
                return
            offset, now_ns = 0, self._clock.monotonic_ns()
            self._recording = _Recording(
                self._clock.utc_ns(), packet.ssrc, packet.timestamp, now_ns, 0, []
            )
        if offset < 0:
            return
        self._recording.pieces.append((offset, samples))
        if self._play is not None:
            self._play(offset, samples)
        if active:
            self._recording.active_ns = self._clock.monotonic_ns()
            end = offset + len(samples)
            self._recording.active_end = max(self._recording.active_end, end)

    def tick(self) -> None:
        """Look whether the talk is over; to be called a few times a second."""
        recording = self._recording
        if recording is None:
            return
        if self._clock.monotonic_ns() - recording.active_ns >= PAUSE_S * NS_PER_S:
            self.finish()

    def finish(self) -> None:
        """The talk is over, if there was one."""
        recording, self._recording = self._recording, None
        if recording is None:
            return
        whole = np.zeros(recording.active_end, np.int16)
        for offset, samples in recording.pieces:
            kept = samples[: max(0, len(whole) - offset)]
            whole[offset : offset + len(kept)] = kept
        windows = whole[: len(whole) // _WINDOW * _WINDOW].astype(np.float64).reshape(-1, _WINDOW)
        loud = np.sqrt(np.mean(windows**2, axis=1)) >= _LOUD_RMS
        loud_s = float(np.count_nonzero(loud)) * _WINDOW / RATE_HZ
        self._done(Talk(recording.start_ns, whole, _rms(whole), loud_s))

    def _offset(self, packet: RtpPacket) -> int:
        """Samples from the talk's first; timestamps wrap at 32 bits."""
        if self._recording is None:
            return 0
        ahead = (packet.timestamp - self._recording.first_timestamp) & 0xFFFFFFFF
        return ahead - (1 << 32) if ahead & 0x80000000 else ahead

    def _belongs(self, packet: RtpPacket, offset: int) -> bool:
        recording = self._recording
        assert recording is not None
        pause = round(PAUSE_S * RATE_HZ)
        return (
            packet.ssrc == recording.ssrc
            and -pause < offset < recording.active_end + pause
            and offset < LONGEST_TALK_S * RATE_HZ
        )


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
