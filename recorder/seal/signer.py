"""Whoever signs: one driver a kind of key."""

from abc import ABC, abstractmethod

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from recorder.seal.check.signatures import ED25519, P256, Identity, identity
from recorder.seal.errors import KeyFileError

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class Signer(ABC):
    """A key and the certificate of it.

    Attributes:
        name: of the key, e.g. ``p256-0001``.
        algorithm: ``ecdsa-p256-sha256``, ``ed25519`` or ``sm2-sm3``.
        identity: its certificate (and those of its issuers), or its bare public key for SM2.
    """

    def __init__(self, name: str, algorithm: str, pem: bytes) -> None:
        self.name, self.algorithm = name, algorithm
        self.identity: Identity = identity(pem)

    @property
    def key_file(self) -> str:
        """Where the certificate lies inside a sealed folder."""
        return f"certs/{self.identity.sha256[:16]}.pem"

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """A detached signature in the form that ``openssl`` verifies.

        Raises:
            SealError: the key cannot be used now.
        """


class FileSigner(Signer):
    """ECDSA on P-256 (FIPS 186-5, DER) or Ed25519 (RFC 8032) with a key from a file.

    Raises:
        KeyFileError: the certificate belongs to another key.
    """

    def __init__(self, name: str, key: PrivateKey, pem: bytes) -> None:
        algorithm = P256 if isinstance(key, ec.EllipticCurvePrivateKey) else ED25519
        super().__init__(name, algorithm, pem)
        self._key = key
        certificates = self.identity.certificates
        if not certificates or certificates[0].public_key() != key.public_key():
            raise KeyFileError(f"{name}: the certificate belongs to another key")

    def sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self._key.sign(data)
