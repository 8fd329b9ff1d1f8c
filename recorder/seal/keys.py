"""The signing keys of a station: made on first use, renewed on request, certificates kept."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from core.clock import Clock
from recorder.seal import certificates
from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.judge import Trust
from recorder.seal.check.signatures import Identity, identity
from recorder.seal.errors import KeyFileError
from recorder.seal.files import write_whole
from recorder.seal.keyfiles import key_pem, private_folder, read_key
from recorder.seal.signer import FileSigner, PrivateKey, Signer
from recorder.seal.sm2 import Sm2Signer, gmssl_sm2, new_secret, public_pem

YEARS = 10
_NAME = re.compile(r"([a-z0-9]+)-(\d{4})\.(key|pem)")

Driver = Callable[[Path], Signer]
"""Makes a signer whose key is elsewhere (``pkcs11``); given the folder for its certificate."""


@dataclass(frozen=True)
class KeyInfo:
    """One key, present or past."""

    name: str
    identity: Identity
    signs: bool


class KeyRing:
    """The keys in one folder: ``p256-0001.key`` (mode 0600) beside ``p256-0001.pem``.

    The certificate may be replaced by one that an authority issued for the same key, followed by
    those of its issuers. A key that was followed by another is destroyed; its certificate stays,
    because what it signed is still to be verified.

    Args:
        folder: mode 0700; made with the first key.
        clock: for the days of certificates.
        station: name in the certificate.
        kind: ``p256`` or ``ed25519``.
        sm2: sign with SM2 as well.
        driver: signs in the place of a key of ``kind``.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        station: str,
        kind: str = "p256",
        sm2: bool = False,
        driver: Driver | None = None,
    ) -> None:
        self.folder = folder
        self._clock, self._station, self._kind = clock, station, kind
        self._sm2, self._driver = sm2, driver
        self._driven: Signer | None = None
        self._held: dict[str, tuple[bytes, Signer]] = {}

    def signers(self) -> tuple[Signer, ...]:
        """Who signs now, the chief one first; keys are made when there are none.

        Raises:
            KeyFileError: a key cannot be used; names the file.
        """
        with private_folder(self.folder):
            if self._driver is not None and self._driven is None:
                self._driven = self._driver(self.folder)
            first = self._driven or self._current(self._kind)
            return (first, self._current("sm2")) if self._sm2 else (first,)

    def rotate(self) -> tuple[Signer, ...]:
        """Make new keys; the old ones are destroyed.

        Raises:
            KeyFileError: as :meth:`signers`, or the key is in a token.
        """
        if self._driver is not None:
            raise KeyFileError("seal.pkcs11: make a new key in the token and name it there")
        with private_folder(self.folder):
            for kind in (self._kind, "sm2") if self._sm2 else (self._kind,):
                old = self._names(kind, "key")
                self._make(kind)
                for name in old:
                    (self.folder / f"{name}.key").unlink()
        return self.signers()

    def request(self) -> bytes:
        """A request for a certificate of the present key (PKCS #10, PEM)."""
        signer = self.signers()[0]
        key = read_key(self.folder / f"{signer.name}.key")
        if isinstance(key, int):
            raise KeyFileError(f"{signer.name}: no request can be made for an SM2 key")
        return certificates.request(key, self._station)

    def infos(self) -> list[KeyInfo]:
        """All keys there ever were, oldest first; makes none."""
        found = []
        for path in sorted(self.folder.glob("*.pem")):
            try:
                who = identity(path.read_bytes())
            except (OSError, UnreadableError) as error:
                raise KeyFileError(f"{path}: is no certificate: {error}") from None
            signs = path.with_suffix(".key").exists() or path.stem == "pkcs11"
            found.append(KeyInfo(path.stem, who, signs))
        return found

    def trust(self, stamp_roots: tuple[x509.Certificate, ...] = ()) -> Trust:
        """What this station's evidence is measured against: its own certificates."""
        keys = frozenset(info.identity.sha256 for info in self.infos())
        # A station without keys knows nobody; an empty set would mean "not compared".
        return Trust(keys or frozenset({"none"}), (), stamp_roots)

    def _current(self, kind: str) -> Signer:
        names = self._names(kind, "key") or [self._make(kind)]
        name = names[-1]
        path = self.folder / f"{name}.key"
        key = read_key(path)
        pem = self._certificate(name)
        held = self._held.get(name)
        if held is None or held[0] != pem:
            signer = Sm2Signer(name, key) if isinstance(key, int) else FileSigner(name, key, pem)
            held = self._held[name] = (pem, signer)
        return held[1]

    def _certificate(self, name: str) -> bytes:
        path = self.folder / f"{name}.pem"
        try:
            pem = path.read_bytes()
            identity(pem)
        except (OSError, UnreadableError) as error:
            raise KeyFileError(f"{path}: the certificate cannot be read: {error}") from None
        return pem

    def _names(self, kind: str, ending: str) -> list[str]:
        found = [_NAME.fullmatch(path.name) for path in self.folder.iterdir()]
        return sorted(
            one.group().rpartition(".")[0]
            for one in found
            if one is not None and one.group(1) == kind and one.group(3) == ending
        )

    def _make(self, kind: str) -> str:
        """The certificate before the key: a key that is there always has one."""
        numbers = [int(name.rpartition("-")[2]) for name in self._names(kind, "pem")]
        name = f"{kind}-{max(numbers, default=0) + 1:04d}"
        key: PrivateKey | int
        if kind == "sm2":
            gmssl_sm2()
            key = new_secret()
            pem = public_pem(key)
        else:
            key = (
                ed25519.Ed25519PrivateKey.generate()
                if kind == "ed25519"
                else ec.generate_private_key(ec.SECP256R1())
            )
            pem = certificates.self_signed(key, self._station, self._clock.utc_ns(), YEARS)
        try:
            write_whole(self.folder / f"{name}.pem", pem, 0o644)
            write_whole(self.folder / f"{name}.key", key_pem(key), 0o600)
        except OSError as error:
            raise KeyFileError(f"{self.folder}: cannot hold {name}: {error.strerror}") from None
        return name
