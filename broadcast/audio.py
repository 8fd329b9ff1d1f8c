"""The audio value that travels through this room, WAV in and out, and loudness for a horn.

A township horn is a small driver in a re-entrant horn: it gives almost nothing below 300 Hz,
G.711 carries nothing above 3.4 kHz, and what makes speech understood outdoors lies at 1-3 kHz.
:func:`for_horn` therefore cuts the lows, lifts the consonants and limits the peaks, so that
the same amplifier speaks louder without clipping.
"""

import hashlib
import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from broadcast.errors import SpeechError

Pcm = NDArray[np.int16]

TARGET_DBFS = -13.0
"""RMS of the speaking parts, relative to a full-scale square wave."""
CEILING_DBFS = -1.0
"""No sample of a prepared warning is larger than this."""
BAND_HZ = (300.0, 3400.0)
_PRESENCE_HZ, _PRESENCE_DB = 1000.0, 8.0
_FULL_SCALE = 32768.0
_FRAME_S = 0.02
_LOOK_AHEAD_S = 0.005


@dataclass(frozen=True, eq=False)
class Audio:
    """One-channel sound.

    Attributes:
        pcm: (N,) int16 samples.
        rate: samples a second.
    """

    pcm: Pcm
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.pcm) / self.rate

    @property
    def peak_dbfs(self) -> float:
        """Largest sample, dB of full scale; -inf for silence."""
        return _db(float(np.abs(self.pcm.astype(np.float64)).max(initial=0.0)) / _FULL_SCALE)

    @property
    def rms_dbfs(self) -> float:
        """Root mean square over everything, pauses too, dB of full scale."""
        return _db(_rms(self.pcm / _FULL_SCALE))

    @property
    def speech_dbfs(self) -> float:
        """Root mean square of the speaking parts alone, dB of full scale."""
        return _db(_speech_rms(self.pcm / _FULL_SCALE, self.rate))

    def at(self, rate: int) -> "Audio":
        """The same sound at another sampling rate (polyphase filter, no aliases)."""
        if rate == self.rate:
            return self
        common = int(np.gcd(rate, self.rate))
        changed = signal.resample_poly(
            self.pcm.astype(np.float64), rate // common, self.rate // common
        )
        return Audio(_to_pcm(changed / _FULL_SCALE), rate)

    def louder(self, gain_db: float) -> "Audio":
        """The same sound louder or softer; no peak exceeds :data:`CEILING_DBFS`."""
        if gain_db == 0:
            return self
        samples = self.pcm / _FULL_SCALE * 10 ** (gain_db / 20)
        window = round(2 * _LOOK_AHEAD_S * self.rate)
        return Audio(_to_pcm(_limit(samples, 10 ** (CEILING_DBFS / 20), window)), self.rate)

    def wav(self) -> bytes:
        """The sound as a WAV file, PCM 16 bit."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.pcm.astype("<i2").tobytes())
        return buffer.getvalue()


def silence(seconds: float, rate: int) -> Audio:
    """Nothing, for that long."""
    return Audio(np.zeros(round(seconds * rate), np.int16), rate)


def read_wav(path: Path) -> Audio:
    """A WAV file of 16-bit PCM; several channels are mixed to one.

    Raises:
        SpeechError: the file is missing, empty, or not 16-bit PCM WAV.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise SpeechError(
                    f"{path}: {8 * file.getsampwidth()}-bit samples; save the clip as 16-bit PCM"
                )
            channels, rate = file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise SpeechError(f"{path}: not a readable WAV file: {error}") from None
    pcm = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2")
    if not len(pcm) or rate < 1:
        raise SpeechError(f"{path}: the clip holds no sound")
    mixed = pcm.reshape(-1, channels).mean(axis=1)
    return Audio(np.round(mixed).astype(np.int16), rate)


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256, as receipts carry it."""
    return hashlib.sha256(data).hexdigest()


def for_horn(audio: Audio) -> Audio:
    """Band-limit, lift the consonants, bring to :data:`TARGET_DBFS`, limit the peaks."""
    samples = audio.pcm / _FULL_SCALE
    if not samples.any():
        return audio
    nyquist = audio.rate / 2
    high = min(BAND_HZ[1], 0.95 * nyquist)
    shaped = signal.sosfilt(
        signal.butter(4, BAND_HZ[0], "highpass", fs=audio.rate, output="sos"), samples
    )
    # A first-order shelf: the part above the corner is added again, weighted.
    bright = signal.sosfilt(
        signal.butter(1, min(_PRESENCE_HZ, 0.5 * nyquist), "highpass", fs=audio.rate, output="sos"),
        shaped,
    )
    shaped = shaped + (10 ** (_PRESENCE_DB / 20) - 1) * bright
    if high < 0.95 * nyquist:
        shaped = signal.sosfilt(
            signal.butter(6, high, "lowpass", fs=audio.rate, output="sos"), shaped
        )
    ceiling, target = 10 ** (CEILING_DBFS / 20), 10 ** (TARGET_DBFS / 20)
    gain = 1.0
    limited = shaped
    # The limiter takes some level away again; eight rounds settle within 0.5 dB.
    for _ in range(8):
        gain *= target / max(_speech_rms(limited, audio.rate), 1e-9)
        limited = _limit(shaped * gain, ceiling, max(3, round(_LOOK_AHEAD_S * audio.rate)))
    return Audio(_to_pcm(limited), audio.rate)


def _limit(samples: NDArray[np.float64], ceiling: float, window: int) -> NDArray[np.float64]:
    """A look-ahead limiter: never above ``ceiling``, gain without steps.

    The smallest gain in the window, averaged over the same window, is nowhere larger than the
    gain its middle needs, because every window averaged contains that middle.
    """
    window |= 1
    needed = np.minimum(1.0, ceiling / np.maximum(np.abs(samples), 1e-12))
    held = ndimage.minimum_filter1d(needed, window, mode="nearest")
    smooth: NDArray[np.float64] = ndimage.uniform_filter1d(held, window, mode="nearest")
    return np.clip(samples * smooth, -ceiling, ceiling)


def _speech_rms(samples: NDArray[np.float64], rate: int) -> float:
    """RMS of the 20 ms frames that are not pauses (within 30 dB of the loudest)."""
    size = max(1, round(_FRAME_S * rate))
    whole = len(samples) // size * size
    if not whole:
        return _rms(samples)
    power = (samples[:whole].reshape(-1, size) ** 2).mean(axis=1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean()))


def _rms(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def _db(ratio: float) -> float:
    return float(20 * np.log10(ratio)) if ratio > 0 else float("-inf")


def _to_pcm(samples: NDArray[np.float64]) -> Pcm:
    return np.clip(np.round(samples * _FULL_SCALE), -32768, 32767).astype(np.int16)
