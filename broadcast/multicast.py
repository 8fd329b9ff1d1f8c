"""Paging by RTP to a multicast group, as IP horns and telephones listen for it.

There is no session: who has joined the group plays what comes, and nobody says so. The receipt
tells that plainly.
"""

import ipaddress
import socket
import threading
from contextlib import closing
from urllib.parse import urlsplit

from broadcast.base import Delivery, StreamingDriver
from broadcast.codecs import Voice
from broadcast.errors import SpeakerError
from broadcast.feed import Feed
from broadcast.talk import Channel, Packetiser, say
from core.clock import Clock
from core.networks import AddressError, Networks

UNCONFIRMED = "nobody confirms paging: sent, not known to be heard"


class MulticastSpeaker(StreamingDriver):
    """A paging group.

    Args:
        camera: id of the camera, for messages.
        url: ``rtp://group:port``; a single device's address serves too.
        ttl: how far packets may go (RFC 1112): 1 stays in this network.
        interface: our IP address on the network to send in; None lets the system choose.
        networks: where a single device may stand; groups are bounded by ``ttl``.
    """

    name = "multicast"

    def __init__(
        self,
        camera: str,
        url: str,
        clock: Clock,
        *,
        voice: Voice,
        ttl: int = 1,
        interface: str | None = None,
        networks: Networks | None = None,
    ) -> None:
        self._who = f"camera {camera}"
        self._clock, self._voice = clock, voice
        self._ttl, self._interface, self._networks = ttl, interface, networks
        self._address, self._port = self._endpoint(url)

    def stream(
        self, feed: Feed, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        packets = Packetiser(self._voice.payload_type)
        with closing(self._socket()) as out:
            say(
                Channel(self._who, self._voice, lambda octets: out.send(packets.pack(octets))),
                feed,
                self._clock,
                stop,
                done,
            )
        done.reply(f"{self._voice.name} to {self._address}:{self._port}; {UNCONFIRMED}")
        return done

    def _endpoint(self, url: str) -> tuple[str, int]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise SpeakerError(f"{self._who}: {url!r} is no address: {error}") from None
        if parts.scheme.lower() != "rtp" or not host or not port:
            raise SpeakerError(f"{self._who}: paging address {url!r} is not rtp://group:port")
        try:
            if ipaddress.ip_address(host).is_multicast:
                return host, port
        except ValueError:
            pass  # a name; only devices have one
        try:
            return (host if self._networks is None else self._networks.address_of(host)), port
        except AddressError as error:
            raise SpeakerError(f"{self._who}: {error}") from None

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        out = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET:
                out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, self._ttl)
                if self._interface is not None:
                    ours = socket.inet_aton(self._interface)
                    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, ours)
            else:
                out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, self._ttl)
            if self._interface is not None:
                out.bind((self._interface, 0))
            out.connect((self._address, self._port))
        except OSError as error:
            out.close()
            raise SpeakerError(
                f"{self._who}: cannot page {self._address}:{self._port}: "
                f"{error.strerror or error}; `interface` names our address on the network it is in"
            ) from None
        return out
