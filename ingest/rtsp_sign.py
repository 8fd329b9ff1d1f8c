"""Signing in by Digest with SHA-256 (RFC 7616) for FFmpeg, which knows only MD5.

Newer cameras can be told to accept nothing weaker. Between FFmpeg and such a camera stands a
gateway in this process: FFmpeg asks it without a password, it signs each request and passes
everything else on, RTP interleaved with RTSP (RFC 2326 §10.12). So it is TCP only.
"""

import contextlib
import re
import secrets
import selectors
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import structlog

from core.rtsp_auth import Challenge, challenges, strongest
from ingest.errors import IngestError

HEAD_MOST_BYTES = 1 << 16
BODY_MOST_BYTES = 1 << 20
_READ_BYTES = 1 << 16
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length\s*:\s*(\d{1,7})\s*$")
_SEQUENCE = re.compile(rb"(?im)^cseq\s*:\s*(\d{1,9})\s*$")
_CHALLENGE = re.compile(rb"(?im)^www-authenticate\s*:[ \t]*([^\r\n]*)(?:\r?\n|\Z)")
_PROOF = re.compile(rb"(?im)^authorization\s*:[^\n]*\n")

log = structlog.get_logger()


def only_sha256(host: str, port: int, url: str, timeout_s: float) -> bool:
    """Whether a camera wants what FFmpeg cannot do.

    FFmpeg answers the last Digest challenge it is given. It asks once, without a password.

    Raises:
        OSError: the camera cannot be reached.
        IngestError: what answers is no RTSP.
    """
    ask = f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    with socket.create_connection((host, port), timeout_s) as camera:
        camera.sendall(ask.encode())
        messages = Messages()
        while data := camera.recv(_READ_BYTES):
            for one in messages.feed(data):
                if one.head.startswith(b"RTSP/"):
                    offered = [c for c in challenges(_offers(one)) if c.algorithm != "BASIC"]
                    return bool(offered) and offered[-1].algorithm == "SHA-256"
    return False


class SigningGateway:
    """Serves one session; it ends with either side's connection.

    Nobody else on this machine gets through: the address holds a token that only we know.

    Args:
        who: how log lines name the camera.
        host, port: where to connect.
        url: the camera's address as requests name it, without user name.
        account: user name and password.
        timeout_s: for connecting, and for each write.
    """

    basic = False
    """Whether a camera that asks for nothing better is shown the password."""

    def __init__(
        self,
        who: str,
        host: str,
        port: int,
        url: str,
        account: tuple[str, str],
        timeout_s: float,
    ) -> None:
        self._who, self._camera_at, self._url = who, (host, port), url.encode()
        self._username, self._password = account
        self._timeout_s = timeout_s
        self._challenge: Challenge | None = None
        self._known = False
        self._asked: dict[int, Message] = {}  # by CSeq
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.settimeout(timeout_s)
        own = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/{secrets.token_urlsafe(24)}"
        self.address = own
        self._own = own.encode()
        self._thread = threading.Thread(target=self._run, name=f"sign-{who}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for nobody any more; a session that runs goes on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes an accept
        self._listener.close()

    def _run(self) -> None:
        try:
            with self._listener:
                player, _ = self._listener.accept()
            with player, socket.create_connection(self._camera_at, self._timeout_s) as camera:
                for one in (player, camera):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    one.settimeout(self._timeout_s)
                self._pass_on(player, camera)
        except (OSError, IngestError) as error:
            log.debug("signed session ended", who=self._who, why=str(error))

    def _pass_on(self, player: socket.socket, camera: socket.socket) -> None:
        asked, answered = Messages(), Messages()
        with selectors.DefaultSelector() as waiting:
            waiting.register(player, selectors.EVENT_READ)
            waiting.register(camera, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    asks = key.fileobj is player
                    data = (player if asks else camera).recv(_READ_BYTES)
                    if not data:
                        return
                    if asks:
                        camera.sendall(b"".join(self.request(one) for one in asked.feed(data)))
                    else:
                        for one in answered.feed(data):
                            self._answer(one, player, camera)

    def _answer(self, answer: "Message", player: socket.socket, camera: socket.socket) -> None:
        again = self.again(answer)
        if again is not None:
            camera.sendall(again)
        else:
            # FFmpeg would ask again, and be signed for again.
            player.sendall(answer.unchallenged)

    def request(self, message: "Message") -> bytes:
        """What FFmpeg asks, signed if the camera has said how; frames as they are."""
        words = message.head.partition(b"\n")[0].split()
        if len(words) != 3 or not words[2].startswith(b"RTSP/"):
            return message.raw
        if not self._known and not words[1].startswith(self._own):
            raise IngestError("somebody else has come")
        self._known = True
        sequence = _SEQUENCE.search(message.head)
        if sequence is not None:
            self._asked[int(sequence[1])] = message
        return self._signed(message)

    def _signed(self, message: "Message") -> bytes:
        line, _, rest = message.head.partition(b"\n")
        method, uri, version = line.split()
        if uri.startswith(self._own):
            uri = self._url + uri[len(self._own) :]
        lines = [b"%s %s %s" % (method, uri, version), _PROOF.sub(b"", rest + b"\n").strip()]
        if self._challenge is not None:
            asked = (method.decode("latin-1"), uri.decode("latin-1"))
            proof = self._challenge.answer(*asked, self._username, self._password)
            lines.append(b"Authorization: " + proof.encode())
        return b"\r\n".join(lines) + b"\r\n\r\n" + message.body

    def again(self, answer: "Message") -> bytes | None:
        """The request once more, now signed; None to pass the answer on.

        Signed twice only where the camera says that merely the nonce had grown old: cameras
        count wrong sign-ins.
        """
        sequence = _SEQUENCE.search(answer.head)
        if not answer.head.startswith(b"RTSP/") or sequence is None:
            return None
        request = self._asked.pop(int(sequence[1]), None)
        if request is None or answer.head.split(None, 2)[1] != b"401":
            return None
        fresh = strongest(_offers(answer))
        if fresh is None or (fresh.algorithm == "BASIC" and not self.basic):
            return None
        if self._challenge is not None and not fresh.stale:
            return None
        self._challenge = fresh
        return self._signed(request)


@dataclass(frozen=True)
class Message:
    """A request, an answer, or an interleaved frame (``head`` empty)."""

    head: bytes
    body: bytes

    @property
    def unchallenged(self) -> bytes:
        """Without the headers that ask for a sign-in."""
        head = _CHALLENGE.sub(b"", self.head).rstrip()
        return replace(self, head=head).raw if head else self.body

    @property
    def raw(self) -> bytes:
        return b"%s\r\n\r\n%s" % (self.head, self.body) if self.head else self.body


class Messages:
    """Cuts one direction of a connection into messages, whatever the packet borders."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def rest(self) -> bytes:
        """What is not complete yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add bytes and yield what is complete; frames that follow each other come together.

        Raises:
            IngestError: this is not RTSP, or a message is too large.
        """
        buffer = self._buffer
        buffer += data
        while buffer:
            frames = self._frames_end()
            if frames:
                yield Message(b"", bytes(buffer[:frames]))
                del buffer[:frames]
            elif buffer[0] == 0x24:
                return  # the rest of a frame is still to come
            elif buffer[0] in b"\r\n":
                del buffer[:1]
            elif (message := self._text()) is not None:
                yield message
            else:
                return

    def _frames_end(self) -> int:
        end, size = 0, len(self._buffer)
        while end + 4 <= size and self._buffer[end] == 0x24:  # '$'
            after = end + 4 + int.from_bytes(self._buffer[end + 2 : end + 4], "big")
            if after > size:
                break
            end = after
        return end

    def _text(self) -> Message | None:
        buffer = self._buffer
        match = _HEAD_END.search(buffer, 0, HEAD_MOST_BYTES)
        if match is None:
            if len(buffer) > HEAD_MOST_BYTES:
                raise IngestError("an RTSP header without an end")
            return None
        head = bytes(buffer[: match.start()])
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if size > BODY_MOST_BYTES:
            raise IngestError(f"an RTSP body of {size} bytes")
        end = match.end() + size
        if len(buffer) < end:
            return None
        message = Message(head, bytes(buffer[match.end() : end]))
        del buffer[:end]
        return message


def _offers(answer: Message) -> list[str]:
    return [found.decode("utf-8", "replace") for found in _CHALLENGE.findall(answer.head)]


def endpoint(netloc: str) -> tuple[str, int]:
    """Host and port of ``host[:port]``, 554 by default (RFC 2326 §3.2)."""
    parts = urlsplit(f"//{netloc}")
    return parts.hostname or "", parts.port or 554
