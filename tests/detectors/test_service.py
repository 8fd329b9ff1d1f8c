"""The service: every asker its own answer, every camera its turn, and an honest end."""

import threading
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from core.seeing import Detections
from core.video import Bgr
from detectors.errors import EngineClosedError
from detectors.service import BatchedEngine

LIMIT_S = 60


class SlowEngine:
    """Answers a picture with its own grey value as score, when it is let."""

    input_size = (64, 64)
    label = "slow"

    def __init__(self, *, free: bool = False) -> None:
        self.served: list[int] = []
        self.batches: list[int] = []
        self.began = threading.Semaphore(0)
        self.free = free
        self._may = threading.Semaphore(0)
        self._lock = threading.Lock()

    def let(self, calls: int) -> None:
        for _ in range(calls):
            self._may.release()

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        self.began.release()
        if not self.free:
            assert self._may.acquire(timeout=LIMIT_S)
        levels = [int(picture[0, 0, 0]) for picture in pictures]
        with self._lock:
            self.served += levels
            self.batches.append(len(levels))
        if 255 in levels:
            raise ValueError("too bright")
        box = np.array([[0, 0, 1, 1]], np.float32)
        return [Detections(box, np.array([v], np.float32), ("a",)) for v in levels]


def grey(level: int) -> Bgr:
    return np.full((4, 4, 3), level, np.uint8)


def scores(found: list[Detections]) -> list[int]:
    return [int(one.scores[0]) for one in found]


@pytest.mark.parametrize(("workers", "max_batch"), [(1, 1), (3, 1), (1, 4), (2, 4)])
def test_each_asker_gets_its_own_answers_in_order(workers: int, max_batch: int) -> None:
    got: dict[int, list[list[int]]] = {}
    with BatchedEngine(SlowEngine(free=True), workers=workers, max_batch=max_batch) as service:

        def ask(level: int) -> None:
            asked = [grey(level + number) for number in range(3)]
            got[level] = [scores(service.detect(asked)) for _ in range(10)]

        threads = [threading.Thread(target=ask, args=(level,)) for level in range(0, 100, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == {level: [[level, level + 1, level + 2]] * 10 for level in range(0, 100, 10)}


def test_who_asks_for_much_does_not_hold_up_the_others() -> None:
    """A camera that wants nine crops a look waits for itself, not the others for it."""
    engine = SlowEngine()
    with BatchedEngine(engine) as service:
        blocker = service.submit([grey(200)], "blocker")
        assert engine.began.acquire(timeout=LIMIT_S)
        greedy = service.submit([grey(1)] * 9, "greedy")
        modest = [service.submit([grey(level)], level) for level in (2, 3, 4)]
        assert service.waiting == 12
        engine.let(5)
        for answer in (blocker, *modest):
            answer.result(LIMIT_S)
        assert not greedy.done()
        engine.let(8)
        assert scores(greedy.result(LIMIT_S)) == [1] * 9
    assert engine.served == [200, 1, 2, 3, 4, *[1] * 8]


@pytest.mark.parametrize("workers", [1, 2])
def test_overload_is_shared_alike(workers: int) -> None:
    """Six cameras ask without pause for what an engine cannot give: all get as much."""
    cameras, calls = 6, 60
    engine = SlowEngine()
    longest = 0

    def ask(camera: int) -> None:
        nonlocal longest
        longest = max(longest, service.waiting)
        if len(engine.served) < calls:
            answer = service.submit([grey(camera)] * (1 if camera else 3), camera)
            answer.add_done_callback(lambda _: ask(camera))  # the next, as soon as this is done
        else:
            enough.set()

    enough = threading.Event()
    with BatchedEngine(engine, workers=workers) as service:
        for camera in range(cameras):
            ask(camera)
        engine.let(calls + 100)
        assert enough.wait(LIMIT_S)
    share = Counter(engine.served[:calls])
    assert set(share) == set(range(cameras))
    assert max(share.values()) - min(share.values()) <= workers
    assert longest <= cameras + 2  # each camera's one request, and no more


def test_a_batch_takes_one_picture_of_each_first() -> None:
    engine = SlowEngine()
    with BatchedEngine(engine, max_batch=4, wait_s=0) as service:
        blocker = service.submit([grey(200)], "blocker")
        assert engine.began.acquire(timeout=LIMIT_S)
        answers = [service.submit([grey(level)] * 2, level) for level in (1, 2, 3)]
        engine.let(3)
        for answer in (blocker, *answers):
            answer.result(LIMIT_S)
    assert engine.served == [200, 1, 2, 3, 1, 2, 3]


def test_errors_go_to_who_asked_and_the_service_goes_on() -> None:
    with BatchedEngine(SlowEngine(free=True), workers=2) as service:
        for _ in range(3):
            with pytest.raises(ValueError, match="too bright"):
                service.detect([grey(255), grey(255), grey(1)])
            assert scores(service.detect([grey(7)])) == [7]


def test_nothing_asked_is_nothing_found() -> None:
    with BatchedEngine(SlowEngine()) as service:
        assert service.detect([]) == []


def test_what_was_asked_before_the_end_is_answered() -> None:
    engine = SlowEngine()
    service = BatchedEngine(engine)
    answers = [service.submit([grey(level)] * 2, level) for level in (1, 2)]
    engine.let(4)
    service.close()
    assert [scores(answer.result(0)) for answer in answers] == [[1, 1], [2, 2]]
    with pytest.raises(EngineClosedError):
        service.detect([grey(1)])
