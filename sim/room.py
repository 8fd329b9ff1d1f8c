"""A place with a loudspeaker and a microphone: what a camera records of what was sent to it.

The way of a sound: the horn's band, the air (delay), reflections from walls and the far bank
that die away, noise of the place, the microphone's band, the camera's codec. Simple physics
(image-like random reflections with exponential decay) and all of it from one seed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from sim.g711 import PCMA, decode, to_alaw

Array = NDArray[np.float64]
Noise = Literal["wind", "traffic", "white"]

RATE_HZ = 8000
_BAND_S = 0.02


@dataclass(frozen=True)
class Room:
    """One place.

    Attributes:
        delay_s: network, buffers and air together.
        snr_db: loudness of the sound against the noise at the microphone.
        echo_s: time in which reflections lose 60 dB; 0: none.
        low_hz, high_hz: the band of horn and microphone together.
        skew_ppm: how much faster the camera's sampling clock runs.
    """

    delay_s: float = 0.5
    snr_db: float = 10.0
    echo_s: float = 0.5
    low_hz: float = 400.0
    high_hz: float = 3000.0
    skew_ppm: float = 40.0

    def record(
        self, sound: Array, noise: Array, seconds: float, random: np.random.Generator
    ) -> Array:
        """What the camera's microphone records.

        Args:
            sound: (N,) what is sent at 8 kHz, -1..1; empty: nobody speaks.
            noise: (M,) of the place, at least as long as the recording.
            seconds: length of the recording.

        Returns:
            (seconds * 8000,) at -1..1, after the G.711 of the camera.
        """
        size = round(seconds * RATE_HZ)
        heard = np.zeros(size)
        if len(sound):
            through = signal.sosfilt(self._band(), sound)
            through = np.interp(
                np.arange(0, len(through), 1 + self.skew_ppm * 1e-6),
                np.arange(len(through)),
                through,
            )
            through = signal.fftconvolve(through, self._echoes(random))
            first = round(self.delay_s * RATE_HZ)
            piece = through[: max(0, size - first)]
            heard[first : first + len(piece)] = piece
            loud = _rms(sound_part(heard))
        else:
            loud = 0.05
        level = loud / 10 ** (self.snr_db / 20) / max(_rms(noise[:size]), 1e-9)
        mixed = heard + noise[:size] * level
        mixed *= 0.1 / max(_rms(mixed), 1e-9)
        return through_g711(np.clip(mixed, -1, 1))

    def impulse(self, random: np.random.Generator) -> Array:
        """What the place makes of one click: band and reflections, without delay and skew.

        Returns:
            Samples at 8 kHz, of energy 1.
        """
        click = np.zeros(round(_BAND_S * RATE_HZ))
        click[0] = 1.0
        answer = signal.fftconvolve(signal.sosfilt(self._band(), click), self._echoes(random))
        result: Array = answer / np.sqrt((answer**2).sum())
        return result

    def _band(self) -> Array:
        limits_hz = (self.low_hz, self.high_hz)
        band: Array = signal.butter(2, limits_hz, "bandpass", fs=RATE_HZ, output="sos")
        return band

    def _echoes(self, random: np.random.Generator) -> Array:
        """The direct sound and reflections at random times, weaker and denser by and by."""
        if self.echo_s <= 0:
            return np.ones(1)
        times = np.arange(round(self.echo_s * RATE_HZ))
        decay = 10 ** (-3 * times / (self.echo_s * RATE_HZ))
        answer = random.standard_normal(len(times)) * decay * (random.random(len(times)) < 0.05)
        answer[: round(0.005 * RATE_HZ)] = 0
        # As much energy comes by the walls as directly: a hard yard, or a quay.
        answer /= max(float(np.sqrt((answer**2).sum())), 1e-9)
        answer[0] = 1.0
        result: Array = answer
        return result


@dataclass(frozen=True)
class Place:
    """Where a camera with a microphone stands: its room, and what is always heard there."""

    room: Room = Room()
    noise: Noise = "wind"


def sound_part(heard: Array) -> Array:
    """The stretch in which somebody speaks: from the first sample to the last that is not 0."""
    where = np.flatnonzero(np.abs(heard) > 1e-6)
    return heard[where[0] : where[-1] + 1] if len(where) else heard


def ambience(kind: Noise, seconds: float, random: np.random.Generator) -> Array:
    """Noise of a place at 8 kHz: wind gusts, traffic passing by, or white."""
    size = round(seconds * RATE_HZ)
    white = random.standard_normal(size)
    if kind == "white":
        return white * 0.1
    if kind == "wind":
        low = signal.sosfilt(signal.butter(1, 300, fs=RATE_HZ, output="sos"), white)
        gusts: Array = low * _swell(size, 0.5, random)
        return gusts
    engine = signal.sosfilt(
        signal.butter(1, (80, 900), "bandpass", fs=RATE_HZ, output="sos"), white
    )
    times = np.arange(size) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 60 * n * times + n) / n for n in range(1, 12))
    result: Array = (engine + 0.1 * hum) * _swell(size, 0.15, random)
    return result


def music(seconds: float, random: np.random.Generator) -> Array:
    """A tune with a beat: notes of a scale with overtones, and a drum."""
    size, beat = round(seconds * RATE_HZ), round(0.25 * RATE_HZ)
    tune = np.zeros(size)
    for start in range(0, size, beat):
        hz = 220 * 2 ** (random.choice([0, 2, 4, 7, 9, 12, 14, 16]) / 12)
        times = np.arange(min(2 * beat, size - start)) / RATE_HZ
        note = sum(np.sin(2 * np.pi * hz * n * times) / n for n in (1, 2, 3, 4))
        tune[start : start + len(times)] += note * np.exp(-6 * times)
        if start // beat % 2 == 0:
            tune[start : start + len(times)] += random.standard_normal(len(times)) * np.exp(
                -60 * times
            )
    return tune * 0.1


def through_g711(samples: Array) -> Array:
    """As a camera with A-law sound records it."""
    decoded = decode(PCMA, to_alaw(samples * 32768))
    assert decoded is not None
    return decoded / 32768.0


def _swell(size: int, hz: float, random: np.random.Generator) -> Array:
    """Slow random loudness, from a fifth to twice the mean."""
    points = random.uniform(0.2, 2.0, max(4, round(size / RATE_HZ * hz) + 4))
    result: Array = np.interp(np.linspace(0, len(points) - 1, size), range(len(points)), points)
    return result


def _rms(samples: Array) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
