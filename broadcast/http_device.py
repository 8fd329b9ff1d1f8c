"""HTTP (RFC 9112) to a device: requests that sign in, and bodies that are sent as they are spoken.

One connection a request: small devices drop idle ones without a word. The connection goes to the
address that was checked against the camera networks; redirections are not followed, for they
would lead elsewhere.
"""

import http.client
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from broadcast.errors import SignInError, SpeakerError
from core import rtsp_auth
from core.credentials import Credential
from core.networks import AddressError, Networks

log = structlog.get_logger()

USER_AGENT = "Wardwatch"
_MOST_BODY = 256 * 1024
_MOST_HEAD = 16 * 1024


@dataclass(frozen=True)
class Answer:
    """What a device answered.

    Attributes:
        challenges: its ``WWW-Authenticate`` headers.
    """

    code: int
    reason: str
    body: bytes = b""
    challenges: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".strip()


class HttpDevice:
    """One device.

    Args:
        url: http:// or https:// address; its path is kept before the paths asked for.
        who: how errors name the device.
        credential: how to sign in, None when the device wants nothing.
        networks: where it may stand; None asks nothing.
        timeout_s: longest wait for connecting, for each answer, and for each write.
    """

    def __init__(
        self,
        url: str,
        who: str,
        *,
        credential: Credential | None = None,
        networks: Networks | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        self.who = who
        self._credential, self._networks, self._timeout_s = credential, networks, timeout_s
        self._challenge: rtsp_auth.Challenge | None = None
        try:
            parts = urlsplit(url)
            self._host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise SpeakerError(f"{who}: {url!r} is no address: {error}") from None
        self._tls = parts.scheme.lower() == "https"
        if parts.scheme.lower() not in ("http", "https") or not self._host:
            raise SpeakerError(f"{who}: speaker address {url!r} is not of the form http://host")
        self._port = port or (443 if self._tls else 80)
        self._base = parts.path.rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send a request, signing in when the device asks for it.

        Raises:
            SignInError: the device wants a sign-in that we do not have, or refuses ours.
            SpeakerError: no answer in time, or the connection broke.
        """
        answer = self._once(method, path, body, headers, timeout_s)
        if answer.code != 401:
            return answer
        self.take_challenge(answer)
        answer = self._once(method, path, body, headers, timeout_s)
        if answer.code == 401 and self._stale(answer):
            self.take_challenge(answer)
            answer = self._once(method, path, body, headers, timeout_s)
        if answer.code == 401:
            raise SignInError(
                f"{self.who}: refuses the user name or password; check the loudspeaker's sign-in"
            )
        return answer

    def take_challenge(self, answer: Answer) -> None:
        """Learn from a 401 how to sign in. Raises SignInError when we cannot."""
        fresh = rtsp_auth.strongest(answer.challenges)
        if self._credential is None:
            raise SignInError(
                f"{self.who}: wants a sign-in; set the loudspeaker's username and password"
            )
        if fresh is None:
            raise SignInError(f"{self.who}: wants a sign-in of a kind unknown here")
        if fresh.algorithm == "BASIC" and not self._tls:
            log.warning("speaker.password_in_clear", device=self.who)
        self._challenge = fresh

    def stream(self, method: str, path: str, headers: Mapping[str, str]) -> "BodyStream":
        """Begin a request whose body is sent bit by bit. Signs in with what is known already."""
        connection = self._connect()
        target = self._base + path
        lines = self._headers(method, target, headers)
        head = f"{method} {target} HTTP/1.1\r\nHost: {self._authority}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        stream = BodyStream(connection, self.who, self._timeout_s)
        try:
            stream.send(head.encode() + b"\r\n")
        except SpeakerError:
            stream.close()
            raise
        return stream

    @property
    def _authority(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._port == (443 if self._tls else 80) else f"{host}:{self._port}"

    def _stale(self, answer: Answer) -> bool:
        fresh = rtsp_auth.strongest(answer.challenges)
        return fresh is not None and fresh.stale

    def _headers(self, method: str, target: str, more: Mapping[str, str] | None) -> dict[str, str]:
        lines = {"User-Agent": USER_AGENT, **(more or {})}
        if self._challenge is not None and self._credential is not None:
            lines["Authorization"] = self._challenge.answer(
                method, target, self._credential.username, self._credential.password
            )
        return lines

    def _connect(self) -> socket.socket:
        try:
            address = (
                self._host if self._networks is None else self._networks.address_of(self._host)
            )
            connection = socket.create_connection((address, self._port), self._timeout_s)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._tls:
                return connection
            context = ssl.create_default_context()
            return context.wrap_socket(connection, server_hostname=self._host)
        except AddressError as error:
            raise SpeakerError(f"{self.who}: {error}") from None
        except OSError as error:
            raise SpeakerError(
                f"{self.who}: cannot connect to {self._host}:{self._port}: "
                f"{error.strerror or error}; check the address, the network and the device's power"
            ) from None

    def _once(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        timeout_s: float | None,
    ) -> Answer:
        target = self._base + path
        connection = http.client.HTTPConnection(self._authority)
        connection.sock = self._connect()
        connection.sock.settimeout(self._timeout_s if timeout_s is None else timeout_s)
        lines = {**self._headers(method, target, headers), "Connection": "close"}
        try:
            connection.request(method, target, body, lines)
            response = connection.getresponse()
            return Answer(
                response.status,
                response.reason,
                response.read(_MOST_BODY),
                tuple(response.headers.get_all("WWW-Authenticate", [])),
            )
        except TimeoutError:
            raise SpeakerError(
                f"{self.who}: no answer to {method} {path.partition('?')[0]} in time; the device "
                "hangs, restart it if this repeats"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise SpeakerError(
                f"{self.who}: the connection broke at {method} {path.partition('?')[0]}: "
                f"{error or type(error).__name__}"
            ) from None
        finally:
            connection.close()


class BodyStream:
    """An open request. :meth:`close` ends it and may be called again."""

    def __init__(self, connection: socket.socket, who: str, timeout_s: float) -> None:
        self._connection, self._who, self._timeout_s = connection, who, timeout_s
        self._head = b""
        self._answered = False

    def send(self, data: bytes) -> None:
        """Send more of the body. Raises SpeakerError when the device takes no more."""
        try:
            self._connection.settimeout(self._timeout_s)
            self._connection.sendall(data)
        except TimeoutError:
            raise SpeakerError(f"{self._who}: takes no more data; the device hangs") from None
        except OSError as error:
            raise SpeakerError(
                f"{self._who}: the connection broke: {error.strerror or error}"
            ) from None

    def poll(self, wait_s: float = 0.0) -> Answer | None:
        """The head of the device's answer, once, when it has come.

        Raises:
            SpeakerError: the device closed the connection, or answers what is no HTTP.
        """
        while select.select([self._connection], [], [], wait_s)[0]:
            try:
                data = self._connection.recv(4096)
            except OSError as error:
                raise SpeakerError(
                    f"{self._who}: the connection broke: {error.strerror or error}"
                ) from None
            if not data:
                raise SpeakerError(f"{self._who}: closed the connection")
            if self._answered:
                continue
            self._head += data
            if b"\r\n\r\n" in self._head:
                self._answered = True
                return self._parsed()
            if len(self._head) > _MOST_HEAD:
                raise SpeakerError(f"{self._who}: answers what is no HTTP")
        return None

    def close(self) -> None:
        """End the request."""
        self._connection.close()

    def _parsed(self) -> Answer:
        lines = self._head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        code, _, reason = rest.partition(" ")
        if not version.startswith("HTTP/") or not code.isdecimal():
            raise SpeakerError(f"{self._who}: answers what is no HTTP: {lines[0][:60]!r}")
        fields = [line.partition(":") for line in lines[1:]]
        asked = tuple(v.strip() for k, _, v in fields if k.strip().lower() == "www-authenticate")
        return Answer(int(code), reason, challenges=asked)
