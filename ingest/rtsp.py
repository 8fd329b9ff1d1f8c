"""RTSP cameras (RFC 2326) through FFmpeg's client: RTP over the connection or over UDP."""

import random
import re
import socket
from typing import Literal, cast
from urllib.parse import quote, urlsplit, urlunsplit

import av
import structlog
from av.container import InputContainer

from core.clock import Clock
from core.networks import AddressError, Networks
from ingest.base import STALL_S, Source
from ingest.errors import IngestError, RefusedError, SignInError
from ingest.events import Lost
from ingest.health import OnHealth
from ingest.rtsp_direct import DirectSession
from ingest.rtsp_opening import Opening
from ingest.rtsp_sign import SigningGateway, endpoint, only_sha256

OPEN_S = 10.0
PROBE_US = 100_000
LONG_PROBE_US = 5_000_000

_TRANSPORT = {
    "tcp": {"rtsp_transport": "tcp"},
    "udp": {"rtsp_transport": "udp"},
    # Both are offered, TCP first: a camera that refuses one (461) is asked for the other.
    "auto": {"rtsp_transport": "udp+tcp", "rtsp_flags": "prefer_tcp"},
}
# UDP first; FFmpeg itself goes back to TCP when no packet comes by UDP.
_UDP_FIRST = {"rtsp_transport": "udp+tcp"}
REACH_S = 1.0

log = structlog.get_logger()

_PASSWORD = re.compile(r"(?i)\b(pass(?:word|wd)?|pwd)=[^&;/?#]*")


class RtspSource(Source):
    """One RTSP address.

    User name and password are given apart from the address. FFmpeg takes them inside the URL
    only, so the joined form exists nowhere but in the call that opens it, and no error text
    of FFmpeg is passed on (its errors quote the URL).

    Args:
        networks: where the camera may stand; None asks nothing (tests, benchmarks). FFmpeg
            follows an RTSP redirection by itself, so a camera that is inside is trusted to
            redirect to where it likes.
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
        networks: Networks | None = None,
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
        self._networks = networks
        self._open_s = open_s
        self._udp_first = False
        self._netloc = parts.netloc
        self._signing = False
        self._direct = transport != "udp" and parts.scheme == "rtsp"

    def open(self) -> InputContainer:
        self._netloc = self._checked()
        container = self._open(PROBE_US)
        if container.streams.video and not _described(container):
            # The SDP told nothing of the picture; wait for the parameter sets in the stream.
            container.close()
            container = self._open(LONG_PROBE_US)
        if not _described(container):
            what = "no picture that can be read" if container.streams.video else "no video"
            container.close()
            raise IngestError(
                f"{self._where} answers, but sends {what}; set its codec to H.264, H.265 or MJPEG"
            )
        return container

    def ended(self) -> str:
        return "the camera closed the connection"

    def after_session(self, lost: Lost) -> bool:
        """Always again; in ``auto``, the other transport after a session without a packet.

        A firewall or a bad firmware may let the commands pass and not the pictures. Whether the
        camera is there at all decides: one that is off must not be found by UDP when it returns.
        """
        silent = self.received == 0 and lost.reason in ("stalled", "unreachable", "ended")
        if self._transport == "auto" and silent:
            self._udp_first = not self._udp_first and self._listens()
        return super().after_session(lost)

    def _listens(self) -> bool:
        try:
            socket.create_connection(endpoint(self._netloc), REACH_S).close()
        except (OSError, ValueError):
            return False
        return True

    def explain(self, error: Exception) -> IngestError:
        where = self._where
        match error:
            case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
                hint = "user name or password wrong" if self._username else "it wants a password"
                return SignInError(f"{where} refused: {hint}; check username and password")
            case av.error.HTTPNotFoundError():
                return RefusedError(f"{where} refused: no such stream; check the path")
            case av.error.HTTPClientError() | av.error.HTTPServerError():
                return RefusedError(f"{where} refused: {_plain(error)}")
            case ConnectionRefusedError():
                return IngestError(f"{where}: nothing listens there; check power and port")
            case av.error.ExitError() | TimeoutError():
                return IngestError(f"{where} did not answer within {self._open_s:g} s")
            case av.error.EOFError() | ConnectionResetError():
                return IngestError(f"{where} closed the connection")
            case av.error.InvalidDataError():
                return IngestError(f"{where} broke off, or its answer cannot be read")
        return IngestError(f"{where}: {_plain(error)}")

    @property
    def _where(self) -> str:
        return f"camera {self.camera} at {redacted(self.url)}"

    def _open(self, probe_us: int) -> InputContainer:
        if self._direct and not self._udp_first:
            session = self._open_direct(probe_us)
            if session is not None:
                # The base asks a container for its streams, their packets and its end, no more.
                return cast(InputContainer, session)
        if self._signing and self._asks_too_much():
            return self._open_signed(probe_us)
        transport = _UDP_FIRST if self._udp_first else _TRANSPORT[self._transport]
        try:
            return self._av_open(self._address(), transport, probe_us)
        except av.error.HTTPUnauthorizedError as error:
            if not self._signing and self._asks_too_much():
                self._signing = True
                return self._open_signed(probe_us)
            raise self.explain(error) from None
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # `from None`: the cause's text and arguments quote the address with its password.
            raise self.explain(error) from None

    def _open_direct(self, probe_us: int) -> DirectSession | None:
        """A session whose packets we read ourselves; None when it has to be FFmpeg."""
        try:
            place = endpoint(self._netloc)
            camera = socket.create_connection(place, self._open_s)
        except (OSError, ValueError) as error:
            raise self.explain(error) from None
        account = None if self._username is None else (self._username, self._password or "")
        opening = Opening(self.camera, camera, place, self.url, account, self._open_s)
        try:
            container = self._av_open(opening.address, _TRANSPORT["tcp"], probe_us)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            opening.give_up()
            refused = isinstance(error, av.error.HTTPUnauthorizedError)
            if refused or not (opening.unusual or self._transport == "auto"):
                raise self.explain(error) from None
        else:
            if opening.let_go() and _as_planned(container, opening):
                return DirectSession(container, opening, self.clock, self.stall_s)
            container.close()
            opening.give_up()
        if opening.unusual:
            log.info("left to FFmpeg", camera=self.camera, why=opening.unusual)
            self._direct = False
        return None

    def _av_open(self, address: str, transport: dict[str, str], probe_us: int) -> InputContainer:
        options = {**transport, "analyzeduration": str(probe_us)}
        return av.open(
            address,
            mode="r",
            format="rtsp",
            options=options,
            timeout=(self._open_s, self.stall_s),
        )

    def _asks_too_much(self) -> bool:
        """Whether the camera asks for what FFmpeg cannot answer, and TCP is allowed."""
        if self._username is None or self._transport == "udp" or self.url.startswith("rtsps:"):
            return False
        try:
            return only_sha256(*endpoint(self._netloc), self.url, self._open_s)
        except (OSError, IngestError):
            return False

    def _open_signed(self, probe_us: int) -> InputContainer:
        account = (self._username or "", self._password or "")
        place = endpoint(self._netloc)
        gateway = SigningGateway(self.camera, *place, self.url, account, self._open_s)
        try:
            return self._av_open(gateway.address, _TRANSPORT["tcp"], probe_us)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise self.explain(error) from None
        finally:
            gateway.close()

    def _checked(self) -> str:
        """``host:port`` to connect to, an address of the configured networks."""
        parts = urlsplit(self.url)
        if self._networks is None:
            return parts.netloc
        try:
            address = self._networks.address_of(parts.hostname or "")
        except AddressError as error:
            raise IngestError(f"camera {self.camera}: {error}") from None
        shown = f"[{address}]" if ":" in address else address
        return f"{shown}:{parts.port}" if parts.port else shown

    def _address(self) -> str:
        parts = urlsplit(self.url)._replace(netloc=self._netloc)
        if self._username is None:
            return urlunsplit(parts)
        login = quote(self._username, safe="") + ":" + quote(self._password or "", safe="")
        return urlunsplit(parts._replace(netloc=f"{login}@{self._netloc}"))


def _described(container: InputContainer) -> bool:
    """Codec and size of the picture are known; FFmpeg gives no context to a codec it lacks."""
    return any(
        v.codec_context is not None and v.codec_context.width for v in container.streams.video
    )


def _as_planned(container: InputContainer, opening: Opening) -> bool:
    """Pictures in the order in which they are decoded, and no surprise in the streams."""
    plan, videos, audios = opening.plan, container.streams.video, container.streams.audio
    assert plan is not None
    usual = len(videos) == 1 and len(audios) == (plan.sound is not None)
    if usual and _described(container):
        context = videos[0].codec_context
        usual = context.name == plan.codec and not context.has_b_frames
    if not usual:
        opening.unusual = "streams that are not what was described"
    return usual


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
