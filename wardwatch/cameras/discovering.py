"""Which devices answer on the local networks, and which of them are cameras of ours already."""

import asyncio
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import psutil

from core.config.cameras import PULLED, Camera
from core.networks import Networks, resolve
from core.roster import FoundDevice
from ingest.onvif import discovery
from ingest.onvif.discovery import Discovered
from ingest.onvif.errors import OnvifError

SECONDS_MOST = 30.0
"""Longer than any camera takes to answer."""


async def discover(
    seconds: float, cameras: Iterable[Camera], networks: Networks
) -> tuple[FoundDevice, ...]:
    """Ask on every network that this machine is on.

    Raises:
        OnvifError: none of them can be used.
    """
    seconds = min(max(seconds, 0.5), SECONDS_MOST)
    looking_up = asyncio.to_thread(_hosts, tuple(cameras))
    asked = (_answers(seconds, address) for address in own_addresses())
    known, answers = await asyncio.gather(looking_up, asyncio.gather(*asked))
    failures = [answer for answer in answers if isinstance(answer, OnvifError)]
    if len(failures) == len(answers):
        raise failures[0]
    found: dict[str, FoundDevice] = {}
    for answer in answers:
        for device in () if isinstance(answer, OnvifError) else answer:
            found.setdefault(device.endpoint or device.sender, _told(device, known, networks))
    return tuple(sorted(found.values(), key=lambda one: (one.host, one.address)))


async def _answers(seconds: float, address: str | None) -> tuple[Discovered, ...] | OnvifError:
    try:
        return await discovery.discover(seconds, interface=address)
    except OnvifError as error:
        return error


def own_addresses() -> tuple[str | None, ...]:
    """IPv4 addresses of this machine's networks that are up; (None,) leaves it to the kernel."""
    states = psutil.net_if_stats()
    found = [
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if entry.family == socket.AF_INET
        and name in states
        and states[name].isup
        and not entry.address.startswith("127.")
    ]
    return tuple(dict.fromkeys(found)) or (None,)


def _told(device: Discovered, known: dict[str, str], networks: Networks) -> FoundDevice:
    address = device.address or device.sender
    host = (urlsplit(address).hostname if "://" in address else address) or device.sender
    return FoundDevice(
        address=address,
        host=device.sender,
        name=device.name,
        hardware=device.hardware,
        permitted=_permitted(device.sender, networks) and _permitted(host, networks),
        camera=known.get(device.sender) or known.get(host),
    )


def _permitted(host: str, networks: Networks) -> bool:
    try:
        return networks.permits(host)
    except ValueError:  # a name that a device gave itself; probing will resolve it
        return False


def _hosts(cameras: tuple[Camera, ...]) -> dict[str, str]:
    """Camera ids by every host name and address that stands in their configuration."""
    known: dict[str, str] = {}
    for camera in cameras:
        streams = (camera.streams.main, camera.streams.sub or "")
        urls = [url for url in streams if urlsplit(url).scheme in PULLED]
        if camera.onvif:
            urls.append(camera.onvif if "://" in camera.onvif else f"http://{camera.onvif}")
        for host in {_host(url) for url in urls} - {""}:
            for name in (host, *resolve(host)):
                known.setdefault(name, camera.id)
    return known


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # it cannot be connected to either
        return ""
