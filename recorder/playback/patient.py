"""The recordings behind a limit of time: a disk that hangs must not take the console with it.

A read that blocks in the kernel cannot be broken off. It is left to a thread that nobody waits for
any more, and whoever asked is told. Of one camera a few such threads may hang; then further
questions about it are answered at once, until one of them comes back.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TypeVar

import structlog

from core.playback import Activity, Film, Hole, NotAnsweringError, Playback, Timeline
from recorder.shelf import roots

LIMIT_S = 8.0
MOST_HANGING = 2
"""Threads of one camera."""
_LOOK_S = 0.5
_FILM_OCTETS = 1 << 20
"""As much of a film is read ahead of whoever takes it."""

T = TypeVar("T")

log = structlog.get_logger()


class Patience:
    """Has questions about cameras answered in time, or says that they are not.

    Attributes:
        limit_s: how long an answer is waited for.
    """

    def __init__(self, root: Path, limit_s: float = LIMIT_S) -> None:
        self._root, self.limit_s = root, limit_s
        self._lock = threading.Lock()
        self._hanging: Counter[str] = Counter()

    def ask(self, camera: str, question: Callable[[], T]) -> T:
        """The answer, or what the question raises.

        Raises:
            NotAnsweringError: it takes too long, or others about the camera do already.
        """
        with self._lock:
            hopeless = self._hanging[camera] >= MOST_HANGING
        if hopeless:
            raise NotAnsweringError(
                f"camera {camera}: its recordings cannot be read at present, the disk hangs"
            )
        answer: Future[T] = Future()
        threading.Thread(
            target=_answer, args=(answer, question), name=f"playback-{camera}", daemon=True
        ).start()
        if wait([answer], self.limit_s).done:
            return answer.result()
        with self._lock:
            self._hanging[camera] += 1
        answer.add_done_callback(lambda _: self._back(camera))
        silent = self._silent(camera)
        where = f"{silent} does not answer" if silent else "a file of them cannot be read"
        log.error("recordings cannot be read", camera=camera, volume=silent or None)
        raise NotAnsweringError(
            f"camera {camera}: its recordings were waited for {self.limit_s:g} s in vain, {where}"
        )

    def _back(self, camera: str) -> None:
        with self._lock:
            self._hanging[camera] -= 1
            if not self._hanging[camera]:
                del self._hanging[camera]
                log.info("recordings can be read again", camera=camera)

    def _silent(self, camera: str) -> str:
        """The volume that hangs; empty when every one answers."""
        places: Future[list[Path]] = Future()
        _begin(places, lambda: roots(self._root))
        if not wait([places], _LOOK_S).done:
            return str(self._root)
        looks: dict[Path, Future[bool]] = {place: Future() for place in places.result()}
        for place, look in looks.items():
            _begin(look, (place / camera).is_dir)
        late = wait(looks.values(), _LOOK_S).not_done
        return ", ".join(str(place) for place, look in looks.items() if look in late)


class PatientLibrary:
    """Recordings that answer in time or say why not; see :class:`core.playback.Playback`."""

    def __init__(self, library: Playback, root: Path, limit_s: float = LIMIT_S) -> None:
        self._of = library
        self.patience = Patience(root, limit_s)

    def timeline(self, camera: str, first_ns: int, last_ns: int) -> Timeline:
        return self.patience.ask(camera, lambda: self._of.timeline(camera, first_ns, last_ns))

    def activity(self, camera: str, first_ns: int, last_ns: int, most: int) -> Activity:
        return self.patience.ask(camera, lambda: self._of.activity(camera, first_ns, last_ns, most))

    def next_movement(self, camera: str, at_ns: int, *, back: bool) -> int | None:
        return self.patience.ask(camera, lambda: self._of.next_movement(camera, at_ns, back=back))

    def playlist(self, camera: str, first_ns: int, last_ns: int, epoch_ns: int) -> str:
        return self.patience.ask(
            camera, lambda: self._of.playlist(camera, first_ns, last_ns, epoch_ns)
        )

    def header(self, camera: str, segment: int) -> bytes:
        return self.patience.ask(camera, lambda: self._of.header(camera, segment))

    def media(self, camera: str, segment: int, first: int, end: int, epoch_ns: int) -> bytes:
        return self.patience.ask(
            camera, lambda: self._of.media(camera, segment, first, end, epoch_ns)
        )

    def film(self, camera: str, first_ns: int, last_ns: int) -> Film:
        made = self.patience.ask(camera, lambda: self._of.film(camera, first_ns, last_ns))
        return PatientFilm(camera, made, self.patience)

    def thumbnail(self, camera: str, at_ns: int, width: int) -> tuple[bytes, int]:
        return self.patience.ask(camera, lambda: self._of.thumbnail(camera, at_ns, width))


class PatientFilm:
    """A film that is read in time or not at all; see :class:`core.playback.Film`."""

    def __init__(self, camera: str, film: Film, patience: Patience) -> None:
        self._camera, self._of, self._patience = camera, film, patience
        self.first_ns: int = film.first_ns
        self.last_ns: int = film.last_ns
        self.holes: tuple[Hole, ...] = film.holes
        self.size, self.tag, self.suffix = film.size, film.tag, film.suffix

    def read(self, first: int, end: int) -> Iterator[bytes]:
        """The octets, a mebibyte or a group of pictures at a time.

        Raises:
            NotAnsweringError: a disk hangs.
        """
        octets = self._of.read(first, end)
        while data := self._patience.ask(self._camera, lambda: _some(octets)):
            yield data


def _some(octets: Iterator[bytes]) -> bytes:
    taken, size = [], 0
    for data in octets:
        taken.append(data)
        size += len(data)
        if size >= _FILM_OCTETS:
            break
    return b"".join(taken)


def _begin(answer: "Future[T]", question: Callable[[], T]) -> None:
    threading.Thread(target=_answer, args=(answer, question), daemon=True).start()


def _answer(answer: "Future[T]", question: Callable[[], T]) -> None:
    try:
        answer.set_result(question())
    except BaseException as error:  # belongs to who asked, not to this thread
        answer.set_exception(error)
