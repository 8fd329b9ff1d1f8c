"""A small RTSP client (RFC 2326) over one TCP connection, made for sending.

One thread does everything: it writes requests and interleaved frames, and between them empties
what the device sends, because a device that cannot write stops reading. Nothing waits without
a limit.
"""

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import structlog

from broadcast.errors import SignInError, SpeakerError
from broadcast.rtsp_messages import Frame, Reader, Response, request
from core import rtsp_auth
from core.clock import NS_PER_S, Clock
from core.networks import AddressError, Networks

log = structlog.get_logger()

USER_AGENT = "Wardwatch"
DEFAULT_PORT = 554
_READ_BYTES = 65536
_MOST_READS = 64  # between two packets, so that a flood of video cannot break the beat


class RtspClient:
    """One connection to one device.

    Args:
        url: rtsp:// address without credentials.
        who: how errors name the device, e.g. ``camera river``.
        clock: only its monotonic side is used, for the limits of waiting.
        username: sign-in name, None when the device wants none.
        password: its password.
        networks: where the device may stand; None asks nothing.
        timeout_s: longest wait for connecting, for each answer, and for each write.

    Raises:
        SpeakerError: the address is unusable or nobody answers there.
    """

    def __init__(
        self,
        url: str,
        who: str,
        clock: Clock,
        *,
        username: str | None = None,
        password: str = "",
        networks: Networks | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        self.url = url
        self.who = who
        self._clock = clock
        self.server = ""
        self._username, self._password = username, password
        self._timeout_s = timeout_s
        self._challenge: rtsp_auth.Challenge | None = None
        self._reader = Reader()
        self._sequence = 0
        self._answers: list[Response] = []
        self._closed_by_peer = False
        host, port = _endpoint(url, who)
        try:
            address = host if networks is None else networks.address_of(host)
            self._socket = socket.create_connection((address, port), timeout_s)
        except AddressError as error:
            raise SpeakerError(f"{who}: {error}") from None
        except OSError as error:
            raise SpeakerError(
                f"{who}: cannot connect to {host}:{port}: {_plain(error)}; "
                "check the address, the network and the device's power"
            ) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def peer(self) -> str:
        """Address of the device as connected."""
        return str(self._socket.getpeername()[0])

    @property
    def family(self) -> socket.AddressFamily:
        return self._socket.family

    @property
    def local(self) -> str:
        """Our own address on this connection."""
        return str(self._socket.getsockname()[0])

    def close(self) -> None:
        """Close the connection; may be called again."""
        self._socket.close()

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Response:
        """Send a request and wait for its answer, signing in when the device asks for it.

        Raises:
            SignInError: the device wants a sign-in that we do not have, or refuses ours.
            SpeakerError: no answer in time, or the connection broke.
        """
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        retries = 0
        while True:
            answer = self._await(self.send(method, url, headers), method, limit_s)
            if answer.code != 401:
                return answer
            fresh = rtsp_auth.strongest(answer.all("www-authenticate"))
            if self._username is None:
                raise SignInError(
                    f"{self.who}: {method} wants a sign-in; set the camera's username and password"
                )
            if fresh is None:
                raise SignInError(f"{self.who}: {method} wants a sign-in of a kind unknown here")
            # A second 401 means a wrong password, unless only the nonce had grown old.
            if retries and not (fresh.stale and retries < 2):
                raise SignInError(
                    f"{self.who}: {method} refuses the user name or password; "
                    "check the camera's username and password"
                )
            if fresh.algorithm == "BASIC":
                log.warning("speaker.password_in_clear", device=self.who)
            self._challenge = fresh
            retries += 1

    def send(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> int:
        """Send a request without waiting; gives its CSeq. :meth:`poll` finds the answer."""
        self._sequence += 1
        lines = {"CSeq": str(self._sequence), "User-Agent": USER_AGENT}
        if self._challenge is not None and self._username is not None:
            lines["Authorization"] = self._challenge.answer(
                method, url, self._username, self._password
            )
        lines.update(headers or {})
        try:
            data = request(method, url, lines)
        except SpeakerError as error:
            raise SpeakerError(f"{self.who}: {error}") from None
        self._write(data, method)
        return self._sequence

    def send_frame(self, channel: int, data: bytes) -> None:
        """Send an interleaved frame and take in whatever the device has sent meanwhile."""
        self._write(Frame(channel, data).pack(), "audio")

    def poll(self, wait_s: float = 0.0) -> list[Response]:
        """Answers that have come in; waits up to ``wait_s`` for the first bytes.

        Raises:
            SpeakerError: the device closed the connection or sends what is not RTSP.
        """
        self._receive(wait_s)
        answers, self._answers = self._answers, []
        if self._closed_by_peer and not answers:
            raise SpeakerError(f"{self.who}: closed the connection")
        return answers

    def _await(self, sequence: int, method: str, limit_s: float) -> Response:
        end_ns = self._clock.monotonic_ns() + round(limit_s * NS_PER_S)
        while (left_ns := end_ns - self._clock.monotonic_ns()) > 0:
            try:
                answers = self.poll(left_ns / NS_PER_S)
            except SpeakerError as error:
                raise SpeakerError(f"{error} instead of answering {method}") from None
            for answer in answers:
                self.server = answer.first("server") or self.server
                # Some devices leave CSeq out; they answer one request at a time.
                if answer.sequence in (sequence, None):
                    return answer
        raise SpeakerError(
            f"{self.who}: no answer to {method} within {limit_s:g} s; the device hangs, "
            "restart it if this repeats"
        )

    def _write(self, data: bytes, what: str) -> None:
        try:
            self._socket.settimeout(self._timeout_s)
            self._socket.sendall(data)
        except TimeoutError:
            raise SpeakerError(
                f"{self.who}: takes no more data ({what}, {self._timeout_s:g} s); the device hangs"
            ) from None
        except OSError as error:
            raise SpeakerError(
                f"{self.who}: the connection broke at {what}: {_plain(error)}"
            ) from None

    def _receive(self, wait_s: float) -> None:
        """Take in what is there. Audio or video that the device sends to us is let go."""
        for _ in range(_MOST_READS):
            if self._closed_by_peer:
                return
            # A timeout of 0 makes the socket non-blocking: take what is there.
            self._socket.settimeout(max(0.0, wait_s))
            try:
                data = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, TimeoutError):
                return
            except OSError as error:
                raise SpeakerError(f"{self.who}: the connection broke: {_plain(error)}") from None
            self._closed_by_peer = not data
            try:
                self._answers += [r for r in self._reader.feed(data) if isinstance(r, Response)]
            except SpeakerError as error:
                raise SpeakerError(f"{self.who}: {error}") from None
            if len(data) < _READ_BYTES:
                return
            wait_s = 0.0


def _endpoint(url: str, who: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError as error:
        raise SpeakerError(f"{who}: {url!r} is no address: {error}") from None
    if parts.scheme.lower() != "rtsp" or not host:
        raise SpeakerError(f"{who}: speaker address {url!r} is not of the form rtsp://host/path")
    if "@" in parts.netloc:
        raise SpeakerError(
            f"{who}: the speaker address holds credentials; "
            "give them as the camera's username and password"
        )
    return host, port


def _plain(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
