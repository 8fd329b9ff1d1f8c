"""Real peers on this machine: a web server that can misbehave, and a broker."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PATIENCE_S = 60


def until(true: Callable[[], object], what: str = "it") -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


@dataclass
class Taken:
    """A request that was answered."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """A web server; ``answer`` is the status it gives, 0: it never answers.

    What is longer than ``most_bytes`` is refused.
    """

    answer: int = 200
    most_bytes: int = 1 << 20
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    asked: int = 0
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def web(answer: int = 200) -> Iterator[Web]:
    """A server that runs within the block."""
    state = Web(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            state.asked += 1
            if state.answer == 0:
                state.release.wait(PATIENCE_S)
                return
            status = state.answer if len(body) <= state.most_bytes else 413
            if 200 <= status < 300:
                headers = {name.lower(): value for name, value in self.headers.items()}
                state.taken.append(Taken(self.path, headers, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def deaf() -> Iterator[int]:
    """A port that takes connections and never says a word (a half-open peer)."""
    listener = socket.create_server(("127.0.0.1", 0))
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    """Debian's mosquitto; may be stopped and started again at its port."""

    def __init__(self, folder: Path, *, password_file: Path | None = None) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        allow = "false" if password_file else "true"
        lines = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {allow}", "user root"]
        if password_file is not None:
            lines.append(f"password_file {password_file}")
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers, "the broker listens")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True
