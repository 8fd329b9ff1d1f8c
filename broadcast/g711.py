"""ITU-T G.711: 64 kbit/s µ-law (PCMU) and A-law (PCMA), 8 kHz, one byte a sample.

Both laws are written from the Recommendation's tables: eight segments ("chords") of sixteen
steps a sign, decision values in the tables 1a/1b (A-law, 13 bits) and 2a/2b (µ-law, 14 bits).
Every one of the 65536 inputs is worked out once; encoding is a table look-up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from broadcast.audio import Audio, Pcm

RATE_HZ = 8000
Name = Literal["PCMU", "PCMA"]

_BIAS = 33  # µ-law: makes the segment borders powers of two (14-bit scale)
_MU_MAX = 8158  # largest magnitude of the 14-bit scale before the bias


def _mu_encode(pcm: NDArray[np.int32]) -> NDArray[np.uint8]:
    # One's complement magnitude on the 14-bit scale: -1 and 0 are the two zeros of µ-law.
    magnitude = np.where(pcm < 0, ~pcm, pcm) >> 2
    biased = np.minimum(magnitude, _MU_MAX) + _BIAS
    segment = np.floor(np.log2(biased)).astype(np.int32) - 5
    step = (biased >> (segment + 1)) & 0x0F
    code = (segment << 4) | step
    # Table 2: the character signal is sent inverted; 0xFF and 0x7F are the two zeros.
    character: NDArray[np.uint8] = np.where(pcm < 0, ~code & 0x7F, ~code & 0xFF).astype(np.uint8)
    return character


def _mu_decode(codes: NDArray[np.int32]) -> NDArray[np.int16]:
    plain = ~codes & 0xFF
    segment, step = (plain >> 4) & 0x07, plain & 0x0F
    magnitude = (((step << 1) + _BIAS) << segment) - _BIAS
    return (np.where(plain & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


def _a_encode(pcm: NDArray[np.int32]) -> NDArray[np.uint8]:
    # 13-bit scale; one's complement makes both signs symmetrical around the border at 0.
    magnitude = np.where(pcm < 0, ~pcm, pcm) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    step = (magnitude >> np.maximum(segment, 1)) & 0x0F
    code = (segment << 4) | step
    # Positive has the sign bit set; then the even bits are inverted (Table 1, note 2).
    character: NDArray[np.uint8] = (np.where(pcm < 0, code, code | 0x80) ^ 0x55).astype(np.uint8)
    return character


def _a_decode(codes: NDArray[np.int32]) -> NDArray[np.int16]:
    plain = codes ^ 0x55
    segment, step = (plain >> 4) & 0x07, plain & 0x0F
    linear = (step << 1) + 1
    magnitude = np.where(segment == 0, linear, (linear + 32) << np.maximum(segment - 1, 0))
    return (np.where(plain & 0x80, magnitude, -magnitude) * 8).astype(np.int16)


@dataclass(frozen=True, eq=False)
class Codec:
    """One of the two laws.

    Attributes:
        name: encoding name of RFC 3551, as SDP writes it.
        payload_type: static payload type of RFC 3551, table 4.
        silence: the byte of a zero sample.
    """

    name: Name
    payload_type: int
    silence: int
    _encoding: NDArray[np.uint8]
    _decoding: NDArray[np.int16]

    def encode(self, pcm: Pcm) -> bytes:
        """(N,) int16 linear samples to N bytes."""
        return self._encoding[pcm.view(np.uint16)].tobytes()

    def decode(self, data: bytes) -> Pcm:
        """N bytes to (N,) int16 linear samples."""
        return self._decoding[np.frombuffer(data, np.uint8)]


def _codec(
    name: Name,
    payload_type: int,
    encode: Callable[[NDArray[np.int32]], NDArray[np.uint8]],
    decode: Callable[[NDArray[np.int32]], NDArray[np.int16]],
) -> Codec:
    every_sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    encoding = encode(every_sample)
    return Codec(
        name, payload_type, int(encoding[0]), encoding, decode(np.arange(256, dtype=np.int32))
    )


PCMU = _codec("PCMU", 0, _mu_encode, _mu_decode)
PCMA = _codec("PCMA", 8, _a_encode, _a_decode)
CODECS: dict[str, Codec] = {codec.name: codec for codec in (PCMU, PCMA)}


def encode(audio: Audio, codec: Codec) -> bytes:
    """Any sound as G.711: resampled to 8 kHz (which also limits the band), then companded."""
    return codec.encode(np.ascontiguousarray(audio.at(RATE_HZ).pcm))
