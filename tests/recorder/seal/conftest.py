"""A station with keys, log and vault."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.cases import EvidenceItem
from core.clock import Clock, ManualClock
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.sealer import Sealer
from recorder.vault import Vault

INCIDENT = "inc-0123456789"


@dataclass
class Station:
    """Keys in ``keys``, the log in ``log``, evidence in ``vault``, all below ``root``."""

    root: Path
    clock: Clock
    keys: KeyRing
    log: SiteLog
    vault: Vault

    @property
    def folder(self) -> Path:
        return self.root / "vault" / INCIDENT

    def again(self) -> "Station":
        """As another process has it."""
        return station_in(self.root, self.clock)

    def seal(self, text: str = "moving pictures", name: str = "clip.mp4") -> EvidenceItem:
        file = self.root / name
        file.write_text(text)
        if isinstance(self.clock, ManualClock):
            self.clock.advance(1)
        now_ns = self.clock.utc_ns()
        return self.vault.seal(
            INCIDENT, "clip", file, camera="river-1", first_ns=now_ns - 10**9, last_ns=now_ns
        )


def station_in(
    root: Path, clock: Clock, *, kind: str = "p256", sm2: bool = False, stamped: bool = False
) -> Station:
    keys = KeyRing(root / "keys", clock, station="望守镇", kind=kind, sm2=sm2)
    log = SiteLog(root / "log", keys, clock)
    vault = Vault(root / "vault", clock, Sealer(keys, log, stamped))
    return Station(root, clock, keys, log, vault)


@pytest.fixture
def station(tmp_path: Path, clock: ManualClock) -> Station:
    return station_in(tmp_path, clock)


@pytest.fixture
def make_station(tmp_path: Path, clock: ManualClock) -> Callable[..., Station]:
    def make(**options: bool | str) -> Station:
        return station_in(tmp_path, clock, **options)

    return make
