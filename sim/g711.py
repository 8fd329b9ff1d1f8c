"""G.711 (ITU-T G.711): A-law and µ-law bytes to 16-bit samples and back, by table."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
PCMU, PCMA = 0, 8
"""Static RTP payload types (RFC 3551, table 4)."""

Samples = NDArray[np.int16]


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55  # even bits travel inverted
    segment, step = (code & 0x70) >> 4, code & 0x0F
    small = (step << 4) + 8
    large = ((step << 4) + 0x108) << np.maximum(segment - 1, 0)
    size = np.where(segment == 0, small, large)
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _ulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF  # all bits travel inverted
    segment, step = (code & 0x70) >> 4, code & 0x0F
    size = (((step << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


_TABLES = {PCMA: _alaw_table(), PCMU: _ulaw_table()}


def decode(payload_type: int, data: bytes) -> Samples | None:
    """Samples of one RTP payload; None when the payload type is neither PCMU nor PCMA."""
    table = _TABLES.get(payload_type)
    return None if table is None else table[np.frombuffer(data, np.uint8)]


_ALAW_CODES = np.argsort(_TABLES[PCMA], kind="stable").astype(np.uint8)
_ALAW_LEVELS = _TABLES[PCMA][_ALAW_CODES].astype(np.float64)
_ALAW_BORDERS = (_ALAW_LEVELS[1:] + _ALAW_LEVELS[:-1]) / 2


def to_alaw(samples: NDArray[np.floating]) -> bytes:
    """A-law bytes of samples at 16-bit scale, each the nearest there is; what is louder is cut."""
    return _ALAW_CODES[np.searchsorted(_ALAW_BORDERS, samples)].tobytes()
