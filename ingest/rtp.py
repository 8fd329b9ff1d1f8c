"""RTP and RTCP (RFC 3550) as far as one receiver of a camera's stream needs them."""

import struct

from ingest.clock import NTP_EPOCH_S, SenderReport

_SENDER_REPORT = struct.Struct(">BBHIQIII")  # §6.4.1, without report blocks
_RECEIVER_REPORT = struct.Struct(">BBHI")
_SENDER, _RECEIVER, _DESCRIPTION = 200, 201, 202
NS_PER_S = 1_000_000_000


def payload(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the payload of a packet lies (§5.1): past sources and extension, before padding.

    Args:
        data: octets that hold a packet from ``at`` up to ``end``.

    Returns:
        Beginning and end; nothing lies between them when the packet is no RTP.
    """
    first = data[at]
    if first >> 6 != 2 or end - at < 12:
        return at, at
    begin = at + 12 + 4 * (first & 0x0F)
    if first & 0x10 and begin + 4 <= end:
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
    if first & 0x20:
        end -= data[end - 1]
    return (begin, end) if begin < end else (at, at)


def sender_report(packet: bytes) -> SenderReport | None:
    """The sender report that a compound packet begins with (§6.1), if it does."""
    if len(packet) < _SENDER_REPORT.size or packet[0] >> 6 != 2 or packet[1] != _SENDER:
        return None
    _, _, _, ssrc, ntp, rtp, packets, octets = _SENDER_REPORT.unpack_from(packet)
    utc_ns = ((ntp >> 32) - NTP_EPOCH_S) * NS_PER_S + ((ntp & 0xFFFFFFFF) * NS_PER_S >> 32)
    return SenderReport(ssrc, utc_ns, rtp, packets, octets)


def receiver_report(own: int, source: int, highest: int, report_ntp: int, ago_s: float) -> bytes:
    """A compound packet that tells a sender we are there: report and name (§6.4.2, §6.5).

    Args:
        own, source: the identifiers of receiver and sender.
        highest: the highest sequence number that came.
        report_ntp: middle 32 bits of the last sender report's time, 0 before there was one.
        ago_s: how long ago it came.
    """
    delay = min(0xFFFFFFFF, round(ago_s * 65536)) if report_ntp else 0
    block = struct.pack(">IIIIII", source, 0, highest & 0xFFFFFFFF, 0, report_ntp, delay)
    report = _RECEIVER_REPORT.pack(0x81, _RECEIVER, 7, own) + block
    # CNAME (1), padded with at least one zero to a multiple of four octets.
    name = b"wardwatch"
    item = bytes((1, len(name))) + name
    item += bytes(4 - len(item) % 4)
    return report + _RECEIVER_REPORT.pack(0x81, _DESCRIPTION, 1 + len(item) // 4, own) + item


def steps(before: int, now: int) -> int:
    """From one 32-bit time stamp to another, either way, as the shorter way round tells."""
    return ((now - before + 0x80000000) & 0xFFFFFFFF) - 0x80000000
