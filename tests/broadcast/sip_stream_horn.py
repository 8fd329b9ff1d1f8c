"""The horn of :mod:`tests.broadcast.sip_horn` on a connection, by TCP or TLS, with faults of its
own."""

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field

from tests.broadcast.certificates import Certificate
from tests.broadcast.sip_horn import SipHorn


@dataclass
class StreamHorn(SipHorn):
    """Takes one connection at a time."""

    certificate: Certificate | None = None  # TLS, and who it says it is
    host: str = "127.0.0.1"
    number: int = 0  # port to listen at
    cut: int = 65536  # octets in one segment
    before: bytes = b""  # sent before every message
    answers_at_once: bytes = b""  # sent to whoever connects
    instead: bytes | None = None  # sent in place of the answer to INVITE
    drops_at: str = ""  # hangs the connection up at this method, without an answer
    drops_when_it_rang: bool = False  # once
    drops_after: int | None = None  # packets of sound
    gone_then: bool = False  # and takes no other connection

    connections: int = field(default=0, init=False)
    vias: list[str] = field(default_factory=list, init=False)

    def _open(self) -> None:
        self._listener = socket.create_server((self.host, self.number))
        self._listener.settimeout(0.05)
        self.number = self._listener.getsockname()[1]
        self._line: socket.socket | None = None
        self._octets = b""
        kind = "tcp" if self.certificate is None else "tls"
        self.uri = f"sip:horn@{self.host}:{self.number};transport={kind}"

    def _close(self) -> None:
        self._drop()
        self._listener.close()

    def _drop(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
            self._line.close()
        self._line = None

    def _read(self) -> str:
        while (found := self._cut_off()) is None:
            try:
                data = self._accepted().recv(4096)
            except (BlockingIOError, TimeoutError):
                raise TimeoutError from None
            except OSError:
                data = b""
            if not data:
                self._drop()
                raise TimeoutError
            self._octets += data
        self.vias += re.findall(r"^Via: (\S+)", found, re.M)
        if found.startswith(self.drops_at or "-"):
            self._drop()
            raise TimeoutError
        return found

    def _cut_off(self) -> str | None:
        head, end, rest = self._octets.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(re.findall(rb"Content-Length: (\d+)", head)[0])
        if len(rest) < length:
            return None
        self._octets = rest[length:]
        return (head + end + rest[:length]).decode()

    def _accepted(self) -> socket.socket:
        if self._line is None:
            line, _ = self._listener.accept()
            self.connections += 1
            self._octets = b""
            line.settimeout(30)
            if self.certificate is not None:
                try:
                    line = self.certificate.context().wrap_socket(line, server_side=True)
                except OSError:  # it does not like our certificate
                    line.close()
                    raise TimeoutError from None
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(0.05)
            line.sendall(self.answers_at_once)
            self._line = line
        return self._line

    def _write(self, message: str) -> None:
        data = self.before + message.encode()
        if self.instead is not None:
            data = self.instead
        line = self._line
        rang = message.startswith("SIP/2.0 180")
        for begin in range(0, len(data), self.cut):
            if line is not None:
                with suppress(OSError, ssl.SSLError):
                    line.sendall(data[begin : begin + self.cut])
        if rang and self.drops_when_it_rang:
            self.drops_when_it_rang = False
            self.hang_up()

    def _heard(self) -> None:
        super()._heard()
        if len(self.packets) == self.drops_after:
            if self.gone_then:
                self._listener.close()
            self.hang_up()

    def hang_up(self) -> None:
        """The thread that reads finds the end of it."""
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
