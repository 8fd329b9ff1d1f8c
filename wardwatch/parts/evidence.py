"""Wishes for evidence to sealed files."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import structlog

from core.config.site import Site
from core.errors import WardwatchError
from core.messages import EVIDENCE_SEALED, EVIDENCE_WANTED, EvidenceWanted
from core.value import Value
from recorder.evidence import EvidenceCutter
from recorder.locks import Locks
from recorder.vault import Vault
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

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
        self._cutter = EvidenceCutter(
            paths.recordings,
            Vault(paths.vault, context.clock),
            context.clock,
            timezone=context.site.zone_info,
            locks=Locks(paths.recordings),
        )

    def run(self) -> None:
        with ThreadPoolExecutor(_CUTTERS, thread_name_prefix="cut") as cutters:

            def cut(message: Value) -> None:
                cutters.submit(self._cut, cast(EvidenceWanted, message))

            self._bus.consume(
                "evidence", {EVIDENCE_WANTED: (EvidenceWanted, cut)}, self.context.stop
            )
        self._bus.close()

    def use(self, site: Site) -> None:
        # A camera that is gone keeps its name and zones for the evidence of its incidents.
        self._cameras |= {camera.id: camera for camera in site.cameras}

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
