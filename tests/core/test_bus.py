"""The bus against the embedded Valkey: at least once, and nothing lost while it is away."""

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.bus.embedded import become_server, socket_url
from core.bus.spool import Spool
from core.bus.streams import RedisBus
from core.errors import BusError
from core.value import Value

PATIENCE_S = 20.0


class Note(Value):
    number: int


class Server:
    """The embedded server in a process of its own, as the supervisor runs it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = socket_url(directory)
        self._process: SpawnProcess | None = None

    def start(self) -> None:
        self._process = multiprocessing.get_context("spawn").Process(
            target=become_server, args=(self.directory, self.directory / "data")
        )
        self._process.start()
        bus = RedisBus(self.url, "probe", self.directory)
        until(lambda: _answers(bus))
        bus.close()

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()


def _answers(bus: RedisBus) -> bool:
    try:
        bus.ping()
    except BusError:
        return False
    return True


def until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.02)


class RedisServer(Server):
    """Debian's redis-server, as a site may have its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        self._popen = subprocess.Popen(
            ["redis-server", "--port", str(self._port), "--dir", str(self.directory)],
            stdout=subprocess.DEVNULL,
        )
        bus = RedisBus(self.url, "probe", self.directory)
        until(lambda: _answers(bus))
        bus.close()

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()


@pytest.fixture(params=["embedded", pytest.param("redis", marks=pytest.mark.peer)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "redis" and shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    # A unix socket's address is short, so the directory must be, too.
    with TemporaryDirectory(prefix="ww-") as directory:
        kind = RedisServer if request.param == "redis" else Server
        server = kind(Path(directory))
        server.start()
        yield server
        server.kill()


class Consumer:
    """Collects what arrives in a group."""

    def __init__(self, bus: RedisBus, fail_first: int = 0) -> None:
        self.got: list[int] = []
        self._failures = fail_first
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=bus.consume, args=("desk", {"notes": (Note, self._take)}, self._stop)
        )
        self._thread.start()

    def _take(self, note: Value) -> None:
        assert isinstance(note, Note)
        if self._failures:
            self._failures -= 1
            raise RuntimeError("not today")
        self.got.append(note.number)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def test_messages_arrive_in_order(server: Server, tmp_path: Path) -> None:
    bus = RedisBus(server.url, "one", tmp_path)
    for number in range(50):
        bus.publish("notes", Note(number=number))
    consumer = Consumer(bus)
    until(lambda: len(consumer.got) == 50)
    consumer.stop()
    assert consumer.got == list(range(50))
    bus.close()


def test_a_message_whose_handler_failed_comes_again(server: Server, tmp_path: Path) -> None:
    bus = RedisBus(server.url, "one", tmp_path)
    bus.publish("notes", Note(number=7))
    consumer = Consumer(bus, fail_first=1)
    until(lambda: consumer.got == [7])
    consumer.stop()
    bus.close()


def test_nothing_is_lost_while_the_bus_is_away(server: Server, tmp_path: Path) -> None:
    bus = RedisBus(server.url, "one", tmp_path)
    consumer = Consumer(bus)
    bus.publish("notes", Note(number=0))
    until(lambda: consumer.got == [0])
    server.kill()
    for number in range(1, 20):
        bus.publish("notes", Note(number=number))
        bus.show("notes.shown", Note(number=number))
    server.start()
    until(lambda: set(consumer.got) == set(range(20)))
    consumer.stop()
    bus.close()


def test_an_unreadable_message_is_set_aside(server: Server, tmp_path: Path) -> None:
    class Other(Value):
        word: str

    bus = RedisBus(server.url, "one", tmp_path)
    bus.publish("notes", Other(word="?"))
    bus.publish("notes", Note(number=1))
    consumer = Consumer(bus)
    until(lambda: consumer.got == [1])
    consumer.stop()
    bus.close()


def test_tail_gives_every_listener_what_comes_from_now_on(server: Server, tmp_path: Path) -> None:
    bus = RedisBus(server.url, "one", tmp_path)
    bus.show("notes", Note(number=1))
    stop = threading.Event()
    got: dict[str, list[int]] = {"a": [], "b": []}

    def listen(name: str) -> None:
        for note in bus.tail("notes", Note, stop):
            got[name].append(note.number)

    threads = [threading.Thread(target=listen, args=(name,)) for name in got]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    bus.show("notes", Note(number=2))
    until(lambda: got == {"a": [2], "b": [2]})
    stop.set()
    for thread in threads:
        thread.join()
    bus.close()


def test_spool_survives_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    first = Spool(path)
    first.keep("notes", {"body": "1"})
    with path.open("a", encoding="utf-8") as file:
        file.write('["notes", {"bo')
    again = Spool(path)
    again.keep("notes", {"body": "2"})
    sent: list[str] = []
    again.drain(lambda stream, fields: sent.append(fields["body"]))
    assert sent == ["1", "2"]
    assert not again.waiting


def test_spool_keeps_what_could_not_be_delivered(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    for number in range(4):
        spool.keep("notes", {"body": str(number)})
    sent: list[str] = []

    def deliver(stream: str, fields: dict[str, str]) -> None:
        if len(sent) == 2:
            raise ConnectionError
        sent.append(fields["body"])

    with pytest.raises(ConnectionError):
        spool.drain(deliver)
    assert spool.waiting
    Spool(tmp_path / "spool.jsonl").drain(lambda stream, fields: sent.append(fields["body"]))
    assert sent == ["0", "1", "2", "3"]
