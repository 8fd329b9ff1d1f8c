"""Sealed evidence to storage elsewhere, in the background."""

import structlog

from core.clock import NS_PER_S
from core.errors import ConfigError
from recorder.remote.vault import FETCHING, RemoteVault
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context
from wardwatch.remote import Elsewhere, uploads_of

log = structlog.get_logger()

_RETRY_S = 60.0
_OLD_S = 86_400


class UploadsPart(Part):
    """Sends what the hub and others sealed; keeps on trying for as long as the hub runs."""

    name = "uploads"

    def __init__(self, context: Context, vault: RemoteVault) -> None:
        super().__init__(context)
        self._vault = vault
        self.elsewhere = Elsewhere(context.site, vault)

    def run(self) -> None:
        self._tidy()
        while self.elsewhere.uploads is None:
            try:
                self.elsewhere.uploads = uploads_of(
                    self.context.site, self._vault, self.context.clock
                )
            except ConfigError as error:
                # Evidence is sealed here all the same; the console says that it stays here.
                self.elsewhere.error = str(error)
                log.error("evidence is not stored elsewhere", error=str(error))
                if self.context.clock.wait(self.context.stop, _RETRY_S):
                    return
        self.elsewhere.uploads.run(self.context.stop)

    def _tidy(self) -> None:
        """Remove what a crash left of something fetched."""
        now_ns = self.context.clock.utc_ns()
        for path in self._vault.library.records.folder.glob(f"*{FETCHING}"):
            if now_ns - path.stat().st_mtime_ns > _OLD_S * NS_PER_S:
                path.unlink(missing_ok=True)
