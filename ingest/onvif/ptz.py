"""Pan, tilt and zoom (ONVIF PTZ service). Generic spaces: pan and tilt -1..1, zoom 0..1."""

from dataclasses import dataclass

from ingest.onvif.caller import Caller
from ingest.onvif.media import Media
from ingest.onvif.soap import Markup, element
from ingest.onvif.times import write_duration
from ingest.onvif.tree import Node, number

_TIMEOUT_MOST_S = 60.0


@dataclass(frozen=True)
class Aim:
    """Where a camera looks; None for axes that it does not tell."""

    pan: float | None
    tilt: float | None
    zoom: float | None


@dataclass(frozen=True)
class Preset:
    """A stored view."""

    token: str
    name: str
    aim: Aim


def read_aim(position: Node | None) -> Aim:
    """``Position`` or ``PTZPosition``."""
    turn = (position or Node("")).find("PanTilt") or Node("")
    zoom = (position or Node("")).find("Zoom") or Node("")
    return Aim(
        number(turn.attributes.get("x", "")),
        number(turn.attributes.get("y", "")),
        number(zoom.attributes.get("x", "")),
    )


@dataclass(frozen=True)
class PtzStatus:
    """What the head does.

    Attributes:
        moving: None where the camera does not tell.
    """

    aim: Aim
    moving: bool | None


def read_status(answer: Node) -> PtzStatus:
    """GetStatus (PTZ service, section 5.3.2)."""
    status = answer.find("PTZStatus") or Node("")
    said = {status.word("MoveStatus", axis).upper() for axis in ("PanTilt", "Zoom")}
    moving = "MOVING" in said if said & {"MOVING", "IDLE"} else None
    return PtzStatus(read_aim(status.find("Position")), moving)


def read_presets(answer: Node) -> tuple[Preset, ...]:
    """GetPresets; those without a token cannot be gone to and are left out."""
    return tuple(
        Preset(
            node.attributes["token"],
            node.word("Name")[:200],
            read_aim(node.find("PTZPosition")),
        )
        for node in answer.all("Preset")
        if node.attributes.get("token")
    )


class Ptz:
    """Steers one camera by its first profile that can be steered."""

    def __init__(self, caller: Caller, media: Media) -> None:
        self._caller = caller
        self._media = media

    async def move(
        self, pan: float = 0.0, tilt: float = 0.0, zoom: float = 0.0, *, timeout_s: float = 5.0
    ) -> None:
        """Move at a speed of -1..1 an axis until :meth:`stop`, at the longest ``timeout_s``.

        The camera itself keeps the timeout: a link that breaks does not leave it turning.
        """
        self._within("ContinuousMove", pan=pan, tilt=tilt, zoom=zoom)
        seconds = min(max(timeout_s, 0.1), _TIMEOUT_MOST_S)
        await self._ask(
            "ContinuousMove",
            element("tptz:Velocity", *_vector(pan, tilt, zoom)),
            element("tptz:Timeout", write_duration(seconds)),
        )

    async def stop(self) -> None:
        """Stop all axes."""
        yes = (element("tptz:PanTilt", "true"), element("tptz:Zoom", "true"))
        await self._ask("Stop", *yes)

    async def move_to(
        self, pan: float | None = None, tilt: float | None = None, zoom: float | None = None
    ) -> None:
        """Look somewhere: pan and tilt together (-1..1), zoom (0..1), or both."""
        if (pan is None) != (tilt is None) or (pan is None and zoom is None):
            raise self._caller.broken("AbsoluteMove", "give pan and tilt, or zoom, or all three")
        self._within("AbsoluteMove", pan=pan or 0.0, tilt=tilt or 0.0)
        if zoom is not None and not 0 <= zoom <= 1:
            raise self._caller.broken("AbsoluteMove", f"zoom {zoom:g} is not in 0..1")
        await self._ask("AbsoluteMove", element("tptz:Position", *_vector(pan, tilt, zoom)))

    async def aim(self) -> Aim:
        """Where it looks now."""
        return (await self.status()).aim

    async def status(self) -> PtzStatus:
        """Where it looks and whether it moves."""
        return read_status(await self._ask("GetStatus"))

    async def presets(self) -> tuple[Preset, ...]:
        return read_presets(await self._ask("GetPresets"))

    async def go_to(self, preset: str) -> None:
        """Go to a preset by its token."""
        await self._ask("GotoPreset", element("tptz:PresetToken", preset))

    async def home(self) -> None:
        """Go to the home position."""
        await self._ask("GotoHomePosition")

    async def _ask(self, operation: str, *content: Markup) -> Node:
        await self._caller.url("ptz", operation)
        profiles = await self._media.profiles()
        token = next((p.token for p in profiles if p.ptz), None)
        if token is None:
            token = (await self._media.main_profile()).token
        return await self._caller.ask(
            "ptz", operation, element("tptz:ProfileToken", token), *content
        )

    def _within(self, operation: str, **values: float) -> None:
        for name, value in values.items():
            if not -1 <= value <= 1:
                raise self._caller.broken(operation, f"{name} {value:g} is not in -1..1")


def _vector(pan: float | None, tilt: float | None, zoom: float | None) -> list[Markup]:
    parts = []
    if pan is not None and tilt is not None:
        parts.append(element("tt:PanTilt", x=f"{pan:.6f}", y=f"{tilt:.6f}"))
    if zoom is not None:
        parts.append(element("tt:Zoom", x=f"{zoom:.6f}"))
    return parts
