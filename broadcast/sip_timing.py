"""When SIP requests are sent again over UDP, and from where they are sent."""

import socket

from broadcast.errors import SpeakerError
from core.clock import NS_PER_S, Clock

T1_S, T2_S = 0.5, 4.0  # RFC 3261, section 17.1.1.1


class Again:
    """When a request is sent (again): at once, then after T1, doubled up to T2."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_ns = clock.monotonic_ns()
        self._pause_s = T1_S

    def due(self) -> bool:
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._next_ns:
            return False
        self._next_ns = now_ns + round(self._pause_s * NS_PER_S)
        self._pause_s = min(2 * self._pause_s, T2_S)
        return True


def own_address(family: socket.AddressFamily, peer: tuple[str, int], who: str) -> str:
    """Our address on the way to a peer; nothing is sent to find it."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(peer)
        except OSError as error:
            raise SpeakerError(
                f"{who}: no way to {peer[0]}: {error.strerror or error}; check the network"
            ) from None
        return str(probe.getsockname()[0])
