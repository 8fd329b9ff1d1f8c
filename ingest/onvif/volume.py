"""How loud a camera's loudspeaker is (audio outputs of the ONVIF Media and Media 2 services)."""

from dataclasses import dataclass

from ingest.onvif.caller import Caller, Service
from ingest.onvif.errors import OnvifFault, OnvifRefusedError
from ingest.onvif.soap import element
from ingest.onvif.tree import Node, whole

_LEVELS = (0, 100)
"""Where the camera does not tell its range."""


@dataclass(frozen=True)
class OutputLevel:
    """An audio output's configuration; all of it is sent back when the level is set.

    Attributes:
        token: of the configuration.
        output: token of the loudspeaker.
        primacy: who may send when (half duplex); empty when not told.
        level: how loud it is now, in the camera's own steps.
        least: of the level; so is ``most``.
        service: which service told of it.
    """

    token: str
    name: str
    uses: int
    output: str
    primacy: str
    level: int
    least: int
    most: int
    service: Service

    def of_volume(self, volume: int) -> int:
        """The level for a volume of 1..100.

        >>> OutputLevel("t", "", 0, "o", "", 5, 0, 20, "media").of_volume(50)
        10
        """
        return round(self.least + (self.most - self.least) * volume / 100)


class Volume:
    """The loudspeaker of one camera."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def level(self) -> OutputLevel:
        """The first audio output that is configured; Media 2 where it works, else Media.

        Raises:
            OnvifError: the camera has none, or does not tell.
        """
        if await self._caller.has("media2"):
            try:
                return await self._level("media2")
            except OnvifRefusedError:
                raise
            except OnvifFault:
                if not await self._caller.has("media"):
                    raise
        return await self._level("media")

    async def set_level(self, found: OutputLevel, level: int) -> None:
        """Set the level and leave the rest as it is."""
        prefix = "tr2" if found.service == "media2" else "trt"
        content = [
            element("tt:Name", found.name),
            element("tt:UseCount", str(found.uses)),
            element("tt:OutputToken", found.output),
            *([element("tt:SendPrimacy", found.primacy)] if found.primacy else []),
            element("tt:OutputLevel", str(level)),
        ]
        asked = [element(f"{prefix}:Configuration", *content, token=found.token)]
        if found.service == "media":  # wanted by the schema, and always taken for true
            asked.append(element("trt:ForcePersistence", "true"))
        await self._caller.ask(found.service, "SetAudioOutputConfiguration", *asked)

    async def _level(self, service: Service) -> OutputLevel:
        operation = "GetAudioOutputConfigurations"
        answer = await self._caller.ask(service, operation)
        found = next((one for one in answer.all("Configurations") if _token(one)), None)
        level = None if found is None else whole(found.word("OutputLevel"))
        if found is None or level is None:
            raise self._caller.broken(operation, "the camera has no audio output that can be set")
        least, most = await self._range(service, _token(found))
        return OutputLevel(
            token=_token(found),
            name=found.word("Name")[:64],
            uses=max(0, whole(found.word("UseCount")) or 0),
            output=found.word("OutputToken")[:64],
            primacy=found.word("SendPrimacy")[:200],
            level=level,
            least=least,
            most=most,
            service=service,
        )

    async def _range(self, service: Service, token: str) -> tuple[int, int]:
        prefix = "tr2" if service == "media2" else "trt"
        try:
            answer = await self._caller.ask(
                service,
                "GetAudioOutputConfigurationOptions",
                element(f"{prefix}:ConfigurationToken", token),
            )
        except OnvifRefusedError:
            raise
        except OnvifFault:
            return _LEVELS
        told = answer.find("Options", "OutputLevelRange") or Node("")
        least, most = whole(told.word("Min")), whole(told.word("Max"))
        return (least, most) if least is not None and most is not None and least < most else _LEVELS


def _token(node: Node) -> str:
    return node.attributes.get("token", "")[:64]
