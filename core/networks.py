"""Where cameras may be: the networks that the program connects to on somebody's word.

Whoever may add a camera could otherwise make the server knock at any address it can reach, its
own services included (server-side request forgery, CWE-918). A name is resolved here and the
connection goes to the very address that was checked, so that a name cannot change in between.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from core.errors import WardwatchError

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressError(WardwatchError):
    """An address outside the configured networks, or a name that has none."""


def _read_network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"{error}; write e.g. 192.168.1.0/24") from None


Network = Annotated[IpNetwork, BeforeValidator(_read_network), PlainSerializer(str)]
"""A network in a configuration: ``192.168.1.0/24``, ``fd00::/8`` or a single address."""

PRIVATE: tuple[IpNetwork, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""Private addresses (RFC 1918, RFC 4193). Not among them: this machine itself, and the
link-local range, where cloud machines keep their secrets."""


def resolve(host: str) -> tuple[str, ...]:
    """All addresses of a name, IPv4 first; empty when it has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return tuple(sorted(addresses, key=lambda address: ":" in address))


@dataclass(frozen=True)
class Networks:
    """The networks that may be connected to.

    Attributes:
        ranges: of the site's configuration.
        resolve: from a host name to its addresses.
    """

    ranges: tuple[IpNetwork, ...] = PRIVATE
    resolve: Callable[[str], Iterable[str]] = field(default=resolve, repr=False, compare=False)

    def permits(self, address: str) -> bool:
        """Whether this IP address lies in one of the networks."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self.ranges)

    def address_of(self, host: str) -> str:
        """The IP address to connect to for a host, given as a name or as an address.

        Raises:
            AddressError: it has no address in the configured networks.
        """
        try:
            found: tuple[str, ...] = (str(ipaddress.ip_address(host.strip("[]"))),)
        except ValueError:
            found = tuple(self.resolve(host))
        if not found:
            raise AddressError(f"{host}: no such host; check the name, or write its IP address")
        for address in found:
            if self.permits(address):
                return address
        said = host if host == found[0] else f"{host} ({found[0]})"
        raise AddressError(
            f"{said} lies outside the camera networks; add its network to `networks` in "
            "township.yaml if cameras may stand there"
        )
