"""A small HTTP server that gives the recorded SOAP answers of a real camera."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_OPERATION = re.compile(rb"<s:Body>\s*<(?:\w+:)?(\w+)")


@dataclass
class Recorded:
    """A camera that answers from files, or with what a test puts in ``answers``.

    Attributes:
        folder: holds ``core/``, ``media/``, … with ``NAME.Response.xml`` and ``NAME.Error.xml``.
        answers: by operation: status and body, before the files.
        asked: operation, path and request, in order.
    """

    folder: Path | None = None
    prefer: str = "Response"
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def requests(self, operation: str) -> list[bytes]:
        return [body for name, _, body in self.asked if name == operation]

    def reply(self, operation: str) -> tuple[int, bytes]:
        if operation in self.answers:
            return self.answers[operation]
        order = ("Response", "Error") if self.prefer == "Response" else ("Error", "Response")
        for kind in order:
            for found in (self.folder or Path("nowhere")).glob(f"*/{operation}.{kind}.xml"):
                return (200 if kind == "Response" else 500), found.read_bytes()
        return 404, b""


@contextmanager
def recorded(camera: Recorded) -> Iterator[Recorded]:
    """The camera at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            found = _OPERATION.search(request)
            operation = found[1].decode() if found else ""
            camera.asked.append((operation, self.path, request))
            status, body = camera.reply(operation)
            self.send_response(status)
            self.send_header("Content-Type", "application/soap+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    camera.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield camera
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
