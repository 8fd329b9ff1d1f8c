"""What case files are made from and with."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from core.clock import Clock
from core.config.site import Site
from core.store.database import Store
from recorder.seal.sealer import Sealer
from recorder.seal.timestamp import Authority
from recorder.vault import Vault


@dataclass(frozen=True)
class Station:
    """Where case files are made from.

    Attributes:
        recordings: where the ledgers of gaps are.
        authority: gives time-stamps; None: none are fetched.
        camera_roots: certificates that cameras' own signatures must lead to.
    """

    site: Site
    store: Store
    vault: Vault
    sealer: Sealer
    clock: Clock
    recordings: Path
    authority: Authority | None = None
    camera_roots: tuple[x509.Certificate, ...] = ()
