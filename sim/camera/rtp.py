"""RTP and RTCP packets (RFC 3550) and the time they carry."""

import struct
from dataclasses import dataclass

from core.clock import NS_PER_S

_HEADER = struct.Struct("!BBHII")
_NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905)."""

SENDER_REPORT, SOURCE_DESCRIPTION, BYE = 200, 202, 203


@dataclass(frozen=True)
class RtpPacket:
    """A received packet; ``timestamp`` and ``sequence`` wrap at 32 and 16 bits."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def rtp_header(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The fixed header of section 5.1."""
    return _HEADER.pack(
        0x80,
        (0x80 if marker else 0) | payload_type,
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Read a packet; None when it is none (section A.1's checks)."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:  # a header extension
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if start > end:
        return None
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, data[start:end])


def rtcp_types(data: bytes) -> list[int] | None:
    """Packet types in a compound RTCP packet; None when it is no RTCP (section A.2)."""
    types: list[int] = []
    while data:
        if len(data) < 4 or data[0] >> 6 != 2 or not 192 <= data[1] <= 223:
            return None
        types.append(data[1])
        data = data[4 * (int.from_bytes(data[2:4]) + 1) :]
    return types or None


def ntp_time(utc_ns: int) -> int:
    """UTC as a 64-bit NTP timestamp (section 4).

    >>> hex(ntp_time(500_000_000))
    '0x83aa7e8080000000'
    """
    seconds, rest_ns = divmod(utc_ns, NS_PER_S)
    return ((seconds + _NTP_EPOCH_S) << 32 | (rest_ns << 32) // NS_PER_S) & 0xFFFFFFFFFFFFFFFF


def sender_report(
    ssrc: int, utc_ns: int, timestamp: int, packets: int, octets: int, cname: str
) -> bytes:
    """A compound SR and SDES packet (sections 6.4.1 and 6.5): this RTP time is that UTC."""
    report = struct.pack(
        "!BBHIQIII",
        0x80,
        SENDER_REPORT,
        6,
        ssrc,
        ntp_time(utc_ns),
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    name = cname.encode()[:255]
    item = bytes([1, len(name)]) + name + b"\0"
    item += b"\0" * (-len(item) % 4)
    return report + struct.pack("!BBHI", 0x81, SOURCE_DESCRIPTION, 1 + len(item) // 4, ssrc) + item


def goodbye(ssrc: int) -> bytes:
    """An RTCP BYE (section 6.6)."""
    return struct.pack("!BBHI", 0x81, BYE, 1, ssrc)
