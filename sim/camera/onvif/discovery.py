"""WS-Discovery (April 2005): virtual cameras that answer a multicast Probe (ONVIF Core, 7.3)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid4, uuid5
from xml.etree import ElementTree
from xml.sax.saxutils import escape

MULTICAST = ("239.255.255.250", 3702)
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_TYPES = ("NetworkVideoTransmitter", "Device")


@asynccontextmanager
async def answering(cameras: Mapping[str, str], interface: str) -> AsyncIterator[None]:
    """While inside, each camera answers for itself.

    Args:
        cameras: address of the device service by name.
        interface: our IPv4 address on the network to listen at.

    Raises:
        OSError: the port cannot be used.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Responder(cameras), sock=_joined(interface)
    )
    try:
        yield
    finally:
        transport.close()


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, cameras: Mapping[str, str]) -> None:
        self._cameras = cameras
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = _probe_id(data)
        if asked is not None and self._transport is not None:
            for name, url in self._cameras.items():
                self._transport.sendto(_matches(asked, name, url).encode(), addr)


def _joined(interface: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound to the group: unicast to this port is not meant for us.
        sock.bind(MULTICAST)
        member = socket.inet_aton(MULTICAST[0]) + socket.inet_aton(interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        sock.close()
        raise
    return sock


def _probe_id(data: bytes) -> str | None:
    """The message's id, when it is a Probe for what we are (WS-Discovery, section 5.2)."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return None
    probe = root.find(f".//{{{_DISCOVERY}}}Probe")
    if probe is None:
        return None
    types = (probe.findtext(f"{{{_DISCOVERY}}}Types") or "").split()
    if types and not {one.rpartition(":")[2] for one in types} <= set(_TYPES):
        return None
    return root.findtext(f".//{{{_ADDRESSING}}}MessageID")


def _matches(asked: str, name: str, url: str) -> str:
    """ProbeMatches (WS-Discovery, section 5.3)."""
    scopes = f"onvif://www.onvif.org/name/{quote(name)} onvif://www.onvif.org/hardware/virtual"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        f'xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid4()}</a:MessageID><a:RelatesTo>{escape(asked)}</a:RelatesTo>"
        f"<a:To>{_ADDRESSING}/role/anonymous</a:To><a:Action>{_DISCOVERY}/ProbeMatches</a:Action>"
        "</s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference>"
        f"<a:Address>urn:uuid:{uuid5(NAMESPACE_URL, url)}</a:Address></a:EndpointReference>"
        f"<d:Types>dn:{_TYPES[0]} tds:{_TYPES[1]}</d:Types><d:Scopes>{escape(scopes)}</d:Scopes>"
        f"<d:XAddrs>{escape(url)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
        "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    )
