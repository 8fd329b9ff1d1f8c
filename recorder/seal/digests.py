"""SHA-256 and SM3 of a file in one pass.

Each digest has a thread of its own while the next piece is read: ``hashlib`` releases the GIL.
SM3 is several times slower than SHA-256, so it is computed only where it is wanted.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from recorder.seal.check.container import read_some
from recorder.seal.check.judge import Digests as Found
from recorder.seal.errors import SealError

PIECE = 1 << 20
_SMALL = 4 * PIECE
_AHEAD = 4
"""Pieces that wait for a digest: bounds the memory, for SM3 is slower than any disk."""


@dataclass(frozen=True)
class Digests:
    """Lower-case hex, and the number of bytes; ``sm3`` is None where it was not wanted."""

    sha256: str
    sm3: str | None
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
    return Digests(sha256, sm3, read)


def hashed(content: bytes) -> Digests:
    """Both digests of something small.

    Raises:
        SealError: OpenSSL has no SM3.
    """
    second = _sm3()
    second.update(content)
    return Digests(hashlib.sha256(content).hexdigest(), second.hexdigest(), len(content))


def copy_file(
    source: IO[bytes],
    target: IO[bytes],
    told: Callable[[int], None] | None = None,
    *,
    sm3: bool = True,
) -> Digests:
    """Copy one stream to another, and the digests of what was copied, in the same pass.

    Args:
        told: called with the number of bytes of every piece.
        sm3: whether SM3 is wanted beside SHA-256.

    Raises:
        SealError: OpenSSL has no SM3.
        OSError: the one cannot be read or the other not be written.
    """
    first, second = hashlib.sha256(), _sm3() if sm3 else None
    size = 0
    with _beside(first, second) as update:
        while piece := source.read(PIECE):
            update(piece)
            target.write(piece)
            size += len(piece)
            if told is not None:
                told(len(piece))
    return Digests(first.hexdigest(), second.hexdigest() if second else None, size)


def hash_stream(stream: IO[bytes], most: int, sm3: bool = True) -> Found:
    """The digests of at most ``most`` bytes of a stream; stands in for ``check.judge.digests``.

    Raises:
        SealError: OpenSSL has no SM3.
        UnreadableError: the stream is damaged.
    """
    first, second = hashlib.sha256(), _sm3() if sm3 else None
    size = 0
    with _beside(first, second) as update:
        while size < most and (piece := read_some(stream, min(PIECE, most - size))):
            update(piece)
            size += len(piece)
    return first.hexdigest(), second.hexdigest() if second else None, size


def _sm3() -> Any:
    try:
        return hashlib.new("sm3")
    except ValueError:
        raise SealError(
            "this Python's OpenSSL has no SM3 (OpenSSL 1.1.1 or later, not built with no-sm3); "
            "evidence needs it beside SHA-256"
        ) from None


@contextmanager
def _beside(*digests: Any) -> Iterator[Callable[[bytes], None]]:
    """A way to update digests, each in a thread of its own; small files are not worth them."""
    wanted = [one for one in digests if one is not None]
    with ExitStack() as threads:
        lanes: list[_Lane] = []
        size = 0

        def update(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if not lanes and size <= _SMALL:
                for digest in wanted:
                    digest.update(piece)
                return
            if not lanes:
                lanes.extend(threads.enter_context(_lane(one)) for one in wanted)
            for lane in lanes:
                lane(piece)

        yield update


_Lane = Callable[[bytes], None]


@contextmanager
def _lane(digest: Any) -> Iterator[_Lane]:
    with ThreadPoolExecutor(1, thread_name_prefix=f"digest-{digest.name}") as thread:
        waiting: deque[Future[None]] = deque()

        def update(piece: bytes) -> None:
            waiting.append(thread.submit(digest.update, piece))
            if len(waiting) > _AHEAD:
                waiting.popleft().result()

        yield update
        for one in waiting:
            one.result()
