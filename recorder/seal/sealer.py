"""What a vault needs to seal: keys, the site's log, and whether time-stamps are fetched."""

from dataclasses import dataclass

import structlog
from cryptography import x509

from recorder.seal.check.judge import Trust
from recorder.seal.errors import SealError
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.signer import Signer

log = structlog.get_logger()


@dataclass(frozen=True)
class Sealer:
    """Signs what a vault keeps and enters it in the log.

    Evidence comes before its proof: a key or a log that cannot be used is an error in the log of
    the program and leaves a manifest unsigned or unlogged, which the next sealing makes good.

    Attributes:
        stamped: whether new manifests wait for a time-stamp.
        stamp_roots: authorities that time-stamps must end at.
        sm3: whether files are hashed with SM3 as well when they are sealed.
    """

    keys: KeyRing
    log: SiteLog
    stamped: bool = False
    stamp_roots: tuple[x509.Certificate, ...] = ()
    sm3: bool = True

    def signers(self) -> tuple[Signer, ...]:
        """Who signs now; nobody when the keys cannot be used."""
        try:
            return self.keys.signers()
        except SealError as error:
            log.error("sealing without signature", error=str(error))
            return ()

    def sign(self, signers: tuple[Signer, ...], content: bytes) -> tuple[bytes, ...]:
        """The signatures of all signers; none when one of them fails."""
        try:
            return tuple(signer.sign(content) for signer in signers)
        except SealError as error:
            log.error("sealing without signature", error=str(error))
            return ()

    def enter(self, kind: str, subject: str, sha256: str) -> None:
        """Enter something in the site's log."""
        try:
            self.log.append(kind, subject, sha256)
        except SealError as error:
            log.error("sealing without the site's log", subject=subject, error=str(error))

    def trust(self) -> Trust:
        """What this station's evidence is measured against."""
        return self.keys.trust(self.stamp_roots)
