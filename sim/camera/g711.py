"""G.711 decoding (ITU-T G.711): A-law and µ-law bytes to 16-bit samples, by table."""

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
