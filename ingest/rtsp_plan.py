"""What of a description (SDP, RFC 4566) tells whether we read a camera's packets ourselves."""

import re
from dataclasses import dataclass
from itertools import pairwise

from ingest.rtp_pictures import Codec
from ingest.rtp_sound import can_be_cut

_TRACK = re.compile(r"(?m)^m=(\w*)[ \t]+\d+[^ \t\r\n]*[ \t]+(\S+)[ \t]+(\d{1,3})[ \t]*\r?$")
_CODECS: dict[str, Codec] = {"H264/90000": "h264", "H265/90000": "hevc"}
_RTCP = frozenset(range(72, 77))
"""Payload types that would make RTP look like RTCP (RFC 5761 §4)."""
_STATIC = {0: "PCMU/8000", 8: "PCMA/8000"}  # RFC 3551 §6
_AS_IT_IS = ("PCMU/", "PCMA/", "G726-", "AAL2-G726-", "L16/")


@dataclass(frozen=True)
class Track:
    """One stream that is described: its kind, payload type and encoding as ``rtpmap`` names it."""

    kind: str
    payload_type: int
    encoding: str
    parameters: str


@dataclass(frozen=True)
class Plan:
    """One picture, perhaps sound, both in forms that we put together as FFmpeg does."""

    picture: Track
    codec: Codec
    sound: Track | None


def plan(sdp: str) -> Plan | None:
    """How to read what is described; None when it is to be left to FFmpeg."""
    tracks = _tracks(sdp)
    if tracks is None:
        return None
    pictures = [one for one in tracks if one.kind == "video"]
    sounds = [one for one in tracks if one.kind == "audio"]
    types = [one.payload_type for one in tracks]
    if len(pictures) != 1 or len(sounds) > 1 or len(set(types)) != len(types):
        return None
    if not _RTCP.isdisjoint(types):
        return None
    codec = _CODECS.get(pictures[0].encoding.upper())
    interleaved = re.search(r"packetization-mode\s*=\s*2", pictures[0].parameters)
    donl = re.search(r"sprop-max-don-diff\s*=\s*[1-9]", pictures[0].parameters)
    if codec is None or interleaved or donl or not all(map(_can_be_cut, sounds)):
        return None
    return Plan(pictures[0], codec, sounds[0] if sounds else None)


def _tracks(sdp: str) -> list[Track] | None:
    """The streams; None when one is not RTP with a single payload type."""
    starts = [found.start() for found in re.finditer(r"(?m)^m=", sdp)]
    found = []
    for start, end in pairwise([*starts, len(sdp)]):
        part = sdp[start:end]
        head = _TRACK.match(part)
        if head is None or not head[2].upper().startswith("RTP/AVP"):
            return None
        number = int(head[3])
        named = re.search(rf"(?m)^a=rtpmap:{number}[ \t]+(\S+)", part)
        given = re.search(rf"(?m)^a=fmtp:{number}[ \t]+([^\r\n]*)", part)
        encoding = named[1] if named else _STATIC.get(number, "")
        found.append(Track(head[1], number, encoding, given[1] if given else ""))
    return found


def _can_be_cut(sound: Track) -> bool:
    name = sound.encoding.upper()
    if name.startswith("MPEG4-GENERIC/"):
        return can_be_cut(sound.parameters)
    return name.startswith(_AS_IT_IS)
