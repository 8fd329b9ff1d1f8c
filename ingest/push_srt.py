"""SRT (Secure Reliable Transport) listener carrying MPEG-TS, with passphrase and stream id.

The FFmpeg inside PyAV has no SRT, so the sessions are taken by libsrt, the reference
implementation (``apt install libsrt1.5-gnutls``), through ``ingest.push_libsrt``.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from core.clock import Clock
from ingest.errors import IngestError
from ingest.push import PROBE_TS, NobodyYetError, PushSource
from ingest.push_libsrt import Listener, Session, SrtError


class SrtSource(PushSource):
    """Listens at ``host:port`` in live mode; the socket stays open between sessions.

    Args:
        host: a local IPv4 address.
        passphrase: 10 to 79 characters; a sender without it is turned away.
        stream_id: the only stream id that is taken; None takes any.
        latency_ms: how long libsrt may wait for a packet to be sent again.
    """

    def __init__(
        self,
        camera: str,
        clock: Clock,
        port: int,
        *,
        host: str = "0.0.0.0",
        passphrase: str | None = None,
        stream_id: str | None = None,
        latency_ms: int = 200,
        **more: Any,
    ) -> None:
        super().__init__(camera, clock, **more)
        if passphrase is not None and not 10 <= len(passphrase.encode()) <= 79:
            raise IngestError(f"camera {camera}: an SRT passphrase has 10 to 79 characters")
        self._host, self._port = host, port
        self._passphrase, self._stream_id = passphrase, stream_id
        self._latency_ms = latency_ms
        self._listener: Listener | None = None

    @property
    def where(self) -> str:
        return f"srt://{self._host}:{self._port}"

    def listen(self, wait_s: float) -> InputContainer:
        try:
            if self._listener is None:
                self._listener = Listener(
                    self._host, self._port, self._passphrase, self._latency_ms
                )
            session = self.in_slices(self._listener.accept, wait_s)
        except SrtError as error:
            raise IngestError(f"{self.where}: {error}") from None
        if session is None:
            raise NobodyYetError(f"{self.where}: nobody is sending yet")
        if self._stream_id is not None and session.stream_id != self._stream_id:
            session.close()
            raise IngestError(f"{self.where}: a sender with another stream id was turned away")
        return self._opened(session)

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _opened(self, session: Session) -> InputContainer:
        reader = _Reader(session, self.stall_s)
        try:
            container = av.open(
                reader,
                mode="r",
                format="mpegts",
                options=dict(PROBE_TS),
            )
        except (av.error.FFmpegError, OSError) as error:
            session.close()
            raise IngestError(f"{self.where}: no video came ({type(error).__name__})") from None
        return cast(InputContainer, _SrtContainer(container, session, reader))


class _Reader:
    """What PyAV reads from.

    Attributes:
        silent: the end was not an end; nothing came for as long as a stall lasts.
    """

    def __init__(self, session: Session, stall_s: float) -> None:
        self._session, self._stall_s = session, stall_s
        self.silent = False

    def read(self, _size: int) -> bytes:
        """The next message; b"" when the sender is gone or silent."""
        if self.silent:
            return b""
        data = self._session.receive(self._stall_s)
        self.silent = data is None
        return data or b""


class _SrtContainer:
    """A container that knows silence from an end, and ends its SRT session with itself."""

    def __init__(self, inner: InputContainer, session: Session, reader: _Reader) -> None:
        self._inner, self._session, self._reader = inner, session, reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def demux(self, streams: Iterable[Stream]) -> "Iterator[Packet[Stream]]":
        """As the container does it.

        Raises:
            av.error.ExitError: the sender is silent.
        """
        yield from self._inner.demux(list(streams))
        if self._reader.silent:
            raise av.error.ExitError(0, "the sender is silent")

    def close(self) -> None:
        self._inner.close()
        self._session.close()
