"""An office that changes the township of one process, and a network of two devices."""

import asyncio

import cv2

from console.services import Services
from core.clock import NS_PER_S
from core.config.cameras import Camera, Streams
from core.credentials import Credential
from core.errors import ConfigError, WardwatchError
from core.messages import CameraHealth
from core.networks import AddressError
from core.roster import CameraDraft, FoundDevice, FoundStream, Probed
from tests.console import fake_scenes

HOST = "192.168.1.64"
PASSWORD = "horse-battery-staple"
PROBLEM = f"camera {HOST}: its clock is off by -120 s; set NTP"


class FakeOffice:
    """Satisfies ``core.roster.CameraOffice``; remembers what it was asked for."""

    def __init__(self) -> None:
        self.services: Services | None = None
        self.calls: list[tuple[str, str, CameraDraft | None, Credential | None]] = []
        self.asked, self.answers = asyncio.Event(), asyncio.Event()
        self.answers.set()

    async def discover(self, seconds: float = 3.0) -> tuple[FoundDevice, ...]:
        self.asked.set()
        await self.answers.wait()
        return (
            FoundDevice(
                address=f"http://{HOST}/onvif/device_service", host=HOST,
                name="IPC 2CD2143", hardware="DS-2CD2143G2-I", permitted=True),
            FoundDevice(
                address="http://192.168.1.20/onvif/device_service", host="192.168.1.20",
                name="IPC", hardware="IPC-HFW2431S", permitted=True, camera="river"),
            FoundDevice(
                address="http://169.254.7.9/onvif/device_service", host="169.254.7.9",
                name="Camera", permitted=False),
        )  # fmt: skip

    async def probe(self, address: str, credential: Credential | None = None) -> Probed:
        self.calls.append(("probe", address, None, credential))
        if HOST not in address:
            raise AddressError(
                f"{address} lies outside the camera networks; add its network to `networks` in "
                "township.yaml if cameras may stand there"
            )
        if credential is None or credential.password != PASSWORD:
            said = "" if credential is None else f" {credential.username}:{credential.password}"
            raise WardwatchError(
                f"camera at {HOST}{said} refused: user name or password wrong; "
                "check username and password"
            )
        # As bad as devices are: the sign-in comes back inside the addresses.
        login = f"{credential.username}:{credential.password}"
        return Probed(
            address=f"http://{login}@{HOST}/onvif/device_service", onvif=f"{HOST}:80",
            manufacturer="Hikvision", model="DS-2CD2143G2-I", firmware="V5.7.3", serial="F12345678",
            streams=(
                FoundStream(role="main", url=f"rtsp://{login}@{HOST}:554/Streaming/Channels/101",
                            codec="h264", width=2560, height=1440, fps=25, audio="pcm_alaw"),
                FoundStream(role="sub", url=f"rtsp://{HOST}:554/Streaming/Channels/102",
                            codec="h264", width=640, height=360, fps=15),
            ),
            snapshot=True, speaker=True, clock_offset_s=-119.9, sign_in="digest",
            problems=(PROBLEM,),
        )  # fmt: skip

    async def snapshot(self, camera: str) -> bytes:
        if camera == "street":
            raise WardwatchError("camera street: gives no picture; it has neither stream nor still")
        done, data = cv2.imencode(".jpg", fake_scenes.picture("river", 3))
        assert done
        return data.tobytes()

    def add(self, camera: str, draft: CameraDraft, credential: Credential | None = None) -> None:
        self.calls.append(("add", camera, draft, credential))
        if draft.name is None or draft.main is None:
            raise ConfigError(f"camera {camera}: name and main are needed")
        self._put(
            Camera(
                id=camera,
                name=draft.name,
                enabled=draft.enabled is not False,
                place=draft.place,
                bearing_deg=draft.bearing_deg or 0,
                streams=Streams(main=draft.main, sub=draft.sub),
                onvif=draft.onvif,
                username=credential.username if credential else None,
            )
        )

    def change(self, camera: str, draft: CameraDraft, credential: Credential | None = None) -> None:
        self.calls.append(("change", camera, draft, credential))
        known = self._services.site.camera(camera)
        assert known is not None
        streams = {"main": draft.main, "sub": draft.sub, "transport": draft.transport}
        given = {"name": draft.name, "enabled": draft.enabled, "place": draft.place,
                 "bearing_deg": draft.bearing_deg, "onvif": draft.onvif,
                 "username": credential.username if credential else None}  # fmt: skip
        new_streams = {name: value for name, value in streams.items() if value is not None}
        self._put(
            known.model_copy(
                update={
                    **{name: value for name, value in given.items() if value is not None},
                    "streams": known.streams.model_copy(update=new_streams),
                }
            )
        )

    def remove(self, camera: str) -> None:
        self.calls.append(("remove", camera, None, None))
        self._roster(tuple(one for one in self._services.site.cameras if one.id != camera))

    @property
    def _services(self) -> Services:
        assert self.services is not None
        return self.services

    def _put(self, camera: Camera) -> None:
        site, clock = self._services.site, self._services.clock
        known = {one.id: one for one in site.cameras}
        self._roster(tuple({**known, camera.id: camera}.values()))
        for process in ("recorder", "analyst"):
            self._services.feed.push(
                "health",
                CameraHealth(
                    camera=camera.id, process=process, state="offline", reason="starting",
                    since_ns=clock.utc_ns() - NS_PER_S, at_ns=clock.utc_ns()),
            )  # fmt: skip

    def _roster(self, cameras: tuple[Camera, ...]) -> None:
        site = self._services.site.model_copy(update={"cameras": cameras})
        # The services are frozen for everybody but the one who composes them.
        self._services.site = site
