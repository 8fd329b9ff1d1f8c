"""Cameras and their streams."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from core.config.base import Id, Section
from core.config.ground import Ground
from core.config.speakers import Speaker
from core.config.zones import FishingRule, Zone
from core.geometry import GeoPoint
from core.value import Text

PULLED = ("rtsp", "rtsps")
PUSHED = ("srt", "udp", "rtmp")
"""Schemes at which the program listens: the device sends by itself (drones, body cameras)."""


class Streams(Section):
    """Where the pictures come from. Addresses hold no credentials."""

    main: str = Field(
        title="主码流",
        description="Recorded. rtsp:// address of a camera, or srt://, udp:// or rtmp:// with the "
        "address and port to listen at for a device that sends by itself, or a file.",
    )
    sub: str | None = Field(
        default=None, title="子码流", description="Smaller stream for analysis; main when absent."
    )
    transport: Literal["tcp", "udp", "auto"] = Field(
        default="tcp", title="传输", description="RTP over the RTSP connection (tcp) or UDP."
    )

    @field_validator("main", "sub")
    @classmethod
    def _no_credentials(cls, url: str | None) -> str | None:
        if url is not None and "@" in urlsplit(url).netloc:
            raise ValueError("put the user name in `username` and the password in `password_env`")
        return url

    @field_validator("main", "sub")
    @classmethod
    def _known_scheme(cls, url: str | None) -> str | None:
        scheme = urlsplit(url).scheme if url is not None and "://" in url else "file"
        if scheme not in ("file", *PULLED, *PUSHED):
            raise ValueError(f"{scheme}:// is not supported; {', '.join((*PULLED, *PUSHED))} are")
        return url

    @model_validator(mode="after")
    def _ports_are_numbers(self) -> Self:
        for url in (self.main, self.sub or ""):
            try:
                _ = urlsplit(url).port
            except ValueError as error:
                raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _pushed_is_one(self) -> Self:
        if self.pushed and self.sub not in (None, self.main):
            raise ValueError("a device that sends by itself has one stream; leave `sub` out")
        return self

    @property
    def pushed(self) -> bool:
        """The device sends by itself, so there is one stream and we listen for it."""
        return urlsplit(self.main).scheme in PUSHED

    @property
    def single(self) -> bool:
        """There is no stream of its own for analysis, so the recorded one serves both."""
        return self.pushed or self.sub in (None, self.main)

    def clashes(self, other: "Streams") -> bool:
        """Both listen at the same port of the same address."""
        if not (self.pushed and other.pushed):
            return False
        here, there = urlsplit(self.main), urlsplit(other.main)
        protocols = {"tcp" if parts.scheme == "rtmp" else "udp" for parts in (here, there)}
        hosts = {parts.hostname for parts in (here, there)}
        anywhere = bool(hosts & {"0.0.0.0", "::"})
        return len(protocols) == 1 and here.port == there.port and (len(hosts) == 1 or anywhere)


class Flight(Section):
    """A camera that a drone carries: what it shows is told by the telemetry beside its pictures."""

    ground_amsl_m: float | None = Field(
        default=None,
        ge=-500,
        le=9000,
        title="地面海拔",
        description="Height of the ground it flies over, metres above sea level; none: as the "
        "telemetry tells it. Mountains under the flight make places wrong.",
    )
    ground_error_m: float = Field(
        default=8,
        gt=0,
        le=500,
        title="地面高差",
        description="Standard deviation of the ground from that height, metres.",
    )


class Camera(Section):
    """One camera with everything that is fixed about it."""

    id: Id
    name: Text = Field(title="名称", description="Shown on the wall.")
    enabled: bool = Field(default=True, title="启用", description="Connect to it at all.")
    place: GeoPoint | None = Field(default=None, title="位置", description="Where it stands.")
    bearing_deg: float = Field(
        default=0, ge=0, lt=360, title="朝向", description="Where it looks, degrees from north."
    )
    streams: Streams
    onvif: str | None = Field(
        default=None,
        title="ONVIF",
        description="host, host:port or http:// address of its ONVIF services: events, steering, "
        "clock; none is asked when absent.",
    )
    username: str | None = Field(default=None, title="用户名", description="Sign-in name.")
    password_env: str | None = Field(
        default=None,
        title="密码变量",
        description="Environment variable with the password (secrets never stand in YAML). "
        "Without it the password set by `wardwatch cameras password` is used.",
    )
    speaker: Speaker | None = Field(default=None, title="喇叭", description="None: cannot warn.")
    ground: Ground | None = Field(
        default=None,
        title="地面标定",
        description="Points of the picture whose place on the ground is known: heaps then have a "
        "size in square metres.",
    )
    flight: Flight | None = Field(
        default=None,
        title="机载",
        description="It flies: a zone of its picture is no place. None: it stands somewhere.",
    )
    zones: tuple[Zone, ...] = Field(default=(), title="区域", description="What is watched where.")

    @model_validator(mode="after")
    def _zone_ids_differ(self) -> Self:
        ids = [zone.id for zone in self.zones]
        for zone_id in ids:
            if ids.count(zone_id) > 1:
                raise ValueError(f"zone id {zone_id!r} appears twice")
        return self

    @model_validator(mode="after")
    def _ground_stands_still(self) -> Self:
        if self.flight is not None and self.ground is not None:
            raise ValueError("a camera with `flight` moves over the ground; leave `ground` out")
        return self

    @model_validator(mode="after")
    def _sun_shines_somewhere(self) -> Self:
        for zone in self.zones:
            rule = zone.rule
            if isinstance(rule, FishingRule) and rule.night_by_sun and self.place is None:
                raise ValueError(
                    f"zone {zone.id!r}: night_by_sun: the camera's `place` is needed to know "
                    "where the sun stands"
                )
        return self

    def zone(self, zone_id: str) -> Zone | None:
        """The zone of that id, or None."""
        return next((zone for zone in self.zones if zone.id == zone_id), None)
