"""Finding cameras on the local network: WS-Discovery of April 2005 over UDP port 3702.

ONVIF Core, section 7.3: a client multicasts a Probe, each camera answers with ProbeMatches to
the address the Probe came from. UDP loses packets, so a Probe is sent more than once
(SOAP-over-UDP, section 2.3).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import structlog

from ingest.onvif.errors import AnswerError, OnvifError
from ingest.onvif.soap import Markup, element
from ingest.onvif.tree import Node, parse

MULTICAST = ("239.255.255.250", 3702)
DEVICES_MOST = 2048
_REPEAT_S = (0.0, 0.3, 1.0)
_SCOPE = "onvif://www.onvif.org/"
_TYPES = ("dn:NetworkVideoTransmitter", "tds:Device")
_SPACES = {
    "xmlns:s": "http://www.w3.org/2003/05/soap-envelope",
    "xmlns:a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "xmlns:d": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
    "xmlns:dn": "http://www.onvif.org/ver10/network/wsdl",
    "xmlns:tds": "http://www.onvif.org/ver10/device/wsdl",
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Discovered:
    """A device that answered.

    Attributes:
        endpoint: its lasting name, ``urn:uuid:…``.
        types: local names, e.g. ``NetworkVideoTransmitter``.
        name: from its scopes, as are ``hardware`` and ``location``; may be empty.
        addresses: of its device service, http or https, as it gave them.
        sender: IP address that the answer came from.
    """

    endpoint: str
    types: tuple[str, ...]
    name: str
    hardware: str
    location: str
    addresses: tuple[str, ...]
    scopes: tuple[str, ...]
    sender: str = ""

    @property
    def address(self) -> str:
        """The address to try first: of the sender, else IPv4, else any; empty without one."""

        def rank(url: str) -> tuple[bool, bool]:
            host = urlsplit(url).hostname or ""
            return (host != self.sender, not _is_ipv4(host))

        return min(self.addresses, key=rank, default="")


def probe(message_id: str, types: str) -> bytes:
    """A Probe (WS-Discovery, section 5.2)."""
    header = element(
        "s:Header",
        element("a:MessageID", message_id),
        element("a:To", "urn:schemas-xmlsoap-org:ws:2005:04:discovery"),
        element("a:Action", f"{_SPACES['xmlns:d']}/Probe"),
    )
    body = element("s:Body", element("d:Probe", element("d:Types", types)))
    return f'<?xml version="1.0" encoding="UTF-8"?>{_whole(header, body)}'.encode()


def read_matches(data: bytes, asked: Iterable[str]) -> tuple[Discovered, ...]:
    """ProbeMatches (WS-Discovery, section 5.3).

    Args:
        asked: our message ids; the answer to somebody else's Probe gives nothing.

    Raises:
        AnswerError: it is no XML.
    """
    root = parse(data)
    relates = root.word("Header", "RelatesTo")
    if relates and relates not in asked:
        return ()
    matches = root.find("Body", "ProbeMatches") or Node("")
    return tuple(_match(match) for match in matches.all("ProbeMatch"))


async def discover(
    seconds: float = 4.0, *, to: tuple[str, int] | None = None, interface: str | None = None
) -> tuple[Discovered, ...]:
    """Ask who is there and collect answers for that long.

    Args:
        to: ask one host by unicast instead of the whole network.
        interface: our IPv4 address on the network to ask, where there are several.

    Returns:
        Each device once, ordered by sender.

    Raises:
        OnvifError: the network cannot be used.
    """
    loop = asyncio.get_running_loop()
    ids = {f"urn:uuid:{uuid4()}": types for types in _TYPES}
    collector = _Collector(frozenset(ids))
    target = to or MULTICAST
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: collector, sock=_socket(interface)
        )
    except OSError as error:
        raise OnvifError(f"discovery cannot use {interface or 'the network'}: {error}") from None
    try:
        end = loop.time() + seconds
        for delay_s in (*_REPEAT_S, seconds):
            await asyncio.sleep(min(delay_s, max(0.0, end - loop.time())))
            if loop.time() >= end:
                break
            for message_id, types in ids.items():
                transport.sendto(probe(message_id, types), target)
        await asyncio.sleep(max(0.0, end - loop.time()))
    finally:
        transport.close()
    if collector.failure is not None and not collector.found:
        raise OnvifError(f"discovery could not ask {target[0]}: {collector.failure}")
    return tuple(sorted(collector.found.values(), key=lambda d: (d.sender, d.endpoint)))


class _Collector(asyncio.DatagramProtocol):
    def __init__(self, asked: frozenset[str]) -> None:
        self.found: dict[str, Discovered] = {}
        self.failure: OSError | None = None
        self._asked = asked

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            matches = read_matches(data, self._asked)
        except AnswerError as error:
            log.debug("odd answer to a probe", sender=addr[0], why=str(error))
            return
        for match in matches:
            key = match.endpoint or f"{addr[0]} {match.address}"
            if len(self.found) < DEVICES_MOST:
                self.found.setdefault(key, replace(match, sender=addr[0]))

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, OSError):
            self.failure = exc


def _socket(interface: str | None) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        if interface is not None:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        sock.bind((interface or "", 0))
    except OSError:
        sock.close()
        raise
    return sock


def _match(node: Node) -> Discovered:
    scopes = tuple(node.word("Scopes").split()[:100])
    return Discovered(
        endpoint=node.word("EndpointReference", "Address")[:200],
        types=tuple(t.rpartition(":")[2] for t in node.word("Types").split()[:20]),
        name=_scope(scopes, "name/"),
        hardware=_scope(scopes, "hardware/"),
        location=_scope(scopes, "location/"),
        addresses=tuple(filter(_usable, node.word("XAddrs").split()[:20])),
        scopes=scopes,
    )


def _scope(scopes: Iterable[str], kind: str) -> str:
    """What the scopes say of one kind, e.g. ``location/city/hangzhou`` → ``city/hangzhou``."""
    start = f"{_SCOPE}{kind}"
    found = [scope[len(start) :] for scope in scopes if scope.lower().startswith(start)]
    text = ", ".join(unquote(part, errors="replace") for part in found)
    return "".join(char if char.isprintable() else " " for char in text)[:200]


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_ipv4(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 4
    except ValueError:
        return False


def _whole(header: Markup, body: Markup) -> Markup:
    return element("s:Envelope", header, body, **_SPACES)
