"""The real loudspeaker room behind the console: talks become files, or go to virtual cameras."""

import threading
from pathlib import Path

from broadcast.announcer import Announcer
from broadcast.base import SpeakerDriver
from broadcast.live import LiveTalk
from broadcast.onvif import OnvifSpeaker
from console.services import Services
from core.cases import Announcement, Receipt
from core.clock import Clock, SystemClock
from core.config.cameras import Camera, Speaker
from sim.camera import VirtualTownship
from tests.sim.camera_kit import PASSWORD, USER


class Beat(SystemClock):
    """Talks take real time; what time it is the console's clock says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def utc_ns(self) -> int:
        return self._clock.utc_ns()


class FileTalks:
    """Speaks with the `file` driver into ``folder/horn`` and stores the receipts.

    Args:
        cameras: speaks by ONVIF to those of the same names instead.
    """

    def __init__(
        self, services: Services, folder: Path, cameras: VirtualTownship | None = None
    ) -> None:
        self.horn = folder / "horn"
        self.receipts: list[Receipt] = []
        self._services, self._clock = services, Beat(services.clock)
        speaker = Speaker(driver="file", url=str(self.horn))
        if cameras is not None:
            speaker = Speaker(driver="onvif")
        site = services.site
        speaking = tuple(
            one.model_copy(update={"speaker": speaker}) if one.speaker else one
            for one in site.cameras
        )

        def build(camera: Camera, _volume: int | None) -> SpeakerDriver:
            url = cameras.url(camera.id) if cameras else ""
            return OnvifSpeaker(camera.id, url, self._clock, username=USER, password=PASSWORD)

        rules = site.warnings.model_copy(update={"cooldown_s": 0})
        self._announcer = Announcer(
            site.model_copy(update={"cameras": speaking, "warnings": rules}),
            clock=self._clock,
            audio_dir=folder / "audio",
            build=build if cameras else None,
        )
        self._threads: list[threading.Thread] = []

    def begin(self, announcement: Announcement) -> LiveTalk:
        talk = LiveTalk(self._announcer, announcement, self._clock)

        def run() -> None:
            for receipt in talk.run():
                with self._services.store.begin() as unit:
                    # Nobody seals the sound here, so there is none to be listened to.
                    unit.receipts.put(receipt.model_copy(update={"audio_sha256": None}))
                self.receipts.append(receipt)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        return talk

    def join(self, limit_s: float = 30.0) -> None:
        """Wait for all talks to be over; they must end by themselves."""
        for thread in self._threads:
            thread.join(limit_s)
            assert not thread.is_alive(), "a talk did not end"
