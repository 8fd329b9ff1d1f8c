"""A sealed folder as a check sees it, wherever its files lie."""

import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import IO, cast

from core.errors import WardwatchError
from recorder.remote.base import Stream
from recorder.seal.check.container import Container, OutOfReachError

Opener = Callable[[str], AbstractContextManager[Stream]]


class Gathered(Container):
    """Small files of one moment in memory, others here, the rest elsewhere.

    Args:
        small: manifest, custody, signatures.
        here: a folder with more; None when nothing is here.
        elsewhere: names that ``opener`` opens.
    """

    def __init__(
        self,
        small: Mapping[str, bytes],
        here: Container | None,
        elsewhere: Iterable[str],
        opener: Opener,
    ) -> None:
        super().__init__()
        self._small, self._here, self._opener = dict(small), here, opener
        near = here.names if here is not None else []
        self._near = frozenset(near)
        if here is not None:
            self.flaws += here.flaws
        self._take(sorted({*small, *near, *elsewhere}))

    def open(self, name: str) -> IO[bytes]:
        if name in self._small:
            return io.BytesIO(self._small[name])
        if self._here is not None and name in self._near:
            return self._here.open(name)
        return cast(IO[bytes], _Distant(lambda: self._opener(name)))


class _Distant:
    """A stream from elsewhere; what keeps it from coming is no word against the file."""

    def __init__(self, opener: Callable[[], AbstractContextManager[Stream]]) -> None:
        self._opener, self._open = opener, ExitStack()
        self._stream: Stream | None = None

    def __enter__(self) -> "_Distant":
        try:
            self._stream = self._open.enter_context(self._opener())
        except WardwatchError as error:
            raise OutOfReachError(str(error)) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def read(self, size: int) -> bytes:
        if self._stream is None:
            raise OutOfReachError("not open")
        try:
            return self._stream.read(size)
        except WardwatchError as error:
            raise OutOfReachError(str(error)) from None
