"""A case file inside an encrypted ZIP (AES-256, WinZip's AE-2): 7-Zip, WinZip and others open it.

One entry holds the whole case file, so that not even its names can be read.
"""

import os
import shutil
import zlib
from pathlib import Path

import pyzipper

from core.casefiles import MIN_PASSWORD
from recorder.casefile.errors import CaseFileError

_PIECE = 1 << 20


def check_password(password: str) -> None:
    """Whether it will do.

    Raises:
        CaseFileError: it is too short.
    """
    if len(password) < MIN_PASSWORD:
        raise CaseFileError(
            f"case file: the password must have {MIN_PASSWORD} characters or more; it can be "
            "guessed at by whoever has the file"
        )


def lock(plain: Path, target: Path, password: str) -> Path:
    """Write the encrypted ZIP, on disk; the plain one is removed.

    Raises:
        CaseFileError: the password is too short.
        OSError: it cannot be written.
    """
    check_password(password)
    with pyzipper.AESZipFile(
        target, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        archive.setpassword(password.encode())
        archive.write(plain, plain.name)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())
    plain.unlink()
    return target


def is_locked(path: Path) -> bool:
    """Whether a file is such a ZIP."""
    try:
        with pyzipper.AESZipFile(path) as archive:
            infos = archive.infolist()
            return len(infos) == 1 and bool(infos[0].flag_bits & 1)
    except (OSError, ValueError, pyzipper.BadZipFile):
        return False


def unlock(path: Path, password: str, target: Path) -> Path:
    """Write the case file that is inside.

    Raises:
        CaseFileError: the password is another, or the file was damaged.
    """
    try:
        with pyzipper.AESZipFile(path) as archive:
            archive.setpassword(password.encode())
            with archive.open(archive.infolist()[0]) as source, target.open("wb") as stream:
                shutil.copyfileobj(source, stream, _PIECE)
    except (RuntimeError, OSError, EOFError, ValueError, zlib.error, pyzipper.BadZipFile) as error:
        raise CaseFileError(f"{path}: cannot be decrypted: {error}") from None
    return target
