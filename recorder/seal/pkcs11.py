"""A P-256 key in a token (PKCS #11), by ``python-pkcs11``, an extra (``wardwatch[pkcs11]``)."""

import hashlib
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from core.clock import Clock
from recorder.seal.certificates import self_signed_elsewhere
from recorder.seal.check.der import OCTET_STRING, element
from recorder.seal.check.signatures import P256
from recorder.seal.errors import KeyFileError, SealError
from recorder.seal.files import write_whole
from recorder.seal.signer import Signer

CERTIFICATE = "pkcs11.pem"
_YEARS = 10


class Token:
    """A session with a key, opened once.

    Args:
        module: library of the token's maker.
        token: its label.
        key: label of the key pair.
        pin: of the user.

    Raises:
        KeyFileError: the token or the key cannot be used.
    """

    def __init__(self, module: Path, token: str, key: str, pin: str) -> None:
        self._pkcs11 = _library()
        where = f"seal.pkcs11: {module}, token {token!r}, key {key!r}"
        try:
            session = self._pkcs11.lib(str(module)).get_token(token_label=token).open(user_pin=pin)
            kinds = self._pkcs11.ObjectClass
            self._key = session.get_key(object_class=kinds.PRIVATE_KEY, label=key)
            public = session.get_key(object_class=kinds.PUBLIC_KEY, label=key)
            point = element(public[self._pkcs11.Attribute.EC_POINT]).expect(OCTET_STRING).body
            self.public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except (self._pkcs11.exceptions.PKCS11Error, RuntimeError, ValueError) as error:
            raise KeyFileError(f"{where}: {type(error).__name__} {error}".rstrip()) from None

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256, DER."""
        try:
            raw: Any = self._key.sign(
                hashlib.sha256(data).digest(), mechanism=self._pkcs11.Mechanism.ECDSA
            )
        except self._pkcs11.exceptions.PKCS11Error as error:
            raise SealError(f"the token does not sign: {type(error).__name__}") from None
        half = len(raw) // 2
        return encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )


class Pkcs11Signer(Signer):
    """Signs in the token; ``pkcs11.pem`` beside the other keys is its certificate.

    Without that file the key certifies itself, as a key in a file does.

    Raises:
        KeyFileError: the certificate belongs to another key.
    """

    def __init__(self, folder: Path, token: Token, clock: Clock, station: str) -> None:
        path = folder / CERTIFICATE
        if not path.exists():
            made = self_signed_elsewhere(token.public, token.sign, station, clock.utc_ns(), _YEARS)
            write_whole(path, made, 0o644)
        super().__init__("pkcs11", P256, path.read_bytes())
        self._token = token
        if self.identity.certificates[0].public_key() != token.public:
            raise KeyFileError(
                f"{path}: the certificate belongs to another key than the token's; keep it as "
                "pkcs11-0001.pem and another is made"
            )

    def sign(self, data: bytes) -> bytes:
        return self._token.sign(data)


def _library() -> ModuleType:
    try:
        return importlib.import_module("pkcs11")
    except ImportError:
        raise KeyFileError(
            "seal.pkcs11: tokens need python-pkcs11; install wardwatch[pkcs11]"
        ) from None
