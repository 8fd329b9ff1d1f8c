"""Private keys in files that nobody else can read."""

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.der import OCTET_STRING, SEQUENCE, element
from recorder.seal.check.sm2 import G, N, multiple
from recorder.seal.errors import KeyFileError
from recorder.seal.signer import PrivateKey

_BEGIN, _END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
# PKCS #8 (RFC 5958) around a SEC 1 key (RFC 5915) on sm2p256v1, up to the number.
_SM2_PREFIX = bytes.fromhex(
    "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
)
_SM2_MIDDLE = bytes.fromhex("a14403420004")


@contextmanager
def private_folder(folder: Path) -> Iterator[None]:
    """The folder, made when it is missing, with one writer at a time.

    Raises:
        KeyFileError: others can look into it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise KeyFileError(f"{folder}: cannot hold signing keys: {error.strerror}") from None
    try:
        refuse_wide(folder, os.fstat(handle), "chmod 700 it")
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_wide(path: Path, found: os.stat_result, remedy: str) -> None:
    """Refuse what somebody else may read.

    Raises:
        KeyFileError: it has wider modes than its owner's, or another owner.
    """
    if found.st_mode & 0o077:
        raise KeyFileError(f"{path}: others can read this ({found.st_mode & 0o777:o}); {remedy}")
    if found.st_uid != os.geteuid():
        raise KeyFileError(f"{path}: belongs to another user; chown it to the one that runs this")


def read_key(path: Path) -> PrivateKey | int:
    """A private key; that of SM2 is a number.

    Raises:
        KeyFileError: others can read it, or it is no key of a kind we sign with.
    """
    try:
        with path.open("rb") as stream:
            refuse_wide(path, os.fstat(stream.fileno()), "chmod 600 it")
            content = stream.read(1 << 16)
        if path.name.startswith("sm2-"):
            return _sm2_number(content)
        key = load_pem_private_key(content, None)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnreadableError) as error:
        raise KeyFileError(f"{path}: is no unencrypted private key: {error}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise KeyFileError(f"{path}: is neither a P-256 nor an Ed25519 key")


def key_pem(key: PrivateKey | int) -> bytes:
    """A private key as PKCS #8."""
    if not isinstance(key, int):
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    x, y = (number.to_bytes(32, "big") for number in multiple(key, G))
    der = _SM2_PREFIX + key.to_bytes(32, "big") + _SM2_MIDDLE + x + y
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def _sm2_number(content: bytes) -> int:
    text = "".join(content.decode("ascii").split("\n"))
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise UnreadableError("no PEM")
    der = base64.b64decode(text[len(_BEGIN) : -len(_END)], validate=True)
    parts = element(der).expect(SEQUENCE).children()
    inner = element(parts[-1].expect(OCTET_STRING).body).expect(SEQUENCE).children()
    number = int.from_bytes(inner[1].expect(OCTET_STRING).body, "big")
    if not der.startswith(_SM2_PREFIX) or not 0 < number < N - 1:
        raise UnreadableError("not of SM2")
    return number
