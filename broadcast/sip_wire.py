"""One connection that carries SIP, by TCP or by TLS over it.

The socket never blocks. Every wait has a limit on the injected clock and is cut into steps, so that
a talk that is called off does not hang in a connection that nobody takes.
"""

import errno
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from broadcast.errors import SpeakerError, StoppedError
from broadcast.sip_messages import SipMessage
from broadcast.sip_stream import Reader
from broadcast.tls import Trust
from core.clock import NS_PER_S, Clock

T = TypeVar("T")

WRITE_S = 2.0
_STEP_S = 0.1
_READ_OCTETS = 65_536
_MOST_READS = 16  # at a time, so that a flood cannot break the beat


class Wire:
    """A connection to one device.

    Args:
        who: how errors name the device.
        name: its host as configured, which a certificate must name.
        address: the IP address that was checked against the camera networks.
        trust: TLS, and what its certificate is held against; None: plain TCP.
        limit_s: longest wait until it stands.
        stop: set to give up waiting for that.

    Attributes:
        error: why nothing more comes; None while it stands.

    Raises:
        StoppedError: told to stop.
        SpeakerError: nobody takes it, or it is not whom we trust.
    """

    def __init__(
        self,
        who: str,
        name: str,
        address: str,
        port: int,
        clock: Clock,
        *,
        trust: Trust | None,
        limit_s: float,
        stop: threading.Event | None = None,
    ) -> None:
        self._who, self._clock, self._stop = who, clock, stop
        self._place = f"{f'[{name}]' if ':' in name else name}:{port}"
        self._reader = Reader()
        self.error: SpeakerError | None = None
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end_ns = self._after(limit_s)
            self._connect((address, port), end_ns, limit_s)
            if trust is not None:
                self._secure(trust, name, end_ns, limit_s)
            self._stop = None  # what follows ends the call, also when told to stop
            self.local, self.port = self._socket.getsockname()[:2]
        except BaseException:
            self._socket.close()
            raise

    def send(self, data: bytes) -> None:
        """Send all of it. Raises SpeakerError when the device takes no more."""
        end_ns = self._after(WRITE_S)
        left = memoryview(data)
        try:
            while left:
                left = left[self._patiently(partial(self._socket.send, left), end_ns) :]
        except TimeoutError:
            raise SpeakerError(f"{self._who}: takes no more data; the device hangs") from None
        except OSError as error:
            raise SpeakerError(f"{self._who}: the connection broke: {_plain(error)}") from None

    def read(self, wait_s: float) -> list[SipMessage]:
        """What has come in; waits so long for the first octets. Sets :attr:`error` at the end."""
        found: list[SipMessage] = []
        for _ in range(_MOST_READS):
            if self.error is not None:
                break
            try:
                data = self._socket.recv(_READ_OCTETS)
                if not data:
                    self.error = SpeakerError(f"{self._who}: closed the connection")
                self._reader.feed(data)
                while (message := self._reader.next()) is not None:
                    found.append(message)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                # TLS may hold octets that select does not see: ask first, wait then.
                self._acknowledge()
                if found or not select.select([self._socket], [], [], wait_s)[0]:
                    break
                wait_s = 0.0
            except SpeakerError as error:
                self.error = SpeakerError(f"{self._who}: {error}")
            except OSError as error:
                self.error = SpeakerError(f"{self._who}: the connection broke: {_plain(error)}")
        return found

    def _acknowledge(self) -> None:
        """Let the kernel acknowledge at once what has come in, where it can be told (Linux).

        After the handshake of TLS 1.3 come session tickets; a device that leaves Nagle's algorithm
        on holds its answer to INVITE back until they are acknowledged, 40 ms later.
        """
        if (option := getattr(socket, "TCP_QUICKACK", None)) is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, option, 1)

    def close(self) -> None:
        """Close it; may be called again."""
        if isinstance(self._socket, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self._socket.unwrap()  # says that this is the end; its answer is not waited for
        self._socket.close()

    def _connect(self, peer: tuple[str, int], end_ns: int, limit_s: float) -> None:
        try:
            code = self._socket.connect_ex(peer)
            if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
                self._await(end_ns, write=True)
                code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
        except OSError as error:
            raise SpeakerError(
                f"{self._who}: cannot connect to {self._place} over TCP: "
                f"{_plain(error) if str(error) else f'no answer within {limit_s:g} s'}; "
                "check the address, the network and the device's power"
            ) from None

    def _secure(self, trust: Trust, name: str, end_ns: int, limit_s: float) -> None:
        try:
            secured = trust.context().wrap_socket(
                self._socket, server_hostname=name, do_handshake_on_connect=False
            )
            self._socket = secured
            self._patiently(secured.do_handshake, end_ns)
            trust.check(secured)
        except ssl.SSLCertVerificationError as error:
            raise SpeakerError(
                f"{self._who}: the certificate of {self._place} is not accepted "
                f"({error.verify_message}); name its authority in speaker.ca_file, or its own "
                "SHA-256 in speaker.fingerprint"
            ) from None
        except TimeoutError:
            raise SpeakerError(
                f"{self._who}: {self._place} does not answer in TLS within {limit_s:g} s; check "
                "the port, SIP over TLS is mostly at 5061"
            ) from None
        except OSError as error:
            raise SpeakerError(
                f"{self._who}: no TLS with {self._place}: {_plain(error)}; check the port, SIP "
                "over TLS is mostly at 5061"
            ) from None
        except StoppedError:
            raise
        except SpeakerError as error:
            raise SpeakerError(f"{self._who}: {error}") from None

    def _patiently(self, act: Callable[[], T], end_ns: int) -> T:
        while True:
            try:
                return act()
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._await(end_ns, write=True)
            except ssl.SSLWantReadError:
                self._await(end_ns, write=False)

    def _await(self, end_ns: int, *, write: bool) -> None:
        """Wait until the socket can be written to, or read. Raises TimeoutError, StoppedError."""
        mine = [self._socket]
        while self._clock.monotonic_ns() < end_ns:
            if self._stop is not None and self._stop.is_set():
                raise StoppedError(f"{self._who}: stopped before it answered")
            if any(select.select([] if write else mine, mine if write else [], [], _STEP_S)):
                return
        raise TimeoutError

    def _after(self, seconds: float) -> int:
        return self._clock.monotonic_ns() + round(seconds * NS_PER_S)


def _plain(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error) or type(error).__name__
