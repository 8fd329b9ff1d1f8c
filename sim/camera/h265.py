"""H.265 on RTP (RFC 7798, without aggregation and without DONL)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from sim.camera.h264 import PAYLOAD_LIMIT_BYTES, nal_units

_IRAP = range(16, 24)
_VPS, _SPS, _PPS, _AUD, _SEI_BEFORE, _SEI_AFTER = 32, 33, 34, 35, 39, 40
_FU = 49


@dataclass(frozen=True)
class H265Sets:
    """Video, sequence and picture parameter set of a stream, without start codes."""

    vps: bytes
    sps: bytes
    pps: bytes

    encoding = "H265"

    @property
    def parameters(self) -> str:
        """``fmtp`` without the sets: nothing is needed (section 7.1)."""
        return ""

    @property
    def sprop(self) -> str:
        """The sets as ``fmtp`` carries them (section 7.1)."""
        named = (("vps", self.vps), ("sps", self.sps), ("pps", self.pps))
        return ";".join(f"sprop-{name}={base64.b64encode(s).decode()}" for name, s in named)

    def is_key(self, units: Sequence[bytes]) -> bool:
        """True when an access unit holds an IRAP picture: decoding can begin here."""
        return any(_kind(unit) in _IRAP for unit in units)

    def payloads(
        self, units: Sequence[bytes], limit_bytes: int = PAYLOAD_LIMIT_BYTES
    ) -> list[bytes]:
        """RTP payloads of one access unit.

        Parameter sets go in front of each IRAP picture; a unit that fits is sent as it is
        (section 4.4.1), a larger one in fragmentation units (4.4.3).
        """
        packets = [self.vps, self.sps, self.pps] if self.is_key(units) else []
        for unit in units:
            if _kind(unit) in (_VPS, _SPS, _PPS, _AUD, _SEI_BEFORE, _SEI_AFTER):
                continue
            packets += [unit] if len(unit) <= limit_bytes else _fragments(unit, limit_bytes)
        return packets


def h265_sets(annex_b: bytes) -> H265Sets:
    """The parameter sets of an encoder's extradata.

    Raises:
        ValueError: one of them is missing.
    """
    found = {_kind(unit): unit for unit in nal_units(annex_b)}
    if not {_VPS, _SPS, _PPS} <= found.keys():
        raise ValueError("the encoder gave no VPS, SPS and PPS")
    return H265Sets(found[_VPS], found[_SPS], found[_PPS])


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


def _fragments(unit: bytes, limit_bytes: int) -> list[bytes]:
    head = bytes([(unit[0] & 0x81) | _FU << 1, unit[1]])
    room = limit_bytes - 3
    pieces = [unit[at : at + room] for at in range(2, len(unit), room)]
    last = len(pieces) - 1
    return [
        head + bytes([(0x80 if i == 0 else 0) | (0x40 if i == last else 0) | _kind(unit)]) + piece
        for i, piece in enumerate(pieces)
    ]
