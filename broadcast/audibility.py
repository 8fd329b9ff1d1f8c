"""Was a warning heard? What was sent is looked for in what a microphone recorded.

Between the two lie a loudspeaker, air, echoes, noise, a microphone and a codec: the waveform is
gone, the rhythm of the words in each frequency band is not. So both are turned into band
envelopes (short-time power in third-octave bands, as in C. H. Taal et al., "An Algorithm for
Intelligibility Prediction of Time-Frequency Weighted Noisy Speech", IEEE TASLP 19(7), 2011),
compressed, freed of what stands still (the colour of loudspeaker and room, steady noise), and
compared at every lag by normalised cross-correlation.

Warnings share whole sentences (who speaks, how to object), so one that resembles another for half
its length must not pass for it. At the best lag each second is therefore judged by itself, and
the score is the mean of the worse half of them, 0..1: a warning was heard when all of it was.

Measured by ``bench/audibility.py``; the thresholds are held by a test.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from broadcast.audio import Audio

RATE_HZ = 8000
HOP_S = 0.010
WINDOW_S = 0.032
LOWEST_HZ, BANDS = 315.0, 10
"""Third octaves of 315 Hz to 2.5 kHz: what every codec, horn and microphone carries."""
MOST_LAG_S = 6.0
SHORTEST_S = 1.0
MUTE_DBFS = -66.0
"""The silence of A-law (-72 dBFS) and below: a microphone that is switched off."""
PIECE_S = 1.0
SLIP_S = 0.03
"""How far a second may stand off from the best lag: clocks drift apart within a talk."""
THRESHOLD = 0.36

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """How well a sound was found.

    Attributes:
        score: mean correlation of the worse half of its seconds, 0 (nothing alike) to 1.
        lag_s: the sound begins so much after the recording does.
    """

    score: float
    lag_s: float

    @property
    def heard(self) -> bool:
        return self.score >= THRESHOLD


def find(sent: Audio, recorded: Audio) -> Match | None:
    """Look for a sound in a recording of the microphone.

    Args:
        sent: what was sent, without the silence around it.
        recorded: begins at or before the first packet; sounds that begin within
            :data:`MOST_LAG_S` of its beginning are found.

    Returns:
        None when either is too short or mute: then nothing can be said.
    """
    wanted, heard = _features(sent), _features(recorded)
    if wanted is None or heard is None or heard.shape[1] < wanted.shape[1] // 2:
        return None
    scores = _correlation(wanted, heard)[: round(MOST_LAG_S / HOP_S) + 1]
    best = int(np.argmax(scores))
    worse = np.sort(_pieces(wanted, heard, best))
    score = float(worse[: max(1, (len(worse) + 1) // 2)].mean())
    return Match(round(max(0.0, score), 3), round(best * HOP_S, 3))


def _pieces(wanted: Array, heard: Array, lag: int) -> Array:
    """The correlation of each second of ``wanted`` near a lag; 0 where nothing was recorded."""
    size, slip = round(PIECE_S / HOP_S), round(SLIP_S / HOP_S)
    found = []
    for start in range(0, wanted.shape[1] - size + 1, size):
        piece = wanted[:, start : start + size]
        own = float((piece**2).sum())
        best = 0.0
        for at in range(max(0, start + lag - slip), start + lag + slip + 1):
            other = heard[:, at : at + size]
            if other.shape[1] == size:
                alike = float((piece * other).sum())
                best = max(best, alike / np.sqrt(max(own * float((other**2).sum()), 1e-9)))
        found.append(best)
    return np.array(found)


def _features(audio: Audio) -> Array | None:
    """(BANDS, N) compressed band envelopes, a column each 10 ms; None when nothing is in them."""
    if audio.seconds < SHORTEST_S or audio.rms_dbfs < MUTE_DBFS:
        return None
    samples = audio.at(RATE_HZ).pcm / 32768.0
    size, hop = round(WINDOW_S * RATE_HZ), round(HOP_S * RATE_HZ)
    windows = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    power = np.abs(fft.rfft(windows * np.hanning(size), axis=1)) ** 2
    frequencies = fft.rfftfreq(size, 1 / RATE_HZ)
    centres = LOWEST_HZ * 2 ** (np.arange(BANDS) / 3)
    bands = np.stack(
        [
            power[:, (frequencies >= c * 2 ** (-1 / 6)) & (frequencies < c * 2 ** (1 / 6))].sum(1)
            for c in centres
        ]
    )
    floor = np.median(bands, axis=1, keepdims=True) * 0.1 + 1e-10
    return _lively(np.log(bands + floor))


def _lively(levels: Array) -> Array:
    """What changes at the pace of syllables, 0.7 to 12 Hz; each band as lively as the others."""
    smooth = ndimage.gaussian_filter1d(levels, 1.5, axis=1)
    slow = ndimage.uniform_filter1d(levels, round(1.0 / HOP_S), axis=1, mode="nearest")
    changing = smooth - slow
    spread = changing.std(axis=1, keepdims=True)
    result: Array = changing / np.maximum(spread, 1e-6)
    return result


def _correlation(wanted: Array, heard: Array) -> Array:
    """Normalised cross-correlation over all bands, for each lag of ``wanted`` in ``heard``."""
    length = wanted.shape[1]
    padded = np.pad(heard, ((0, 0), (0, length)))
    products = signal.fftconvolve(padded, wanted[:, ::-1], mode="valid", axes=1).sum(axis=0)
    energy = np.cumsum(np.pad((padded**2).sum(axis=0), (1, 0)))
    windows = energy[length:] - energy[:-length]
    # A lag at which little of the recording is left must not win by its emptiness.
    least = np.maximum(windows, 0.5 * BANDS * length)
    scores: Array = products / np.sqrt(least * (wanted**2).sum())
    return scores
