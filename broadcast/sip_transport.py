"""How the messages of a call travel (RFC 3261, section 18): in datagrams, or on a connection.

A call asks for the transport of its address once and does not know afterwards which it has, only
whether requests must be repeated on it.
"""

import select
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass

from broadcast import sip_messages as sip
from broadcast.errors import SpeakerError
from broadcast.sip_messages import SipMessage
from broadcast.sip_wire import Wire
from broadcast.tls import SYSTEM, Trust
from core.clock import Clock
from core.networks import AddressError, Networks

MOST_DATAGRAM = 1300
"""A larger request may be cut by the network and belongs on a connection (section 18.1.1)."""
CONNECT_S = 5.0
AGAIN_S = 2.0
"""A connection that was lost, or that leads elsewhere, must stand so soon."""


@dataclass(frozen=True)
class Reach:
    """What every transport of one device must know.

    Attributes:
        who: how errors name the device.
        networks: where it may stand, and where it may send us to; None asks nothing.
        trust: what its certificate is held against.
    """

    who: str
    clock: Clock
    networks: Networks | None = None
    trust: Trust = SYSTEM

    def hop(self, uri: str, over: str = "") -> tuple[sip.Endpoint, str]:
        """Where a URI leads to over a transport, and the IP address of it: never outside the
        networks, whatever a Contact says."""
        try:
            end = sip.endpoint(uri, over)
            if self.networks is None:
                return end, end.host
            return end, self.networks.address_of(end.host)
        except (SpeakerError, AddressError) as error:
            raise SpeakerError(f"{self.who}: {error}") from None


class Transport(ABC):
    """The way of one call's messages.

    Attributes:
        name: as ``Via`` has it.
        reliable: what is sent arrives or fails; requests are not repeated.
    """

    name: str
    reliable: bool

    @property
    @abstractmethod
    def local(self) -> str:
        """Our own address on it."""

    @property
    @abstractmethod
    def port(self) -> int:
        """Our own port on it."""

    @property
    def here(self) -> str:
        """Our own address and port, for ``Via`` and ``Contact``."""
        return f"[{self.local}]:{self.port}" if ":" in self.local else f"{self.local}:{self.port}"

    @property
    @abstractmethod
    def lost(self) -> bool:
        """Nothing can come in any more until something is sent."""

    @abstractmethod
    def send(self, data: bytes, uri: str) -> None:
        """Send a request to where a URI leads.

        Raises:
            SpeakerError: it cannot be sent, or the address lies outside the networks.
        """

    @abstractmethod
    def reply(self, data: bytes) -> None:
        """Send an answer to where the message read last came from (section 18.2.2; RFC 3581)."""

    @abstractmethod
    def receive(self, wait_s: float) -> SipMessage | None:
        """The next message; None when none came in time.

        Raises:
            SpeakerError: the connection is lost, or what comes on it is no SIP.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of it; may be called again."""


def transport_to(
    uri: str,
    reach: Reach,
    stop: threading.Event,
    *,
    over: str = "",
    limit_s: float = CONNECT_S,
) -> Transport:
    """The transport that a URI asks for, ready to send.

    Args:
        stop: set to give up waiting for a connection.
        over: ``udp``, ``tcp`` or ``tls`` in its place.

    Raises:
        StoppedError: told to stop.
        SpeakerError: no such address, nobody takes a connection, or not whom we trust.
    """
    end, address = reach.hop(uri, over)
    if end.transport == "udp":
        return Datagrams(reach, address, end.port)
    return Stream(reach, end, address, stop=stop, limit_s=limit_s)


class Datagrams(Transport):
    """UDP. What cannot be read, or comes from outside the networks, is passed over."""

    name, reliable, lost = "UDP", False, False

    def __init__(self, reach: Reach, address: str, port: int) -> None:
        self._reach = reach
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._local = _own_address(family, (address, port), reach.who)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((self._local, 0))
        self._port = int(self._socket.getsockname()[1])
        self._source = (address, port)

    @property
    def local(self) -> str:
        return self._local

    @property
    def port(self) -> int:
        return self._port

    def send(self, data: bytes, uri: str) -> None:
        end, address = self._reach.hop(uri, "udp")
        self._send(data, (address, end.port))

    def reply(self, data: bytes) -> None:
        self._send(data, self._source)

    def receive(self, wait_s: float) -> SipMessage | None:
        if not select.select([self._socket], [], [], wait_s)[0]:
            return None
        try:
            data, source = self._socket.recvfrom(sip.MOST_OCTETS)
            message = sip.parse(data)
        except (OSError, SpeakerError):
            return None
        networks = self._reach.networks
        if networks is not None and not networks.permits(source[0]):
            return None
        self._source = source[:2]
        return message

    def close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes, peer: tuple[str, int]) -> None:
        try:
            self._socket.sendto(data, peer)
        except OSError as error:
            raise SpeakerError(
                f"{self._reach.who}: cannot send to {peer[0]}:{peer[1]}: {error.strerror or error}"
            ) from None


class Stream(Transport):
    """TCP or TLS: one connection, used for everything to the host it leads to.

    Devices name ports and transports in ``Contact`` at which nobody listens, so whatever goes to
    that host goes on this connection. A message for another host closes it and opens one there;
    when it was lost, a new one is opened to the port that the first one led to.
    """

    reliable = True

    def __init__(
        self,
        reach: Reach,
        end: sip.Endpoint,
        address: str,
        *,
        stop: threading.Event,
        limit_s: float,
    ) -> None:
        self.name = end.transport.upper()
        self._reach, self._end, self._address = reach, end, address
        self._waiting: deque[SipMessage] = deque()
        self._wire = self._dial(limit_s, stop)

    @property
    def local(self) -> str:
        return str(self._wire.local)

    @property
    def port(self) -> int:
        return int(self._wire.port)

    @property
    def lost(self) -> bool:
        return self._wire.error is not None

    def send(self, data: bytes, uri: str) -> None:
        end, address = self._reach.hop(uri, self._end.transport)
        self._waiting += self._wire.read(0.0)
        elsewhere = address != self._address
        if elsewhere:
            self._end, self._address = end, address
        if elsewhere or self.lost:
            self._wire.close()
            self._wire = self._dial(AGAIN_S)
        self._wire.send(data)

    def reply(self, data: bytes) -> None:
        self._wire.send(data)

    def receive(self, wait_s: float) -> SipMessage | None:
        self._waiting += self._wire.read(0.0 if self._waiting else wait_s)
        if self._waiting:
            return self._waiting.popleft()
        if self._wire.error is not None:
            raise self._wire.error
        return None

    def close(self) -> None:
        self._wire.close()

    def _dial(self, limit_s: float, stop: threading.Event | None = None) -> Wire:
        return Wire(
            self._reach.who,
            self._end.host,
            self._address,
            self._end.port,
            self._reach.clock,
            trust=self._reach.trust if self._end.transport == "tls" else None,
            limit_s=limit_s,
            stop=stop,
        )


def _own_address(family: socket.AddressFamily, peer: tuple[str, int], who: str) -> str:
    """Our address on the way to a peer; nothing is sent to find it."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(peer)
        except OSError as error:
            raise SpeakerError(
                f"{who}: no way to {peer[0]}: {error.strerror or error}; check the network"
            ) from None
        return str(probe.getsockname()[0])
