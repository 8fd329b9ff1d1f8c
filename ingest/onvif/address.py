"""Addresses that cameras give, led back to the camera we are connected to.

Behind NAT, after a change of address or straight from the factory a camera names a host that
does not reach it. So the host in its answers is never believed: ours is put in its place, which
also means that no camera can send us to another machine.
"""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ingest.onvif.errors import AnswerError, OnvifError

DEVICE_PATH = "/onvif/device_service"
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


@dataclass(frozen=True)
class Address:
    """Where a camera's device service was reached: ``http[s]://host:port/path``."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return urlunsplit(
            (self.scheme, _netloc(self.host, self.port, self.scheme), self.path, "", "")
        )

    def lead_back(self, given: str, own: str = "") -> str:
        """An address of an answer with our host in it.

        The port is the camera's, except where the camera speaks of the very HTTP port that we
        reached by another number (a forwarded port).

        Args:
            given: from the answer; a path alone is allowed.
            own: what the camera believes its device service's address to be, if it told.

        Raises:
            AnswerError: it is no address of a protocol of ours.
        """
        parts = _parse(given)
        if parts is None:
            raise AnswerError(f"the camera gave an address that cannot be used: {given[:200]!r}")
        if not parts.scheme:
            return urlunsplit(
                (self.scheme, _netloc(self.host, self.port, self.scheme), *parts[2:4], "")
            )
        port = parts.port or _PORTS[parts.scheme]
        scheme = parts.scheme
        believed = _parse(own)
        if believed is not None and believed.scheme == scheme:
            same = port == (believed.port or _PORTS[scheme])
        else:
            same = parts.hostname != self.host and scheme == self.scheme and port == _PORTS[scheme]
        if scheme in ("http", "https") and same:
            scheme, port = self.scheme, self.port
        return urlunsplit((scheme, _netloc(self.host, port, scheme), *parts[2:4], ""))


def read_address(text: str) -> Address:
    """``host``, ``host:port`` or the device service's whole address.

    Raises:
        OnvifError: it is none, or it has credentials in it.
    """
    full = text if "://" in text else f"http://{text}"
    parts = _parse(full)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise OnvifError("no ONVIF address; write a host, host:port or http://host/path")
    if "@" in parts.netloc:
        raise OnvifError(f"ONVIF address of {parts.hostname} has credentials in it; remove them")
    port = parts.port or _PORTS[parts.scheme]
    path = parts.path if parts.path not in ("", "/") else DEVICE_PATH
    return Address(parts.scheme, parts.hostname, port, path)


def _parse(url: str) -> SplitResult | None:
    """Split, with port and scheme checked; None for what cannot be used."""
    try:
        parts = urlsplit(url.strip())
        bad = parts.port == 0
    except ValueError:
        return None
    if any(not char.isprintable() or char in ' "<>' for char in url.strip()):
        return None
    if not parts.scheme:
        return parts if parts.path.startswith("/") and not parts.netloc else None
    return None if bad or parts.scheme not in _PORTS or not parts.hostname else parts


def _netloc(host: str, port: int, scheme: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port == _PORTS[scheme] else f"{shown}:{port}"
