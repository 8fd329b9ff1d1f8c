"""RTSP cameras (RFC 2326) through FFmpeg's client: RTP over the connection or over UDP."""

import random
import re
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

import av
from av.container import InputContainer

from core.clock import Clock
from ingest.base import STALL_S, Source
from ingest.errors import IngestError, RefusedError
from ingest.health import OnHealth

OPEN_S = 10.0
PROBE_US = 100_000
LONG_PROBE_US = 5_000_000

_TRANSPORT = {
    "tcp": {"rtsp_transport": "tcp"},
    "udp": {"rtsp_transport": "udp"},
    # Both are offered, TCP first: a camera that refuses one (461) is asked for the other.
    "auto": {"rtsp_transport": "udp+tcp", "rtsp_flags": "prefer_tcp"},
}

_PASSWORD = re.compile(r"(?i)\b(pass(?:word|wd)?|pwd)=[^&;/?#]*")


class RtspSource(Source):
    """One RTSP address.

    User name and password are given apart from the address. FFmpeg takes them inside the URL
    only, so the joined form exists nowhere but in the call that opens it, and no error text
    of FFmpeg is passed on (its errors quote the URL).
    """

    may_split = True

    def __init__(
        self,
        camera: str,
        url: str,
        clock: Clock,
        *,
        transport: Literal["tcp", "udp", "auto"] = "tcp",
        username: str | None = None,
        password: str | None = None,
        process: Literal["recorder", "analyst"] = "recorder",
        on_health: OnHealth | None = None,
        rng: random.Random | None = None,
        open_s: float = OPEN_S,
        stall_s: float = STALL_S,
    ) -> None:
        super().__init__(
            camera, clock, process=process, on_health=on_health, rng=rng, stall_s=stall_s
        )
        parts = urlsplit(url)
        if parts.scheme not in ("rtsp", "rtsps") or not parts.hostname:
            raise IngestError(
                f"camera {camera}: {redacted(url)!r} is no RTSP address; write rtsp://host/path"
            )
        if parts.username is not None:
            raise IngestError(
                f"camera {camera}: the address {redacted(url)!r} holds a user name; "
                "give it in `username`"
            )
        self.url = url
        self._transport = transport
        self._username, self._password = username, password
        self._open_s = open_s

    def open(self) -> InputContainer:
        container = self._open(PROBE_US)
        videos = container.streams.video
        if videos and not videos[0].codec_context.width:
            # The SDP told nothing of the picture; wait for the parameter sets in the stream.
            container.close()
            container = self._open(LONG_PROBE_US)
        return container

    def explain(self, error: Exception) -> IngestError:
        where = f"camera {self.camera} at {redacted(self.url)}"
        match error:
            case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
                hint = "user name or password wrong" if self._username else "it wants a password"
                return RefusedError(f"{where} refused: {hint}; check username and password_env")
            case av.error.HTTPNotFoundError():
                return RefusedError(f"{where} refused: no such stream; check the path")
            case av.error.HTTPClientError() | av.error.HTTPServerError():
                return RefusedError(f"{where} refused: {_plain(error)}")
            case av.error.ConnectionRefusedError():
                return IngestError(f"{where}: nothing listens there; check power and port")
            case av.error.ExitError() | av.error.TimeoutError():
                return IngestError(f"{where} did not answer within {self._open_s:g} s")
            case av.error.EOFError():
                return IngestError(f"{where} closed the connection")
        return IngestError(f"{where}: {_plain(error)}")

    def _open(self, probe_us: int) -> InputContainer:
        options = {**_TRANSPORT[self._transport], "analyzeduration": str(probe_us)}
        try:
            return av.open(
                self._address(),
                mode="r",
                format="rtsp",
                options=options,
                timeout=(self._open_s, self.stall_s),
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # `from None`: the cause's text and arguments quote the address with its password.
            raise self.explain(error) from None

    def _address(self) -> str:
        if self._username is None:
            return self.url
        parts = urlsplit(self.url)
        login = quote(self._username, safe="") + ":" + quote(self._password or "", safe="")
        return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def redacted(url: str) -> str:
    """The address without secrets: what stands before its host, and password parameters.

    >>> redacted("rtsp://admin:secret@10.0.0.9:554/main")
    'rtsp://10.0.0.9:554/main'
    >>> redacted("rtsp://10.0.0.9/user=admin&password=secret&channel=1")
    'rtsp://10.0.0.9/user=admin&password=***&channel=1'
    """
    parts = urlsplit(url)
    shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return _PASSWORD.sub(r"\1=***", shown)


def _plain(error: Exception) -> str:
    text = getattr(error, "strerror", None)
    return text if isinstance(text, str) else type(error).__name__
