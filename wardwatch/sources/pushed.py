"""From an address to listen at, to a source for the device that sends there."""

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from core.clock import Clock
from core.config.cameras import Camera
from core.credentials import Credential
from core.errors import ConfigError
from core.networks import Networks
from ingest.push import PushSource
from ingest.push_rtmp import RtmpSource
from ingest.push_srt import SrtSource
from ingest.push_udp import UdpTsSource

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "srt": ("streamid", "latency_ms"),
    "udp": ("allow",),
    "rtmp": (),
}
"""What may stand behind the question mark, by scheme."""

_LATENCY_MOST_MS = 10_000


def push_source(
    camera: Camera,
    clock: Clock,
    credential: Credential | None,
    networks: Networks,
    **more: Any,
) -> PushSource:
    """A source that listens where the camera's main stream says.

    Args:
        credential: its password is the SRT passphrase.
        networks: where the one named in ``allow`` may stand.
        more: see :class:`PushSource`.

    Raises:
        ConfigError: the address says something that cannot be followed.
        IngestError: so says the source itself.
    """
    parts = urlsplit(camera.streams.main)
    host, port = _bound(camera)
    said = _settings(camera)
    if parts.scheme == "rtmp":
        path = parts.path.strip("/")
        return RtmpSource(camera.id, clock, port, host=host, path=path, **more)
    if parts.path.strip("/"):
        raise _wrong(camera, f"{parts.scheme}:// has no path; leave {parts.path!r} out")
    if parts.scheme == "udp":
        allow = said.get("allow")
        if allow is not None:
            _check_sender(camera, allow, networks)
        return UdpTsSource(camera.id, clock, port, host=host, allow=allow, **more)
    if ":" in host:
        raise _wrong(camera, "SRT listens at IPv4 addresses only")
    return SrtSource(
        camera.id,
        clock,
        port,
        host=host,
        passphrase=(credential.password or None) if credential else None,
        stream_id=said.get("streamid"),
        latency_ms=_latency(camera, said.get("latency_ms", "200")),
        **more,
    )


def bind_once(camera: Camera) -> None:
    """Take the port the camera's device sends to, and let go of it.

    Raises:
        OSError: another has it, or the address is not one of this machine.
        ConfigError: there is no such address.
    """
    host, port = _bound(camera)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    rtmp = urlsplit(camera.streams.main).scheme == "rtmp"
    with socket.socket(family, socket.SOCK_STREAM if rtmp else socket.SOCK_DGRAM) as probe:
        if rtmp:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _bound(camera: Camera) -> tuple[str, int]:
    """The address to listen at: one of this machine or a multicast group, never a name."""
    parts = urlsplit(camera.streams.main)
    try:
        host, port = str(ipaddress.ip_address(parts.hostname or "")), parts.port
    except ValueError as error:
        hint = "write the address to listen at, e.g. 0.0.0.0:5600"
        raise _wrong(camera, f"{error}; {hint}") from None
    if not port:
        raise _wrong(camera, "the port to listen at is missing, e.g. :5600")
    return host, port


def _settings(camera: Camera) -> dict[str, str]:
    parts = urlsplit(camera.streams.main)
    known = SETTINGS[parts.scheme]
    found: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            takes = " and ".join(known) or "no parameters"
            raise _wrong(camera, f"unknown parameter {name!r}; {parts.scheme}:// takes {takes}")
        if name in found or not value:
            raise _wrong(camera, f"parameter {name!r} is {'given twice' if value else 'empty'}")
        found[name] = value
    return found


def _check_sender(camera: Camera, allow: str, networks: Networks) -> None:
    try:
        inside = networks.permits(allow)
    except ValueError as error:
        raise _wrong(camera, f"parameter 'allow': {error}; write an IP address") from None
    if not inside:
        raise _wrong(
            camera,
            f"parameter 'allow': {allow} lies outside the camera networks; add its network to "
            "`networks` in township.yaml if senders may stand there",
        )


def _latency(camera: Camera, text: str) -> int:
    if not text.isdecimal() or int(text) > _LATENCY_MOST_MS:
        most = f"milliseconds, at most {_LATENCY_MOST_MS}"
        raise _wrong(camera, f"parameter 'latency_ms': {text!r} is no number of {most}")
    return int(text)


def _wrong(camera: Camera, what: str) -> ConfigError:
    return ConfigError(f"camera {camera.id}: streams.main: {what}")
