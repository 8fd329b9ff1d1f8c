"""What a virtual camera does wrong, commanded while it runs.

Lasting misbehaviour is one immutable :class:`Fault` per camera, swapped as a whole, so that the
network's loop and the scenes' threads read it without a lock. What happens once (a reset, a jump
of the time stamps, another resolution) is a method of ``VirtualTownship``.
"""

from dataclasses import dataclass
from typing import Literal

Over = Literal["tcp", "udp"]
ContentBase = Literal["right", "missing", "foreign", "no_slash"]
Control = Literal["relative", "absolute", "trailing_slash", "missing"]


@dataclass(frozen=True)
class SdpFault:
    """What is wrong with the description.

    Attributes:
        sprop: False leaves the parameter sets out (``fmtp`` stays).
        content_base: ``foreign`` names another host, as cameras behind NAT do.
        control: how the track's control attribute is written (RFC 2326, C.1.1).
    """

    sprop: bool = True
    content_base: ContentBase = "right"
    control: Control = "relative"


@dataclass(frozen=True)
class Fault:
    """Everything that is wrong with a camera at present; the default is a sound camera.

    Attributes:
        status: answers every request with this RTSP status.
        silent: sends no RTP over these transports; connections and answers go on.
        half_open: neither reads nor writes, and never closes: power was cut, no FIN was sent.
        refuse: connections are reset; commanded for all cameras, the port itself is closed.
        flap_s: half of this period there, half of it gone, again and again; 0 for steady.
        loss: share of RTP packets that get lost, 0..1; sequence numbers show the gap.
        lacks: transports that SETUP refuses with 461.
        first_timestamp: where the RTP time of new sessions begins; None for a random place.
        sdp: what is wrong with the description.
    """

    status: int | None = None
    silent: frozenset[Over] = frozenset()
    half_open: bool = False
    refuse: bool = False
    flap_s: float = 0.0
    loss: float = 0.0
    lacks: frozenset[Over] = frozenset()
    first_timestamp: int | None = None
    sdp: SdpFault = SdpFault()


SOUND = Fault()
SILENT = Fault(silent=frozenset({"tcp", "udp"}))


class Faults:
    """Which camera has which fault; None stands for all that have none of their own."""

    def __init__(self) -> None:
        self._faults: dict[str | None, tuple[Fault, int]] = {}

    def set(self, camera: str | None, fault: Fault, now_ns: int) -> None:
        """``camera`` has this fault from now on; for all when None, also those told before."""
        if camera is None:
            self._faults = {None: (fault, now_ns)}
        else:
            self._faults = {**self._faults, camera: (fault, now_ns)}

    def of(self, camera: str | None) -> Fault:
        """The present fault of a camera."""
        return self._entry(camera)[0]

    def away(self, camera: str | None, now_ns: int) -> bool:
        """The camera is not there just now: it refuses, or flaps and is in its dark half."""
        fault, since_ns = self._entry(camera)
        if fault.flap_s > 0:
            half_ns = round(fault.flap_s * 500_000_000)
            return (now_ns - since_ns) // half_ns % 2 == 0
        return fault.refuse

    def _entry(self, camera: str | None) -> tuple[Fault, int]:
        faults = self._faults
        return faults.get(camera) or faults.get(None) or (SOUND, 0)
