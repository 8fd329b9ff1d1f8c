"""A real S3 server over HTTP (moto's), whose answers and connections can be spoiled."""

import base64
import hashlib
import io
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Environ = dict[str, Any]
Answer = tuple[str, bytes] | tuple[str, bytes, dict[str, str]]


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    query: str


@dataclass
class Faults:
    """What to do to requests: each rule may answer, cut the connection (``"cut"``), or have the
    request carried out and its answer lost (``"lost"``)."""

    app: Callable[..., Iterable[bytes]]
    rules: list[Callable[[Environ], Answer | str | None]] = field(default_factory=list)
    without: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    checking: bool = True

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path, query = (
            environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""),
        )  # fmt: skip
        self.asked.append(Asked(method, path, query))
        for rule in list(self.rules):
            verdict = rule(environ)
            if verdict == "cut":
                return self._cut(environ)
            if verdict == "lost":
                list(self.app(environ, lambda *_: None))
                return self._cut(environ)
            if isinstance(verdict, tuple):
                status, body, *more = verdict
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                headers = {"Content-Length": str(len(body)), **(more[0] if more else {})}
                start_response(status, list(headers.items()))
                return [body]
        if self.checking and not self._is_what_it_says(environ):
            start_response("400 Bad Request", [("Content-Length", str(len(BAD_DIGEST)))])
            return [BAD_DIGEST]
        for name in self.without:
            environ.pop(f"HTTP_{name.upper().replace('-', '_')}", None)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [one for one in headers if one[0].lower() not in self.without]
            return start_response(status, kept, *rest)

        return self.app(environ, start)

    def _is_what_it_says(self, environ: Environ) -> bool:
        """What S3 does and moto does not: compute the checksum that it is told."""
        told = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        if told is None:
            return True
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        return base64.b64encode(hashlib.sha256(body).digest()).decode() == told

    def of(self, method: str, part: str = "") -> list[Asked]:
        """Requests of a method whose path or query has a text in it."""
        return [
            one for one in self.asked if one.method == method and part in f"{one.path}?{one.query}"
        ]

    def _cut(self, environ: Environ) -> Iterable[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return [b""]


def error(status: str, code: str) -> Answer:
    """An answer as S3 writes errors."""
    return status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()


BAD_DIGEST = error("", "BadDigest")[1]
BUSY = error("503 Slow Down", "SlowDown")


class Quiet(WSGIRequestHandler):
    """Says nothing, and may be of another time.

    Attributes:
        date: of its answers; None: the right one.
    """

    date: str | None = None

    def log(self, *_: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.date or super().date_time_string(timestamp)


class Server:
    """The server, from its making to :meth:`close`."""

    def __init__(self) -> None:
        self.faults = Faults(DomainDispatcherApplication(create_backend_app))
        self._server = make_server(
            "127.0.0.1", 0, self.faults, threaded=True, request_handler=Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
