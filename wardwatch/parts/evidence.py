"""Wishes for evidence to sealed files."""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import structlog

from core.cases import EvidenceItem
from core.config.site import Site
from core.config.zones import Zone
from core.errors import WardwatchError
from core.messages import EVIDENCE_SEALED, EVIDENCE_WANTED, EvidenceWanted
from core.value import Value
from recorder.evidence import EvidenceCutter
from recorder.locks import Locks
from recorder.seal.timestamp import Authority
from recorder.signing.certificates import load_roots
from wardwatch.parts.base import Part
from wardwatch.parts.detections import Detections
from wardwatch.processes.context import Context
from wardwatch.vaults import authority, open_vault

log = structlog.get_logger()

_CUTTERS = 4


class EvidencePart(Part):
    """Cuts, draws and seals in the hub, never in the recorder: that one must not decode.

    A wish is taken off the bus when work on it begins; what a crash cuts short the desk wishes
    for again when it resumes, and sealing twice gives the same item.
    """

    name = "evidence"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self._cameras = {camera.id: camera for camera in context.site.cameras}
        paths = context.paths
        self._vault = open_vault(context.site, paths, context.clock)
        self._authority = authority(context.site)
        self._detections = Detections(self._zone)
        self._listening: list[threading.Thread] = []
        self._cutter = EvidenceCutter(
            paths.recordings,
            self._vault,
            context.clock,
            timezone=context.site.zone_info,
            locks=Locks(paths.recordings),
            roots=load_roots(context.site.signing.roots),
        )

    def run(self) -> None:
        if not self._listening:  # a part that failed is run again
            self._listening = self._detections.listen(self._bus, self.context.stop)
        with ThreadPoolExecutor(_CUTTERS + 1, thread_name_prefix="cut") as cutters:
            if self._authority is not None:
                cutters.submit(self._stamp, self._authority)

            def cut(message: Value) -> None:
                cutters.submit(self._cut, cast(EvidenceWanted, message))

            self._bus.consume(
                "evidence", {EVIDENCE_WANTED: (EvidenceWanted, cut)}, self.context.stop
            )
        for thread in self._listening:
            thread.join()
        self._bus.close()

    def use(self, site: Site) -> None:
        # A camera that is gone keeps its name and zones for the evidence of its incidents.
        self._cameras |= {camera.id: camera for camera in site.cameras}

    def _stamp(self, authority: Authority) -> None:
        """Time-stamp what was sealed; what finds the authority away waits."""
        stamps = self.context.site.seal.timestamp
        retry_s = stamps.retry_s if stamps is not None else 0.0
        while not self.context.stop.is_set():
            try:
                self._vault.stamp_waiting(authority.stamp)
            except WardwatchError as error:
                log.warning("no time-stamp yet", error=str(error))
            except Exception:
                log.exception("time-stamps failed")
            self.context.clock.wait(self.context.stop, retry_s)

    def _cut(self, wanted: EvidenceWanted) -> None:
        camera = self._cameras.get(wanted.camera)
        zone = camera.zone(wanted.zone) if camera and wanted.zone else None
        try:
            items = self._cutter.handle(
                wanted,
                zone.polygon if zone else None,
                camera_name=camera.name if camera else None,
                stop=self.context.stop,
            )
        except WardwatchError as error:
            log.error(
                "evidence missing", incident=wanted.incident, wanted=wanted.id, error=str(error)
            )
            return
        except Exception:
            log.exception("evidence failed", incident=wanted.incident, wanted=wanted.id)
            return
        for item in items:
            self._bus.publish(EVIDENCE_SEALED, item)
        try:
            self._seal_detections(wanted, items[0])
        except (WardwatchError, OSError) as error:
            log.error("detections not sealed", incident=wanted.incident, error=str(error))

    def _seal_detections(self, wanted: EvidenceWanted, clip: EvidenceItem) -> None:
        """Seal what the model said of the clip; once, as clip and snapshot are."""
        item_id = f"{wanted.id}-seen"
        items = self._vault.manifest(wanted.incident).items
        if any(one.id == item_id for one in items):
            return
        with tempfile.TemporaryDirectory(prefix=".seen-", dir=self._vault.root) as scratch:
            out = Path(scratch) / "detections.jsonl"
            if not self._detections.write(wanted, clip.first_ns, clip.last_ns, out):
                return
            item = self._vault.seal(
                wanted.incident,
                "detections",
                out,
                camera=wanted.camera,
                first_ns=clip.first_ns,
                last_ns=clip.last_ns,
                item_id=item_id,
                parent_sha256=clip.sha256,
                note="what the model said while the clip was recorded",
            )
        self._bus.publish(EVIDENCE_SEALED, item)

    def _zone(self, camera: str, zone: str) -> Zone | None:
        known = self._cameras.get(camera)
        return known.zone(zone) if known is not None else None
