"""Announcements to loudspeakers, receipts back, and the audio into the vault."""

import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import structlog

from broadcast.announcer import Announcer
from broadcast.errors import BroadcastError
from broadcast.live import LiveTalk
from core.cases import Announcement, Receipt
from core.clock import NS_PER_S
from core.config.site import Site
from core.errors import WardwatchError
from core.messages import ANNOUNCEMENTS, EVIDENCE_SEALED, RECEIPTS
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.parts.drone_link import DroneLink
from wardwatch.parts.hearing import listen
from wardwatch.parts.volume import OnvifVolume
from wardwatch.processes.context import Context
from wardwatch.vaults import open_vault

log = structlog.get_logger()

_TALKERS = 16
_LISTENERS = 4
_TALKS = 4


class SpeakersPart(Part):
    """Speaks at different loudspeakers at the same time.

    A message is taken off the bus when its talk begins: should this process die in the middle,
    the desk sends again what has no receipt, and the announcer's journal keeps it from being
    said twice.
    """

    name = "speakers"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self._site = context.site
        self._drones = DroneLink(self._bus)
        self._announcer = Announcer(
            context.site,
            clock=context.clock,
            audio_dir=context.paths.audio,
            recordings=context.paths.voice,
            knob=OnvifVolume(lambda: self._site, context.clock),
            drones=self._drones,
        )
        self._vault = open_vault(context.site, context.paths, context.clock)

        self._talks = ThreadPoolExecutor(_TALKS, thread_name_prefix="live")
        self._talking = threading.BoundedSemaphore(_TALKS)

    def begin(self, announcement: Announcement) -> LiveTalk:
        """A person speaks live; see :class:`core.talking.TalkOffice`.

        Raises:
            BroadcastError: too many talk, or the program ends.
        """
        if self.context.stop.is_set() or not self._talking.acquire(blocking=False):
            raise BroadcastError(f"{announcement.camera}: {_TALKS} people are talking already")
        talk = LiveTalk(self._announcer, announcement, self.context.clock)
        self._talks.submit(self._talk, talk, announcement.id)
        return talk

    def _talk(self, talk: LiveTalk, name: str) -> None:
        try:
            for receipt in talk.run():
                self._bus.publish(RECEIPTS, receipt)
                self._seal(receipt)
        except WardwatchError as error:
            log.error("talk not kept", announcement=name, error=str(error))
        except Exception:
            log.exception("talk failed", announcement=name)
        finally:
            talk.close()
            self._talking.release()

    def run(self) -> None:
        stop = self.context.stop
        drones = threading.Thread(target=self._drones.run, args=(stop,), name="drones-answers")
        drones.start()
        with (
            ThreadPoolExecutor(_LISTENERS, thread_name_prefix="listen") as listeners,
            ThreadPoolExecutor(_TALKERS, thread_name_prefix="talk") as talkers,
        ):

            def speak(message: Value) -> None:
                talkers.submit(self._speak, cast(Announcement, message), listeners)

            self._bus.consume("speakers", {ANNOUNCEMENTS: (Announcement, speak)}, stop)
            self._announcer.stop()
        self._talks.shutdown()
        drones.join()
        self._bus.close()

    def use(self, site: Site) -> None:
        self._site = site
        self._announcer.use(site)

    def _speak(self, announcement: Announcement, listeners: ThreadPoolExecutor) -> None:
        try:
            for receipt in self._announcer.handle_all(announcement):
                self._bus.publish(RECEIPTS, receipt)
                self._seal(receipt)
                if self._site.warnings.listen and receipt.hearing is None:
                    listeners.submit(self._listen, receipt)
        except WardwatchError as error:
            log.error("warning not kept", announcement=announcement.id, error=str(error))
        except Exception:
            log.exception("warning failed", announcement=announcement.id)

    def _listen(self, receipt: Receipt) -> None:
        """Whether a microphone heard it is told by the same receipt, later."""
        context = self.context
        try:
            recordings = context.paths.recordings
            hearing = listen(receipt, self._site, recordings, context.clock, context.stop)
            if hearing is not None:
                self._bus.publish(RECEIPTS, self._announcer.keep_hearing(receipt, hearing))
        except Exception:
            log.exception("warning not listened for", announcement=receipt.announcement)

    def _seal(self, receipt: Receipt) -> None:
        """The sound that was sent is evidence of the warning."""
        if receipt.audio_path is None or receipt.started_ns is None:
            return
        with tempfile.TemporaryDirectory(prefix="ww-") as scratch:
            copy = Path(shutil.copy(receipt.audio_path, scratch))
            item = self._vault.seal(
                receipt.incident,
                "warning_audio",
                copy,
                camera=receipt.camera,
                first_ns=receipt.started_ns,
                last_ns=receipt.started_ns + round(receipt.seconds * NS_PER_S),
                item_id=f"{receipt.announcement}-audio",
                note=receipt.text,
            )
        self._bus.publish(EVIDENCE_SEALED, item)
