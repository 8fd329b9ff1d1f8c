"""Where a running command centre keeps its files."""

from dataclasses import dataclass
from pathlib import Path

from core.config.site import Site
from core.store.database import sqlite_url


@dataclass(frozen=True)
class Paths:
    """Directories below the data directory. All of them may be on one disk or several."""

    data: Path

    @property
    def run(self) -> Path:
        """Sockets, ready marks and the resolved configuration of the present run."""
        return self.data / "run"

    @property
    def recordings(self) -> Path:
        return self.data / "recordings"

    @property
    def vault(self) -> Path:
        return self.data / "vault"

    @property
    def keys(self) -> Path:
        """Signing keys, unless the configuration names another place."""
        return self.data / "keys"

    @property
    def case_files(self) -> Path:
        """Case files that the console had made."""
        return self.data / "casefiles"

    @property
    def site_log(self) -> Path:
        """The Merkle log of what was sealed and deleted."""
        return self.data / "log"

    @property
    def deleted_evidence(self) -> Path:
        """Records of deleted evidence, case files and films."""
        return self.data / "deleted-evidence.jsonl"

    @property
    def films(self) -> Path:
        """Films imported from the inbox."""
        return self.data / "films"

    @property
    def field(self) -> Path:
        """Pieces of files that officers' phones are sending."""
        return self.data / "field"

    @property
    def tips(self) -> Path:
        """Photos that the public sent."""
        return self.data / "tips"

    @property
    def teaching(self) -> Path:
        """Pictures of judged incidents, for training."""
        return self.data / "teaching"

    @property
    def audio(self) -> Path:
        """Rendered warnings and their receipts."""
        return self.data / "audio"

    @property
    def voice(self) -> Path:
        """Recordings of warning texts, named by their hash."""
        return self.data / "voice"

    @property
    def spool(self) -> Path:
        """Messages that wait for the bus."""
        return self.data / "spool"

    @property
    def bus(self) -> Path:
        """Files of the embedded Valkey."""
        return self.data / "bus"

    @property
    def township(self) -> Path:
        """What the simulated township played and heard (demo only)."""
        return self.data / "township"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def site_file(self) -> Path:
        """The configuration as the supervisor resolved it, for its child processes."""
        return self.run / "site.json"

    @property
    def config_error(self) -> Path:
        """Why the configuration as it is edited cannot be taken over; absent when all is well."""
        return self.run / "config.error"

    def database_url(self, site: Site) -> str:
        """The configured database, or SQLite in the data directory."""
        return site.database.url or sqlite_url(self.data / "wardwatch.db")

    def make(self) -> None:
        """Create all directories; ``run`` is open to this user alone."""
        for path in (
            self.data,
            self.run,
            self.recordings,
            self.vault,
            self.films,
            self.field,
            self.tips,
            self.audio,
            self.spool,
            self.bus,
            self.logs,
        ):
            path.mkdir(parents=True, exist_ok=True)
        self.run.chmod(0o700)
