"""SHA-256 and SM3 of a file in one pass.

Each digest has a thread of its own while the next piece is read: ``hashlib`` releases the GIL.
"""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from recorder.seal.check.container import read_some
from recorder.seal.check.judge import Digests as Found
from recorder.seal.errors import SealError

PIECE = 1 << 20
_SMALL = 4 * PIECE


@dataclass(frozen=True)
class Digests:
    """Lower-case hex, and the number of bytes."""

    sha256: str
    sm3: str
    size: int


def digests_of(path: Path) -> Digests:
    """Both digests of a file.

    Raises:
        SealError: OpenSSL has no SM3.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb", buffering=0) as stream:
        sha256, sm3, read = hash_stream(stream, max(size, 1) << 1)
    return Digests(sha256, sm3 or "", read)


def hashed(content: bytes) -> Digests:
    """Both digests of something small.

    Raises:
        SealError: OpenSSL has no SM3.
    """
    second = _sm3()
    second.update(content)
    return Digests(hashlib.sha256(content).hexdigest(), second.hexdigest(), len(content))


def copy_file(
    source: IO[bytes], target: IO[bytes], told: Callable[[int], None] | None = None
) -> Digests:
    """Copy one stream to another, and both digests of what was copied, in the same pass.

    Args:
        told: called with the number of bytes of every piece.

    Raises:
        SealError: OpenSSL has no SM3.
        OSError: the one cannot be read or the other not be written.
    """
    first, second = hashlib.sha256(), _sm3()
    size = 0
    with _side(_SMALL + 1) as update:
        while piece := source.read(PIECE):
            update(second, piece)
            target.write(piece)
            first.update(piece)
            size += len(piece)
            if told is not None:
                told(len(piece))
    return Digests(first.hexdigest(), second.hexdigest(), size)


def hash_stream(stream: IO[bytes], most: int) -> Found:
    """Both digests of at most ``most`` bytes of a stream; stands in for ``check.judge.digests``.

    Raises:
        SealError: OpenSSL has no SM3.
        UnreadableError: the stream is damaged.
    """
    first, second = hashlib.sha256(), _sm3()
    size = 0
    with _side(most) as update:
        while size < most and (piece := read_some(stream, min(PIECE, most - size))):
            update(second, piece)
            first.update(piece)
            size += len(piece)
    return first.hexdigest(), second.hexdigest(), size


def _sm3() -> Any:
    try:
        return hashlib.new("sm3")
    except ValueError:
        raise SealError(
            "this Python's OpenSSL has no SM3 (OpenSSL 1.1.1 or later, not built with no-sm3); "
            "evidence needs it beside SHA-256"
        ) from None


@contextmanager
def _side(most: int) -> Iterator[Any]:
    """A way to update a digest beside this thread; small files are not worth a thread."""
    if most <= _SMALL:
        yield lambda digest, piece: digest.update(piece)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="sm3") as thread:
        waiting: list[Any] = []

        def update(digest: Any, piece: bytes) -> None:
            waiting.append(thread.submit(digest.update, piece))
            if len(waiting) > 4:  # bounds the memory: SM3 is the slower of the two
                waiting.pop(0).result()

        yield update
        for one in waiting:
            one.result()
