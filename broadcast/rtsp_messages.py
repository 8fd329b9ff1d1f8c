"""The bytes of an RTSP connection (RFC 2326): requests out, responses and frames in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from broadcast.errors import SpeakerError

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"^RTSP/\d+\.\d+\s+(\d{3})\s*(.*)$", re.IGNORECASE)
_START = re.compile(r"^(?:RTSP/\d|[A-Z_]+ \S+ RTSP/\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Response:
    """An answer. Header names are in lower case; a header may stand several times."""

    code: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]

    def first(self, name: str) -> str:
        """The first value of a header, empty when absent."""
        return next(iter(self.all(name)), "")

    @property
    def sequence(self) -> int | None:
        """CSeq, when it is a number."""
        value = self.first("cseq")
        return int(value) if value.isascii() and value.isdigit() else None

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".strip()


@dataclass(frozen=True)
class Frame:
    """An interleaved binary frame (RFC 2326, section 10.12)."""

    channel: int
    data: bytes

    def pack(self) -> bytes:
        return b"$" + bytes([self.channel]) + len(self.data).to_bytes(2, "big") + self.data


def request(method: str, url: str, headers: Mapping[str, str]) -> bytes:
    """A request without a body.

    Raises:
        SpeakerError: a line break hides in the address or a header.
    """
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
    for line in lines:
        if "\r" in line or "\n" in line:
            raise SpeakerError(f"line break inside an RTSP line: {line!r}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Reader:
    """Cuts the stream of a connection into responses and frames, whatever the packet borders.

    Requests that devices send to us (a few ask OPTIONS) are passed over.
    """

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[Response | Frame]:
        """Add bytes and yield what is complete.

        Raises:
            SpeakerError: this is not RTSP, or a header or body is too large.
        """
        self._buffer += data
        while (one := self._next()) is not None:
            if not isinstance(one, str):
                yield one

    def _next(self) -> Response | Frame | str | None:
        """A message, the name of something passed over, or None when more bytes are needed."""
        buffer = self._buffer
        while buffer and buffer[0] in b"\r\n":
            del buffer[0]
        if not buffer:
            return None
        if buffer[0] == 0x24:  # '$'
            if len(buffer) < 4:
                return None
            end = 4 + int.from_bytes(buffer[2:4], "big")
            if len(buffer) < end:
                return None
            frame = Frame(buffer[1], bytes(buffer[4:end]))
            del buffer[:end]
            return frame
        return self._message()

    def _message(self) -> Response | str | None:
        buffer = self._buffer
        match = _HEAD_END.search(buffer)
        if match is None:
            if len(buffer) > MAX_HEAD_BYTES:
                raise SpeakerError("its answer has no end: header above 64 KiB")
            return None
        head = bytes(buffer[: match.start()]).decode("utf-8", "replace")
        lines = head.splitlines()
        if not lines or not _START.match(lines[0]):
            raise SpeakerError(f"its answer is not RTSP: {lines[0][:60] if lines else ''!r}")
        headers = tuple(
            (name.strip().lower(), value.strip())
            for name, colon, value in (line.partition(":") for line in lines[1:])
            if colon
        )
        lengths = [value for name, value in headers if name == "content-length"]
        length = int(lengths[0]) if lengths and lengths[0].isascii() and lengths[0].isdigit() else 0
        if length > MAX_BODY_BYTES:
            raise SpeakerError(f"its answer announces a body of {length} bytes")
        if len(buffer) < match.end() + length:
            return None
        body = bytes(buffer[match.end() : match.end() + length])
        del buffer[: match.end() + length]
        status = _STATUS.match(lines[0])
        if status is None:
            return lines[0]
        return Response(int(status[1]), status[2].strip(), headers, body)
