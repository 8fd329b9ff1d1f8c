"""Who a camera is, and its relays (ONVIF Core and Device IO services)."""

from dataclasses import dataclass

from ingest.onvif.caller import Caller, Service
from ingest.onvif.soap import element
from ingest.onvif.times import read_duration
from ingest.onvif.tree import Node

_TEXT_MOST = 200


@dataclass(frozen=True)
class DeviceInformation:
    """What the label on the camera says; fields may be empty."""

    manufacturer: str
    model: str
    firmware: str
    serial: str
    hardware: str


@dataclass(frozen=True)
class RelayOutput:
    """A switch of the camera: a light, a siren, a gate.

    Attributes:
        bistable: stays as it is set; else it falls back after ``delay_s``.
        idle_closed: closed while inactive.
    """

    token: str
    bistable: bool
    delay_s: float | None
    idle_closed: bool


def read_information(answer: Node) -> DeviceInformation:
    """GetDeviceInformation."""
    names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
    return DeviceInformation(*(answer.word(name)[:_TEXT_MOST] for name in names))


def read_relays(answer: Node) -> tuple[RelayOutput, ...]:
    """GetRelayOutputs."""
    return tuple(
        RelayOutput(
            token=relay.attributes.get("token", ""),
            bistable=relay.word("Properties", "Mode") == "Bistable",
            delay_s=read_duration(relay.word("Properties", "DelayTime")),
            idle_closed=relay.word("Properties", "IdleState") == "closed",
        )
        for relay in answer.all("RelayOutputs")
    )


def read_tokens(answer: Node, name: str) -> tuple[str, ...]:
    """Tokens of the elements of that name; Device IO puts them in the text of ``Token``."""
    found = [node.attributes.get("token", "") for node in answer.all(name)]
    found += [node.text for node in answer.all("Token")]
    return tuple(dict.fromkeys(filter(None, found)))


class Device:
    """The device service of one camera."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def information(self) -> DeviceInformation:
        return read_information(await self._caller.ask("device", "GetDeviceInformation"))

    async def audio_outputs(self) -> tuple[str, ...]:
        """Tokens of its loudspeakers; empty when it says that it has none."""
        where: Service = "media" if await self._caller.has("media") else "deviceio"
        answer = await self._caller.ask(where, "GetAudioOutputs")
        return read_tokens(answer, "AudioOutputs")

    async def relay_outputs(self) -> tuple[RelayOutput, ...]:
        return read_relays(await self._caller.ask("device", "GetRelayOutputs"))

    async def set_relay(self, token: str, *, active: bool) -> None:
        """Switch a relay; a monostable one falls back by itself."""
        await self._caller.ask(
            "device",
            "SetRelayOutputState",
            element("tds:RelayOutputToken", token),
            element("tds:LogicalState", "active" if active else "inactive"),
        )
