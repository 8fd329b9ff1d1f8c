"""One command centre a data directory."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import WardwatchError

NAME = ".lock"


class InUseError(WardwatchError):
    """Somebody else works in the directory."""


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold a data directory, made if need be; the kernel lets go of it should we be killed.

    Raises:
        InUseError: another command centre runs in it.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(f"{data}: another Wardwatch runs in this data directory") from None
        yield
