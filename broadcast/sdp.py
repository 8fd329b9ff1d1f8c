"""Session descriptions (RFC 4566/8866): find the track on which the device listens.

Directions are written from the device's side of an *offer to receive*: in ONVIF's Streaming
Specification, section 5.3, ``a=sendonly`` marks the track that the **client** sends on. Real
cameras leave directions out, repeat attributes and add their own; whatever is not understood
is passed over.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from broadcast.errors import NoBackchannelError
from broadcast.g711 import CODECS, PCMA, PCMU, RATE_HZ, Codec

_RTPMAP = re.compile(r"^(\d{1,3})\s+([^/\s]+)/(\d+)(?:/(\d+))?\s*$")
_DIRECTIONS = frozenset({"sendonly", "recvonly", "sendrecv", "inactive"})
_STATIC = {PCMU.payload_type: PCMU, PCMA.payload_type: PCMA}


@dataclass
class Media:
    """One ``m=`` section.

    Attributes:
        kind: audio, video, application …
        formats: payload types, in the device's order of preference.
        rtpmap: payload type → (encoding name in upper case, clock rate, channels).
        direction: sendonly, recvonly, sendrecv or inactive; empty when not given.
        control: the ``a=control`` value; empty when not given.
        port: where it listens; 0 when it does not.
        address: its own ``c=`` address; empty when not given.
    """

    kind: str
    formats: tuple[int, ...] = ()
    rtpmap: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    direction: str = ""
    control: str = ""
    port: int = 0
    address: str = ""


@dataclass
class Description:
    """The parts of a session description that matter here."""

    address: str = ""
    control: str = ""
    direction: str = ""
    media: list[Media] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class BackTrack:
    """The track to send on.

    Attributes:
        control: its ``a=control`` value.
        payload_type: number of the codec in this session.
        codec: PCMU or PCMA.
    """

    control: str
    payload_type: int
    codec: Codec


def parse(text: str) -> Description:
    """Read a description; never fails, unknown and broken lines are passed over."""
    described = Description()
    media: Media | None = None
    for line in text.splitlines():
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            words = value.split()
            formats = tuple(int(w) for w in words[3:] if w.isascii() and w.isdigit())
            media = Media(words[0].lower() if words else "", formats)
            number = words[1].partition("/")[0] if len(words) > 1 else ""
            media.port = int(number) if re.fullmatch("[0-9]{1,5}", number) else 0
            described.media.append(media)
        elif kind == "c":
            words = value.split()
            (media or described).address = words[2].partition("/")[0] if len(words) > 2 else ""
        elif kind == "a":
            _attribute(described, media, value)
    for one in described.media:
        one.address = one.address or described.address
        one.direction = one.direction or described.direction
    return described


def _attribute(described: Description, media: Media | None, value: str) -> None:
    name, _, content = value.partition(":")
    name, content = name.strip().lower(), content.strip()
    owner = media or described
    if name in _DIRECTIONS:
        owner.direction = name
    elif name == "control":
        owner.control = content
    elif name == "rtpmap" and media is not None and (match := _RTPMAP.match(content)):
        number, encoding, rate, channels = match.groups()
        media.rtpmap[int(number)] = (encoding.upper(), int(rate), int(channels or 1))


def back_track(described: Description) -> BackTrack:
    """The audio track marked sendonly, with the first G.711 codec it lists.

    Several codecs may share one m-line, and one back track may be offered in several m-lines.

    Raises:
        NoBackchannelError: there is no such track, or none with PCMU or PCMA at 8 kHz.
    """
    tracks = [m for m in described.media if m.kind == "audio" and m.direction == "sendonly"]
    if not tracks:
        raise NoBackchannelError(
            "its description has no audio track marked sendonly: the device offers no "
            "backchannel on this stream"
        )
    others: list[str] = []
    for track in tracks:
        for number in track.formats:
            mapping = track.rtpmap.get(number)
            if mapping is None:
                codec = _STATIC.get(number)
            elif mapping[1:] == (RATE_HZ, 1):
                codec = CODECS.get(mapping[0])
            else:
                codec = None
            if codec is not None:
                return BackTrack(track.control, number, codec)
            others.append(f"{mapping[0]}/{mapping[1]}" if mapping else f"payload type {number}")
    raise NoBackchannelError(
        f"its back track takes {', '.join(others) or 'no codec'} only; "
        "set the camera's audio output to G.711 (PCMU or PCMA) at 8 kHz"
    )


def resolve(base: str, control: str) -> str:
    """The address of a track or session (RFC 2326, appendix C.1.1).

    An absolute control stands for itself, ``*`` and nothing stand for the base. Cameras do not
    mean RFC 3986's merging: a track is *added* to the base, also when the base has a query.
    """
    if control in ("", "*"):
        return base
    if urlsplit(control).scheme.lower() in ("rtsp", "rtsps"):
        return control
    if control.startswith("/"):
        parts = urlsplit(base)
        return f"{parts.scheme}://{parts.netloc}{control}"
    return f"{base}{control}" if base.endswith("/") else f"{base}/{control}"
