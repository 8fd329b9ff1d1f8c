"""RTSP 1.0 messages (RFC 2326), without any input or output.

:class:`Parser` turns bytes into requests and interleaved packets, however they are cut up;
:func:`response` turns an answer into bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from sim.camera.errors import RtspSyntaxError

HEAD_LIMIT_BYTES = 16 * 1024
BODY_LIMIT_BYTES = 64 * 1024

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    451: "Parameter Not Understood",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
    551: "Option not supported",
}
"""RFC 2326, section 7.1.1."""


@dataclass(frozen=True)
class Request:
    """One request. Header names are lower case; a repeated header is joined with commas."""

    method: str
    url: str
    version: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> tuple[str, ...]:
        """Segments of the URL's path, percent-decoded; empty for ``*``."""
        if self.url == "*":
            return ()
        return tuple(unquote(part) for part in _url_path(self.url).split("/") if part)

    def options_required(self) -> list[str]:
        """Feature tags of Require and Proxy-Require (sections 12.32 and 12.27)."""
        tags = [self.headers.get("require", ""), self.headers.get("proxy-require", "")]
        return [tag.strip() for tag in ",".join(tags).split(",") if tag.strip()]


@dataclass(frozen=True)
class Interleaved:
    """An RTP or RTCP packet on the RTSP connection (section 10.12)."""

    channel: int
    payload: bytes


@dataclass(frozen=True)
class Transport:
    """One alternative of a Transport header (section 12.39) that this camera can serve.

    Exactly one of the pairs is set: ``interleaved`` channels, or the client's UDP ports. A
    client that asks for TCP without naming channels has (-1, -1) and is given a pair.
    """

    interleaved: tuple[int, int] | None = None
    client_ports: tuple[int, int] | None = None


class Parser:
    """Cuts the bytes of one connection into messages.

    Responses of the client (it never has reason to send any) are read over, as RFC 2326 asks of
    anything that is not for us.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Request | Interleaved]:
        """Add received bytes; yields every message that is now whole.

        Raises:
            RtspSyntaxError: the bytes are no RTSP. The parser is of no use afterwards.
        """
        self._buffer += data
        while self._buffer:
            if self._buffer[0] in (0x0D, 0x0A):  # section 4.2: empty lines before a request
                del self._buffer[0]
                continue
            message = self._interleaved() if self._buffer[0] == 0x24 else self._request()
            if message is None:
                return
            if isinstance(message, Request) and message.method.startswith("RTSP/"):
                continue
            yield message

    def _interleaved(self) -> Interleaved | None:
        if len(self._buffer) < 4:
            return None
        size = int.from_bytes(self._buffer[2:4])
        if len(self._buffer) < 4 + size:
            return None
        packet = Interleaved(self._buffer[1], bytes(self._buffer[4 : 4 + size]))
        del self._buffer[: 4 + size]
        return packet

    def _request(self) -> Request | None:
        ends = [
            (at, len(mark))
            for mark in (b"\r\n\r\n", b"\n\n")
            if (at := self._buffer.find(mark)) >= 0
        ]
        if not ends:
            if len(self._buffer) > HEAD_LIMIT_BYTES:
                raise RtspSyntaxError("the header of a request is too long", 413)
            return None
        head_size, mark_size = min(ends)
        if head_size > HEAD_LIMIT_BYTES:
            raise RtspSyntaxError("the header of a request is too long", 413)
        request = _parse_head(bytes(self._buffer[:head_size]))
        body_size = _content_length(request.headers)
        start = head_size + mark_size
        if len(self._buffer) < start + body_size:
            return None
        body = bytes(self._buffer[start : start + body_size])
        del self._buffer[: start + body_size]
        return Request(request.method, request.url, request.version, request.headers, body)


def _parse_head(head: bytes) -> Request:
    try:
        lines = head.decode("utf-8").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise RtspSyntaxError("the header of a request is not UTF-8") from error
    parts = lines[0].split()
    if len(parts) != 3 and not lines[0].startswith("RTSP/"):
        raise RtspSyntaxError(f"not a request line: {lines[0][:80]!r}")
    method, url, version = (*parts, "", "")[:3]
    headers: dict[str, str] = {}
    last = ""
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and last:  # a folded header goes on
            headers[last] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise RtspSyntaxError(f"not a header line: {line[:80]!r}")
        last = name.strip().lower()
        value = value.strip()
        headers[last] = f"{headers[last]}, {value}" if last in headers else value
    return Request(method, url, version, headers)


def _content_length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise RtspSyntaxError(f"Content-Length is no number: {text[:40]!r}")
    if len(text) > 9 or int(text) > BODY_LIMIT_BYTES:
        raise RtspSyntaxError("the body of a request is too long", 413)
    return int(text)


def _url_path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # e.g. a broken IPv6 address; then there is nothing to be found there
        return ""


@dataclass(frozen=True)
class Reply:
    """An answer: status, headers and body; CSeq and Server are added when it is sent."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=())
    body: bytes = b""


def response(reply: Reply, cseq: str) -> bytes:
    """The bytes of an answer (section 7)."""
    lines = [f"RTSP/1.0 {reply.status} {REASONS[reply.status]}", f"CSeq: {cseq}"]
    lines += ["Server: Wardwatch virtual camera"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if reply.body:
        lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + reply.body


def parse_transport(header: str) -> Transport | None:
    """The first alternative in a Transport header that we can serve; None when there is none.

    >>> parse_transport("RTP/AVP;multicast,RTP/AVP/TCP;unicast;interleaved=2-3").interleaved
    (2, 3)
    >>> parse_transport("RTP/AVP;unicast;client_port=5000-5001").client_ports
    (5000, 5001)
    """
    for alternative in header.split(","):
        profile, *rest = [part.strip() for part in alternative.split(";")]
        parameters = dict(part.lower().partition("=")[::2] for part in rest)
        if "multicast" in parameters:
            continue
        if profile.upper() == "RTP/AVP/TCP":
            channels = _pair(parameters.get("interleaved", ""), 255)
            return Transport(interleaved=channels or (-1, -1))
        if profile.upper() in ("RTP/AVP", "RTP/AVP/UDP"):
            ports = _pair(parameters.get("client_port", ""), 65535)
            if ports and ports[0] > 0:
                return Transport(client_ports=ports)
    return None


def _pair(text: str, limit: int) -> tuple[int, int] | None:
    """``"4-5"`` or ``"4"`` as (4, 5); None when it is no such thing or beyond ``limit``."""
    first, dash, second = text.partition("-")
    numbers = [first, second] if dash else [first]
    if not all(number.isascii() and number.isdigit() and len(number) < 6 for number in numbers):
        return None
    low = int(first)
    high = int(second) if dash else low + 1
    return (low, high) if low < high <= limit else None
