"""One model for many cameras: requests that arrive together go in as one batch."""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType

from core.seeing import Detections
from core.video import Bgr
from detectors.engine import Looker
from detectors.errors import EngineClosedError

_Request = tuple[list[Bgr], "Future[list[Detections]]"]


class BatchedEngine:
    """Puts the pictures of several cameras before one engine.

    A thread takes what has been asked, waits a few milliseconds for company, and runs the lot.
    Each picture's answer is that of the engine for this picture alone, so who shares a batch
    does not change what is seen. First come, first served: a camera has one request at a time.

    Args:
        engine: the engine behind; used from the service's own thread only.
        max_batch: most pictures in one batch.
        wait_s: how long the first request waits for others.
    """

    def __init__(self, engine: Looker, *, max_batch: int = 8, wait_s: float = 0.003) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._wait_s = wait_s
        self._requests: queue.Queue[_Request | None] = queue.Queue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="inference", daemon=True)
        self._thread.start()

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width in pixels that a picture is fitted into."""
        return self._engine.input_size

    @property
    def label(self) -> str:
        """Name and hash of the model, as sightings carry it."""
        return self._engine.label

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        """What is in each picture; blocks until the batch it rides in is done.

        Raises:
            EngineClosedError: the service is closed.
        """
        return self.submit(pictures).result()

    def submit(self, pictures: Sequence[Bgr]) -> "Future[list[Detections]]":
        """The same without waiting."""
        answer: Future[list[Detections]] = Future()
        with self._closing:
            if self._closed:
                raise EngineClosedError("the inference service is closed; make a new one")
            self._requests.put((list(pictures), answer))
        return answer

    def close(self) -> None:
        """Answer what was asked before, then stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._requests.put(None)
        self._thread.join()

    def __enter__(self) -> "BatchedEngine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self) -> None:
        while (first := self._requests.get()) is not None:
            batch, last = self._gather(first)
            self._answer(batch)
            if last:
                return

    def _gather(self, first: _Request) -> tuple[list[_Request], bool]:
        batch, pictures = [first], len(first[0])
        while pictures < self._max_batch:
            try:
                more = self._requests.get(timeout=self._wait_s)
            except queue.Empty:
                break
            if more is None:
                return batch, True
            batch.append(more)
            pictures += len(more[0])
        return batch, False

    def _answer(self, batch: list[_Request]) -> None:
        pictures = [picture for asked, _ in batch for picture in asked]
        try:
            found = self._engine.detect(pictures)
        except BaseException as error:  # belongs to those who asked, not to this thread
            for _, answer in batch:
                answer.set_exception(error)
            return
        start = 0
        for asked, answer in batch:
            answer.set_result(found[start : start + len(asked)])
            start += len(asked)
