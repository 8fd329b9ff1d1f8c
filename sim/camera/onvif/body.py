"""One virtual camera's state behind its ONVIF services."""

from dataclasses import dataclass, field

from core.clock import NS_PER_S, Clock
from sim.camera.feed import SUB_SIZE
from sim.camera.onvif.eye import Eye
from sim.camera.onvif.head import Head
from sim.camera.onvif.options import OnvifOptions
from sim.camera.onvif.subscriptions import Subscriptions

SOURCE = "video_source"


@dataclass
class Imaging:
    """What the imaging service keeps."""

    ir_cut: str = "AUTO"
    autofocus: str = "AUTO"
    focus_speed: float = 0.0


@dataclass
class Body:
    """Everything the services of one camera share.

    Attributes:
        output_levels: of the loudspeaker, as they were set one after the other; the last holds.
        rtsp: address of its streams without ``/main``, in the current host.
    """

    name: str
    eye: Eye
    head: Head
    clock: Clock
    subscriptions: Subscriptions
    backchannel: bool
    imaging: Imaging = field(default_factory=Imaging)
    output_levels: list[int] = field(default_factory=lambda: [7])
    relays: dict[str, bool] = field(default_factory=lambda: {"siren": False})
    options: OnvifOptions = field(default_factory=OnvifOptions)

    def now_ns(self) -> int:
        """The camera's own clock."""
        return self.clock.utc_ns() + round(self.options.skew_s * NS_PER_S)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Picture sizes by stream."""
        return {"main": self.eye.size, "sub": SUB_SIZE}


@dataclass(frozen=True)
class Place:
    """How the client has reached us, for the addresses in answers.

    Attributes:
        http: ``http://host:port/NAME``.
        rtsp: ``rtsp://host:port/NAME``.
    """

    http: str
    rtsp: str
