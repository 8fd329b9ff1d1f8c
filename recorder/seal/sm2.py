"""SM2 signatures with ``gmssl``, an extra (``wardwatch[sm2]``).

gmssl computes the signer's digest from the public key it is given and signs without complaint
when that is empty, so the key is computed from the private one here and every signature is
verified, by arithmetic that is not gmssl's, before it leaves.
"""

import base64
import importlib
import secrets
from types import ModuleType

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.signatures import SM2
from recorder.seal.check.sm2 import G, N, multiple, sm2_point, sm2_verifies
from recorder.seal.errors import KeyFileError, SealError
from recorder.seal.signer import Signer

# SubjectPublicKeyInfo up to the point: id-ecPublicKey, sm2p256v1 (RFC 5480, GM/T 0006).
_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")


def gmssl_sm2() -> ModuleType:
    """The module, if it is installed.

    Raises:
        KeyFileError: it is not.
    """
    try:
        return importlib.import_module("gmssl.sm2")
    except ImportError:
        raise KeyFileError(
            "seal.sm2: SM2 signatures need gmssl; install wardwatch[sm2] or switch them off"
        ) from None


def new_secret() -> int:
    """A private key, 1 to n - 2 (GB/T 32918.1 §6.1)."""
    return 1 + secrets.randbelow(N - 2)


def public_pem(secret: int) -> bytes:
    """The public key that belongs to a private one."""
    x, y = multiple(secret, G)
    text = base64.b64encode(_PREFIX + x.to_bytes(32, "big") + y.to_bytes(32, "big")).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(
        ["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]
    ).encode()


class Sm2Signer(Signer):
    """SM2 with SM3 and the default user id (GB/T 32918.2, GB/T 35276).

    Raises:
        KeyFileError: gmssl is not installed.
    """

    def __init__(self, name: str, secret: int) -> None:
        super().__init__(name, SM2, public_pem(secret))
        self._point = sm2_point(self.identity.pem)
        public = "".join(f"{number:064x}" for number in self._point)
        self._crypt = gmssl_sm2().CryptSM2(
            private_key=f"{secret:064x}", public_key=public, asn1=True
        )

    def sign(self, data: bytes) -> bytes:
        signature = bytes.fromhex(self._crypt.sign_with_sm3(data, f"{new_secret():064x}"))
        try:
            good = sm2_verifies(self._point, signature, data)
        except UnreadableError:
            good = False
        if not good:
            raise SealError(f"{self.name}: gmssl made an SM2 signature that does not verify")
        return signature
