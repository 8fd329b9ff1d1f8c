"""One ONVIF camera, as the console, the doctor and the command line see it."""

from collections.abc import Awaitable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from core.clock import Clock
from core.networks import Networks
from ingest.onvif.address import read_address
from ingest.onvif.caller import Caller, Service, SignIn
from ingest.onvif.device import Device, DeviceInformation, RelayOutput
from ingest.onvif.errors import AnswerError, OnvifError, OnvifRefusedError, OnvifUnreachableError
from ingest.onvif.events import Events
from ingest.onvif.http import HttpLink
from ingest.onvif.imaging import Imaging
from ingest.onvif.media import Media, Profile, StreamAddresses
from ingest.onvif.ptz import Ptz
from ingest.onvif.times import ClockCheck
from ingest.onvif.volume import Volume

SNAPSHOT_BYTES_MOST = 16 << 20
_JPEG = b"\xff\xd8\xff"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Probe:
    """Everything a camera tells about itself; None or empty where it does not.

    Attributes:
        problems: one line for each question that was not answered.
        sign_in: how it let us in.
    """

    information: DeviceInformation | None
    clock: ClockCheck | None
    services: tuple[Service, ...]
    profiles: tuple[Profile, ...]
    streams: StreamAddresses | None
    snapshot_uri: str | None
    audio_outputs: tuple[str, ...]
    relay_outputs: tuple[RelayOutput, ...]
    sign_in: SignIn
    problems: tuple[str, ...]


class OnvifCamera:
    """Talks to one camera; every failure is an :class:`OnvifError` that names it.

    Args:
        name: how messages call it.
        address: host, ``host:port``, or the device service's address; no credentials.
        username: None asks without signing in.
        timeout_s: for one question.
        tls_verify: check the certificate of an https address.
        networks: where the camera may stand; None asks nothing (tests).

    Attributes:
        ptz: steering.
        imaging: focus and infrared-cut filter.
        events: PullPoint subscriptions.
        volume: how loud its loudspeaker is.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        username: str | None = None,
        password: str | None = None,
        clock: Clock,
        timeout_s: float = 10.0,
        tls_verify: bool = True,
        networks: Networks | None = None,
    ) -> None:
        account = (username, password or "") if username is not None else None
        try:
            place = read_address(address)
        except OnvifError as error:
            raise OnvifError(f"camera {name}: {error}") from None
        self._http = HttpLink(
            username, password or "", timeout_s=timeout_s, tls_verify=tls_verify, networks=networks
        )
        self._caller = Caller(name, place, self._http, account, clock)
        self._device = Device(self._caller)
        self._media = Media(self._caller)
        self.ptz = Ptz(self._caller, self._media)
        self.imaging = Imaging(self._caller, self._media)
        self.events = Events(self._caller, clock)
        self.volume = Volume(self._caller)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def device_information(self) -> DeviceInformation:
        return await self._device.information()

    async def services(self) -> dict[Service, str]:
        """Addresses of the services that the camera has and we know."""
        return await self._caller.services()

    async def clock_check(self) -> ClockCheck:
        """The camera's clock against ours."""
        return await self._caller.clock_check()

    async def profiles(self) -> tuple[Profile, ...]:
        return await self._media.profiles()

    async def streams(self) -> StreamAddresses:
        """RTSP addresses to record (main) and to analyse (sub), chosen by resolution."""
        return await self._media.streams()

    async def stream_uri(self, profile: Profile) -> str:
        """RTSP address of one profile."""
        return await self._media.stream_uri(profile)

    async def snapshot_uri(self, profile: Profile | None = None) -> str:
        """HTTP address of a JPEG picture."""
        return await self._media.snapshot_uri(profile)

    async def snapshot(self, profile: Profile | None = None) -> bytes:
        """A JPEG picture."""
        url = await self._media.snapshot_uri(profile)
        try:
            reply = await self._http.get(url, SNAPSHOT_BYTES_MOST)
        except AnswerError as error:
            raise self._caller.broken("snapshot", str(error)) from None
        if reply.status in (401, 403):
            raise OnvifRefusedError(
                str(self._caller.broken("snapshot", "the camera refuses the user name or password"))
            )
        if reply.status != 200:
            raise self._caller.broken("snapshot", f"the camera answered with HTTP {reply.status}")
        if not reply.body.startswith(_JPEG):
            raise self._caller.broken("snapshot", "what the camera sent is no JPEG picture")
        return reply.body

    async def audio_outputs(self) -> tuple[str, ...]:
        """Tokens of its loudspeakers."""
        return await self._device.audio_outputs()

    async def relay_outputs(self) -> tuple[RelayOutput, ...]:
        return await self._device.relay_outputs()

    async def set_relay(self, token: str, *, active: bool) -> None:
        """Switch a relay."""
        await self._device.set_relay(token, active=active)

    async def probe(self) -> Probe:
        """Ask everything; what fails is told in ``problems``.

        Raises:
            OnvifRefusedError: wrong user name or password (asked once, so as not to be locked out).
            OnvifUnreachableError: nothing answers at that address, or not in time.
            OnvifError: what answers is no ONVIF camera.
        """
        problems: list[str] = []

        async def answered(question: Awaitable[_T]) -> _T | None:
            try:
                return await question
            except (OnvifRefusedError, OnvifUnreachableError):
                raise
            except OnvifError as error:
                problems.append(str(error))
                return None

        clock = await answered(self.clock_check())
        information = (
            await self.device_information()  # a camera that answers neither is none
            if clock is None
            else await answered(self.device_information())
        )
        services = await answered(self.services())
        profiles = await answered(self.profiles()) if services else None
        return Probe(
            information=information,
            clock=clock,
            services=tuple(services or ()),
            profiles=profiles or (),
            streams=await answered(self.streams()) if profiles else None,
            snapshot_uri=await answered(self.snapshot_uri()) if profiles else None,
            audio_outputs=(await answered(self.audio_outputs()) or ()) if services else (),
            relay_outputs=await answered(self.relay_outputs()) or (),
            sign_in=self._caller.sign_in,
            problems=tuple(problems),
        )
