"""Announcements to loudspeakers, receipts back, and the audio into the vault."""

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import structlog

from broadcast.announcer import Announcer
from core.cases import Announcement, Receipt
from core.clock import NS_PER_S
from core.config.site import Site
from core.errors import WardwatchError
from core.messages import ANNOUNCEMENTS, EVIDENCE_SEALED, RECEIPTS
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context
from wardwatch.vaults import open_vault

log = structlog.get_logger()

_TALKERS = 16


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
        self._announcer = Announcer(
            context.site, clock=context.clock, audio_dir=context.paths.audio
        )
        self._vault = open_vault(context.site, context.paths, context.clock)

    def run(self) -> None:
        with ThreadPoolExecutor(_TALKERS, thread_name_prefix="talk") as talkers:

            def speak(message: Value) -> None:
                talkers.submit(self._speak, cast(Announcement, message))

            self._bus.consume("speakers", {ANNOUNCEMENTS: (Announcement, speak)}, self.context.stop)
            self._announcer.stop()
        self._bus.close()

    def use(self, site: Site) -> None:
        self._announcer.use(site)

    def _speak(self, announcement: Announcement) -> None:
        try:
            receipt = self._announcer.handle(announcement)
            self._bus.publish(RECEIPTS, receipt)
            self._seal(receipt)
        except WardwatchError as error:
            log.error("warning not kept", announcement=announcement.id, error=str(error))
        except Exception:
            log.exception("warning failed", announcement=announcement.id)

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
