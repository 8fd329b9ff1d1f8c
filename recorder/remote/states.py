"""Manifest, custody and signatures as they are stored elsewhere: a ZIP for each state.

``<incident>/states/000012-<hash>.zip``: numbered, so the newest is found by listing, and never
overwritten. Unpacked over the incident's files it is the sealed folder again.
"""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from recorder.remote.errors import DiffersError
from recorder.seal.check.container import is_safe

FOLDER = "states"
BESIDE = frozenset({"log.json"})
"""Carried along, but no part of the state: a proof grows with the site's log."""

_KEY = re.compile(r"(?P<incident>[^/]+)/states/(?P<number>\d{6,})-(?P<digest>[0-9a-f]{16})\.zip")
_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class StateName:
    """What the name of a state tells."""

    key: str
    number: int
    digest: str


def digest_of(files: Mapping[str, bytes]) -> str:
    """Hash of names and contents."""
    whole = hashlib.sha256()
    for name in sorted(files.keys() - BESIDE):
        whole.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return whole.hexdigest()


def key_of(incident: str, number: int, digest: str) -> str:
    """The name of a state."""
    return f"{incident}/{FOLDER}/{number:06d}-{digest[:16]}.zip"


def name_of(key: str) -> StateName | None:
    """What a name tells; None when it names no state."""
    found = _KEY.fullmatch(key)
    return StateName(key, int(found["number"]), found["digest"]) if found else None


def packed(files: Mapping[str, bytes]) -> bytes:
    """The ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(files):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100640) << 16
            made.writestr(info, files[name])
    return out.getvalue()


def unpacked(content: bytes, key: str) -> dict[str, bytes]:
    """What is in a ZIP from elsewhere.

    Raises:
        DiffersError: it is none, not of its name, or of an unreasonable size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as found:
            infos = found.infolist()
            if sum(one.file_size for one in infos) > _MOST_BYTES:
                raise DiffersError(f"{key}: unreasonably large")
            files = {one.filename: found.read(one) for one in infos if is_safe(one.filename)}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise DiffersError(f"{key}: damaged: {error}") from None
    named = name_of(key)
    if named is not None and not digest_of(files).startswith(named.digest):
        raise DiffersError(f"{key}: is not the state that it is named after")
    return files
