"""H.264 on RTP (RFC 6184, packetization-mode 1)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

PAYLOAD_LIMIT_BYTES = 1400
"""With RTP, UDP and IP headers this stays under an Ethernet frame."""

_IDR, _SEI, _SPS, _PPS, _AUD = 5, 6, 7, 8, 9
_STAP_A, _FU_A = 24, 28


@dataclass(frozen=True)
class ParameterSets:
    """Sequence and picture parameter set of a stream, as NAL units without start codes."""

    sps: bytes
    pps: bytes

    encoding = "H264"

    @property
    def profile_level_id(self) -> str:
        """The three bytes after the SPS's NAL header, in hex (RFC 6184, section 8.1)."""
        return self.sps[1:4].hex().upper()

    @property
    def parameters(self) -> str:
        """``fmtp`` without the sets (section 8.1)."""
        return f"packetization-mode=1;profile-level-id={self.profile_level_id}"

    @property
    def sprop(self) -> str:
        """The sets as ``fmtp`` carries them (section 8.1)."""
        sets = ",".join(base64.b64encode(unit).decode() for unit in (self.sps, self.pps))
        return f"sprop-parameter-sets={sets}"

    def is_key(self, units: Sequence[bytes]) -> bool:
        """True when an access unit holds an IDR picture: decoding can begin here."""
        return any(unit[0] & 0x1F == _IDR for unit in units)

    def payloads(
        self, units: Sequence[bytes], limit_bytes: int = PAYLOAD_LIMIT_BYTES
    ) -> list[bytes]:
        """RTP payloads of one access unit.

        Parameter sets go in front of each IDR picture in one STAP-A (section 5.7.1), whether or
        not the encoder repeated them; a unit that fits is sent as it is (5.6), a larger one in
        FU-A fragments (5.8). Delimiters and SEI carry nothing a viewer needs and are left out.
        """
        packets = [_stap_a([self.sps, self.pps])] if self.is_key(units) else []
        for unit in units:
            if unit[0] & 0x1F in (_SPS, _PPS, _SEI, _AUD):
                continue
            packets += [unit] if len(unit) <= limit_bytes else _fragments(unit, limit_bytes)
        return packets


def nal_units(annex_b: bytes) -> list[bytes]:
    """Cut a byte stream (H.264 annex B) at its start codes; empty units are left out."""
    units: list[bytes] = []
    start = annex_b.find(b"\0\0\1")
    while start >= 0:
        following = annex_b.find(b"\0\0\1", start + 3)
        unit = annex_b[start + 3 : following if following >= 0 else None].rstrip(b"\0")
        if unit:
            units.append(unit)
        start = following
    return units


def parameter_sets(annex_b: bytes) -> ParameterSets:
    """SPS and PPS of an encoder's extradata.

    Raises:
        ValueError: one of them is missing.
    """
    found = {unit[0] & 0x1F: unit for unit in nal_units(annex_b)}
    if _SPS not in found or _PPS not in found:
        raise ValueError("the encoder gave no SPS and PPS")
    return ParameterSets(found[_SPS], found[_PPS])


def _stap_a(units: list[bytes]) -> bytes:
    importance = max(unit[0] & 0x60 for unit in units)  # NRI: the highest of those inside
    return bytes([importance | _STAP_A]) + b"".join(len(unit).to_bytes(2) + unit for unit in units)


def _fragments(unit: bytes, limit_bytes: int) -> list[bytes]:
    indicator = (unit[0] & 0xE0) | _FU_A
    kind, room = unit[0] & 0x1F, limit_bytes - 2
    pieces = [unit[at : at + room] for at in range(1, len(unit), room)]
    last = len(pieces) - 1
    return [
        bytes([indicator, (0x80 if i == 0 else 0) | (0x40 if i == last else 0) | kind]) + piece
        for i, piece in enumerate(pieces)
    ]
