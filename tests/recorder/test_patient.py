"""A disk that hangs: whoever asks is told in time, and about other cameras they are answered."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import recorder.playback.patient as patient_module
from core.clock import ManualClock
from core.playback import NotAnsweringError, NotRecordedError
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.playback.library import Library
from recorder.playback.patient import MOST_HANGING, Patience, PatientFilm, PatientLibrary
from recorder.shelf import segments

LIMIT_S = 0.3
EVER = (0, 2**62)


@pytest.fixture
def root(film: Path, tmp_path: Path) -> Path:
    for camera in ("well", "hung"):
        clock = ManualClock()
        source = FileSource(camera, film, clock)
        CameraRecorder(tmp_path / "rec", source, clock, segment_s=3, sync=False).run(
            threading.Event()
        )
    return tmp_path / "rec"


@pytest.fixture
def hung(root: Path) -> Iterator[Path]:
    """A segment that opens for nobody, like a file on a server that is away."""
    path = segments(root, "hung")[-1].path
    path.rename(path.with_suffix(".was"))
    os.mkfifo(path)
    yield path
    release(path)


def release(path: Path) -> None:
    """Let go of everybody who waits for the segment, and put it back."""
    if not path.with_suffix(".was").exists():
        return
    end = os.open(path, os.O_RDWR)
    path.with_suffix(".was").rename(path)
    os.close(end)


def test_others_are_answered(root: Path, hung: Path) -> None:
    clock = ManualClock()
    clock.advance(3600)
    library = PatientLibrary(Library(root, clock), root, LIMIT_S)
    whole = library.film("well", *EVER)
    for _ in range(MOST_HANGING):
        with pytest.raises(NotAnsweringError, match=r"camera hung: .* in vain, a file"):
            library.timeline("hung", *EVER)
    with pytest.raises(NotAnsweringError, match=r"camera hung: .* at present"):
        library.playlist("hung", *EVER, 0)
    library.patience.limit_s = 60  # on a machine that is busy
    (stretch,) = library.timeline("well", *EVER).recorded
    assert library.thumbnail("well", stretch.first_ns + 1, 64)[0].startswith(b"\xff\xd8")
    assert len(b"".join(whole.read(0, whole.size))) == whole.size
    with pytest.raises(NotRecordedError):
        library.playlist("well", 0, 1, 0)
    release(hung)

    def answers() -> bool:
        try:
            return bool(library.timeline("hung", *EVER).recorded)
        except NotAnsweringError:
            return False

    end = time.monotonic() + 60
    while not answers():
        assert time.monotonic() < end, "it does not come back"
        time.sleep(0.05)


def test_the_volume_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back = threading.Event()

    def roots(_: Path) -> list[Path]:
        back.wait(60)
        return []

    monkeypatch.setattr(patient_module, "roots", roots)
    try:
        with pytest.raises(NotAnsweringError, match=f"{tmp_path} does not answer"):
            Patience(tmp_path, LIMIT_S).ask("gate", lambda: back.wait(60))
    finally:
        back.set()


class HangingFilm:
    """The second part of it never comes."""

    first_ns, last_ns, size, tag, suffix = 0, 1, 4 << 20, "tag", ".mp4"
    holes = ()

    def __init__(self) -> None:
        self.back = threading.Event()

    def read(self, first: int, end: int) -> Iterator[bytes]:
        yield b"a" * (2 << 20)
        self.back.wait(60)
        yield b"b" * (2 << 20)


def test_a_film_breaks_off(tmp_path: Path) -> None:
    film = HangingFilm()
    read = PatientFilm("gate", film, Patience(tmp_path, LIMIT_S)).read(0, film.size)
    try:
        assert len(next(read)) == 2 << 20
        with pytest.raises(NotAnsweringError, match="camera gate"):
            next(read)
    finally:
        film.back.set()


def test_errors_are_those_of_the_question(tmp_path: Path) -> None:
    def late() -> None:
        raise TimeoutError("of the disk's own")

    with pytest.raises(TimeoutError, match="own"):
        Patience(tmp_path, 60).ask("gate", late)
