"""Focus and infrared-cut filter (ONVIF Imaging service)."""

from dataclasses import dataclass
from typing import Literal

from ingest.onvif.caller import Caller
from ingest.onvif.media import Media
from ingest.onvif.soap import Markup, element
from ingest.onvif.tree import Node

IrCut = Literal["on", "off", "auto"]
"""On: the filter keeps infrared out (day); off: night; auto: the camera decides."""
_IR: dict[str, IrCut] = {"ON": "on", "OFF": "off", "AUTO": "auto"}


@dataclass(frozen=True)
class ImagingSettings:
    """None for what the camera does not tell."""

    ir_cut: IrCut | None
    autofocus: bool | None


def read_settings(answer: Node) -> ImagingSettings:
    """GetImagingSettings."""
    told = answer.find("ImagingSettings") or Node("")
    focus = told.word("Focus", "AutoFocusMode").upper()
    return ImagingSettings(
        _IR.get(told.word("IrCutFilter").upper()), focus == "AUTO" if focus else None
    )


class Imaging:
    """The video source of a camera's main profile."""

    def __init__(self, caller: Caller, media: Media) -> None:
        self._caller = caller
        self._media = media

    async def settings(self) -> ImagingSettings:
        return read_settings(await self._ask("GetImagingSettings"))

    async def set_ir_cut(self, position: IrCut) -> None:
        settings = element("tt:IrCutFilter", position.upper())
        await self._ask("SetImagingSettings", element("timg:ImagingSettings", settings))

    async def set_autofocus(self, *, on: bool) -> None:
        mode = element("tt:Focus", element("tt:AutoFocusMode", "AUTO" if on else "MANUAL"))
        await self._ask("SetImagingSettings", element("timg:ImagingSettings", mode))

    async def focus(self, speed: float) -> None:
        """Move the focus at -1 (near) to 1 (far) until :meth:`focus_stop`."""
        if not -1 <= speed <= 1:
            raise self._caller.broken("Move", f"focus speed {speed:g} is not in -1..1")
        motion = element("tt:Continuous", element("tt:Speed", f"{speed:.3f}"))
        await self._ask("Move", element("timg:Focus", motion))

    async def focus_stop(self) -> None:
        await self._ask("Stop")

    async def _ask(self, operation: str, *content: Markup) -> Node:
        await self._caller.url("imaging", operation)
        source = (await self._media.main_profile()).source
        if not source:
            raise self._caller.broken(operation, "the camera's profile names no video source")
        token = element("timg:VideoSourceToken", source)
        return await self._caller.ask("imaging", operation, token, *content)
