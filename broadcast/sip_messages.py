"""SIP messages (RFC 3261, section 7) and the session description of a call (RFC 3264)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from broadcast import sdp
from broadcast.codecs import CLOCK_HZ, VOICES, Voice
from broadcast.errors import SpeakerError

VERSION = "SIP/2.0"
MOST_OCTETS = 65_535
END_OF_HEAD = b"\r\n\r\n"
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKETED = re.compile(r"<\s*([^>]*?)\s*>")
_BARE = re.compile(r"^\s*([^;\s]+)")
_TAG = re.compile(r";\s*tag\s*=\s*([^;\s,>]+)", re.IGNORECASE)
_COMMA = re.compile(r""",(?=(?:[^"<>]|"[^"]*"|<[^>]*>)*$)""")


@dataclass(frozen=True)
class SipMessage:
    """A request or an answer that came in.

    Attributes:
        method: of the request, or of the request that is answered (from CSeq).
        code: of the answer; 0 for a request.
        headers: names in lower case and long form, in order.
    """

    method: str
    code: int
    reason: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def first(self, name: str) -> str:
        """The first header of that name, or empty."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """All headers of that name."""
        return [value for key, value in self.headers if key == name]

    def list(self, name: str) -> list[str]:
        """All values of headers that may hold several, divided by commas."""
        return [one.strip() for value in self.all(name) for one in _COMMA.split(value)]

    @property
    def sequence(self) -> int:
        number = self.first("cseq").split(" ")[0]
        return int(number) if re.fullmatch("[0-9]{1,10}", number) else -1

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".strip() if self.code else self.method


def parse(data: bytes) -> SipMessage:
    """Read a datagram.

    Raises:
        SpeakerError: it is no SIP message.
    """
    head, _, body = data.partition(END_OF_HEAD)
    return replace(parse_head(head), body=body)


def parse_head(head: bytes) -> SipMessage:
    """Read what stands before the empty line; the body is left out.

    Raises:
        SpeakerError: it is no SIP message.
    """
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            headers.append((_COMPACT.get(key, key), value.strip()))
    words = lines[0].split(" ", 2)
    given = dict(reversed(headers))
    method = given.get("cseq", "").rpartition(" ")[2]
    if not {"via", "from", "to", "call-id", "cseq"} <= given.keys() or len(words) < 3:
        raise SpeakerError(f"is no SIP message: {lines[0][:60]!r}")
    if words[0] == VERSION:
        if not re.fullmatch("[1-6][0-9][0-9]", words[1]):
            raise SpeakerError(f"is no SIP answer: {lines[0][:60]!r}")
        return SipMessage(method, int(words[1]), words[2], "", tuple(headers))
    if words[2] != VERSION:
        raise SpeakerError(f"is no SIP message: {lines[0][:60]!r}")
    return SipMessage(words[0], 0, "", words[1], tuple(headers))


def request(method: str, uri: str, headers: Sequence[tuple[str, str]], body: bytes = b"") -> bytes:
    """A request as octets."""
    return _octets(f"{method} {uri} {VERSION}", headers, body)


def reply(asked: SipMessage, code: int, reason: str, tag: str = "") -> bytes:
    """An answer to a request, with the headers that must be given back (section 8.2.6.2)."""
    kept = [(key, value) for key, value in asked.headers if key == "via"]
    for name in ("from", "to", "call-id", "cseq"):
        value = asked.first(name)
        if name == "to" and tag and not tag_of(value):
            value = f"{value};tag={tag}"
        kept.append((name, value))
    return _octets(f"{VERSION} {code} {reason}", kept, b"")


def _octets(start: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [start, *(f"{key}: {value}" for key, value in headers), f"Content-Length: {len(body)}"]
    if any("\r" in line or "\n" in line for line in lines):
        raise SpeakerError("a line break in a SIP header; check user name and address")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def address_of(value: str) -> str:
    """The URI within a ``Contact``, ``To`` or ``Record-Route``.

    >>> address_of('"Horn" <sip:horn@10.0.0.9:5060;lr>;q=1')
    'sip:horn@10.0.0.9:5060;lr'
    """
    unnamed = _QUOTED.sub("", value)
    found = _BRACKETED.search(unnamed) or _BARE.search(unnamed)
    return found[1] if found else ""


def tag_of(value: str) -> str:
    """The tag parameter of a ``From`` or ``To``, or empty."""
    found = _TAG.search(value)
    return found[1] if found else ""


_URI = re.compile(
    r"^(?P<scheme>sips?):(?:[^@\s<>]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?(?P<rest>[;?]\S*)?$",
    re.IGNORECASE,
)
_TRANSPORT = re.compile(r";transport=([^;?\s]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """Where a URI leads to.

    Attributes:
        transport: ``udp``, ``tcp`` or ``tls``.
    """

    host: str
    port: int
    transport: str


def endpoint(uri: str, over: str = "") -> Endpoint:
    """Host, port and transport of a ``sip:`` or ``sips:`` URI (section 19.1.2).

    ``sips:`` is TLS, also where it says ``transport=tcp`` (section 26.2.2).

    Args:
        over: the transport that is used whatever the URI asks for.

    >>> endpoint("sip:horn@10.0.0.9")
    Endpoint(host='10.0.0.9', port=5060, transport='udp')
    >>> endpoint("sips:horn@horn.example").port
    5061

    Raises:
        SpeakerError: it is none, or asks for a transport that is unknown here.
    """
    found = _URI.match(uri)
    if found is None:
        raise SpeakerError(f"{uri!r} is not of the form sip:name@host[:port]")
    asked = _TRANSPORT.search(found["rest"] or "")
    transport = asked[1].lower() if asked else ""
    secure = found["scheme"].lower() == "sips"
    if not over and transport not in ("", "tcp", "tls", *(() if secure else ("udp",))):
        raise SpeakerError(
            f"{uri!r}: SIP over {transport or 'nothing'} is not supported"
            f"{' with sips:' if secure else ''}; write transport=tcp or transport=tls"
        )
    transport = over or ("tls" if secure else transport or "udp")
    port = int(found["port"] or (5061 if transport == "tls" else 5060))
    if not 0 < port < 65536:
        raise SpeakerError(f"{uri!r}: {port} is no port")
    return Endpoint(found["host"].strip("[]"), port, transport)


def name_of(uri: str) -> str:
    """A URI as it stands in ``To``, where no transport belongs (section 19.1.1, table 1).

    >>> name_of("sip:horn@10.0.0.9;transport=tcp")
    'sip:horn@10.0.0.9'
    """
    return _TRANSPORT.sub("", uri)


@dataclass(frozen=True)
class Media:
    """Where and in which codec the called device listens."""

    address: str
    port: int
    voice: Voice
    payload_type: int


def offer(address: str, port: int, voices: Sequence[Voice]) -> bytes:
    """What we would send, best codec first."""
    kind = "IP6" if ":" in address else "IP4"
    lines = [
        "v=0",
        f"o=wardwatch 1 1 IN {kind} {address}",
        "s=warning",
        f"c=IN {kind} {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(str(voice.payload_type) for voice in voices)}",
        *(f"a=rtpmap:{voice.payload_type} {voice.name}/{CLOCK_HZ}" for voice in voices),
        "a=ptime:20",
        "a=sendonly",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


_STATIC = {voice.payload_type: name for name, voice in VOICES.items()}


def agreed(body: bytes, offered: Sequence[Voice]) -> Media:
    """The first codec of the answer that we offered, and where it is wanted.

    Raises:
        SpeakerError: no audio is accepted, or in none of our codecs.
    """
    described = sdp.parse(body.decode("utf-8", "replace"))
    names = {voice.name for voice in offered}
    for media in described.media:
        if media.kind != "audio" or not 0 < media.port < 65536 or not media.address:
            continue
        if media.direction in ("sendonly", "inactive"):
            raise SpeakerError(f"answers that it does not listen ({media.direction})")
        for number in media.formats:
            mapping = media.rtpmap.get(number)
            name = mapping[0] if mapping else _STATIC.get(number, "")
            if name in names and (mapping is None or mapping[1] == CLOCK_HZ):
                return Media(media.address, media.port, VOICES[name], number)
    raise SpeakerError(f"takes none of {', '.join(sorted(names))}")
