"""Something that may hang, a security token for instance, is not waited for longer than this."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from recorder.seal.errors import SealError

T = TypeVar("T")
PATIENCE_S = 5.0


class Patience:
    """One thing at a time, each in a thread that is left alone when it takes too long.

    Args:
        seconds: how long is waited.
    """

    def __init__(self, seconds: float = PATIENCE_S) -> None:
        self._seconds = seconds
        self._thread: threading.Thread | None = None

    def wait(self, job: Callable[[], T]) -> T:
        """What ``job`` returns.

        Raises:
            SealError: it takes too long, or the one before it still does.
            BaseException: what it raises.
        """
        if self._thread is not None and self._thread.is_alive():
            raise SealError("the signing key still does not answer")
        done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put((job(), None))
            except BaseException as error:  # handed to who waits
                done.put((None, error))

        self._thread = threading.Thread(target=run, name="signing", daemon=True)
        self._thread.start()
        try:
            found, error = done.get(timeout=self._seconds)
        except queue.Empty:
            raise SealError(f"the signing key did not answer in {self._seconds:g} s") from None
        self._thread.join()
        if error is not None:
            raise error
        return found  # type: ignore[return-value]  # None only where T allows it
