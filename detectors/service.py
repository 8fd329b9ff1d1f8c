"""One model for many cameras: a few workers, and every camera in its turn.

A camera asks for a look and waits for the answer, so it has at most one request here; while it
waits, its source keeps the newest frame only and counts those it drops. The queue is therefore
never longer than there are cameras. Cameras are served in turn, and in turn by picture, not by
request: one that asks for two crops a look does not get twice the share of one that asks for
the whole frame (deficit round robin: Shreedhar, Varghese 1995, with a quantum of one picture).
"""

import threading
from collections import deque
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType

from core.seeing import Detections
from core.video import Bgr
from detectors.engine import Engine, Looker
from detectors.errors import EngineClosedError


@dataclass(eq=False)
class _Request:
    pictures: list[Bgr]
    answer: "Future[list[Detections]]"
    found: dict[int, Detections] = field(default_factory=dict)
    given: int = 0
    refused: bool = False


_Piece = tuple[_Request, int]


def serving(engine: Engine, threads: int) -> "BatchedEngine":
    """The service that gets most out of an engine with so many threads.

    On a processor each thread takes pictures of its own; two threads on one picture get less
    than two thirds as much done, and batches nothing more. A graphics card wants batches.
    """
    if engine.batches_pay:
        return BatchedEngine(engine, max_batch=8)
    return BatchedEngine(engine, workers=threads)


class BatchedEngine:
    """Puts the pictures of several cameras before one engine.

    Each picture's answer is that of the engine for this picture alone, so who shares a batch,
    and which worker takes it, does not change what is seen.

    Args:
        engine: the engine behind; every worker calls it, so it must bear as many callers.
        workers: threads that run it. On a processor one a core, each with one thread inside
            the runtime, gets most done; on a graphics card one is enough.
        max_batch: most pictures in one batch. Batches pay on a graphics card only.
        wait_s: how long the first picture of a batch waits for others.
    """

    def __init__(
        self, engine: Looker, *, workers: int = 1, max_batch: int = 1, wait_s: float = 0.003
    ) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._wait_s = wait_s
        self._turns: dict[Hashable, deque[_Request]] = {}
        self._waiting = 0
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"inference-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width in pixels that a picture is fitted into."""
        return self._engine.input_size

    @property
    def label(self) -> str:
        """Name and hash of the model, as sightings carry it."""
        return self._engine.label

    @property
    def waiting(self) -> int:
        """Pictures that no worker has taken yet."""
        with self._changed:
            return self._waiting

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        """What is in each picture; blocks until all are done. A thread counts as one camera.

        Raises:
            EngineClosedError: the service is closed.
        """
        return self.submit(pictures, threading.get_ident()).result()

    def submit(
        self, pictures: Sequence[Bgr], camera: Hashable = None
    ) -> "Future[list[Detections]]":
        """The same without waiting; who asks under one name shares one turn.

        Raises:
            EngineClosedError: the service is closed.
        """
        request = _Request(list(pictures), Future())
        with self._changed:
            if self._closed:
                raise EngineClosedError("the inference service is closed; make a new one")
            if request.pictures:
                self._turns.setdefault(camera, deque()).append(request)
                self._waiting += len(request.pictures)
                self._changed.notify(len(request.pictures))
            else:
                request.answer.set_result([])
        return request.answer

    def close(self) -> None:
        """Answer what was asked before, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

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
        while batch := self._gather():
            try:
                found = self._engine.detect([one.pictures[place] for one, place in batch])
            except BaseException as error:  # belongs to those who asked, not to this thread
                self._refuse(batch, error)
            else:
                self._deliver(batch, found)

    def _gather(self) -> list[_Piece]:
        """The next batch; empty when the service is closed and nothing is left."""
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return []
                self._changed.wait()
            batch = [self._next()]
            while len(batch) < self._max_batch:
                if not self._waiting and (self._closed or not self._changed.wait(self._wait_s)):
                    break
                if self._waiting:
                    batch.append(self._next())
            return batch

    def _next(self) -> _Piece:
        """One picture of the camera whose turn it is; the camera then goes to the end."""
        camera, requests = next(iter(self._turns.items()))
        request = requests[0]
        piece = request, request.given
        request.given += 1
        self._waiting -= 1
        del self._turns[camera]
        if request.given == len(request.pictures):
            requests.popleft()
        if requests:
            self._turns[camera] = requests
        return piece

    def _deliver(self, batch: list[_Piece], found: list[Detections]) -> None:
        complete = []
        with self._changed:
            for (request, place), one in zip(batch, found, strict=True):
                request.found[place] = one
                if len(request.found) == len(request.pictures):
                    complete.append(request)
        for request in complete:
            request.answer.set_result([one for _, one in sorted(request.found.items())])

    def _refuse(self, batch: list[_Piece], error: BaseException) -> None:
        first = []
        with self._changed:
            for request, _ in batch:
                if not request.refused:
                    request.refused = True
                    first.append(request)
        for request in first:
            request.answer.set_exception(error)
