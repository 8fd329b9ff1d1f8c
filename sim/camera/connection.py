"""One RTSP connection: bytes in, answers out."""

import asyncio
import socket
import struct
from collections.abc import Callable

import structlog

from sim.camera.digest import Authenticator
from sim.camera.errors import RtspSyntaxError
from sim.camera.rtsp import Interleaved, Parser, Reply, Request, response
from sim.camera.server import Server
from sim.camera.session import Session

UNREAD_LIMIT_BYTES = 4 << 20
"""A client that asks and asks but does not read its answers is let go."""

log = structlog.get_logger()


class Connection(asyncio.Protocol):
    """Feeds the parser and asks the server; nothing a client sends may get past it."""

    transport: asyncio.Transport

    def __init__(self, server: Server, connections: set["Connection"]) -> None:
        self.nonce = Authenticator.new_nonce()
        self.local = self.peer = ""
        self.camera: str | None = None
        self.half_open = False
        self.tracks: dict[int, tuple[Session, Callable[[bytes], bool]]] = {}
        self._server = server
        self._connections = connections
        self._parser = Parser()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._away():
            self.reset()
            return
        self.local = transport.get_extra_info("sockname")[0]
        self.peer = transport.get_extra_info("peername")[0]
        self._connections.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Sessions that send by this connection end with it; those on UDP live on (RFC 2326)."""
        self._connections.discard(self)
        for session in {session for session, _ in self.tracks.values()}:
            self._server.end(session)
        self.tracks.clear()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self.half_open:
            return
        try:
            for message in self._parser.feed(data):
                if isinstance(message, Interleaved):
                    self._receive(message)
                elif not self._dead_to(message):
                    self._answer(message)
        except RtspSyntaxError as error:
            log.info("not RTSP, connection closed", client=self.peer, error=str(error))
            self.transport.write(response(Reply(error.status), "0"))
            self.transport.close()

    def reset(self) -> None:
        """Close with RST instead of FIN: what was not read yet is lost to the client."""
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def live(self) -> None:
        """Let the camera's fault act on the connection; called a few times a second."""
        half_open = self._server.faults.of(self.camera).half_open
        if self._away() or (self.half_open and not half_open):
            self.reset()  # power is back and the old connection is unknown
        elif half_open and self.camera is not None:
            self._hang()

    def _hang(self) -> None:
        self.half_open = True
        self.transport.pause_reading()

    def _away(self) -> bool:
        return self._server.away(self.camera)

    def _dead_to(self, request: Request) -> bool:
        """Learn which camera is meant; True when that one does not answer at all."""
        if request.path:
            self.camera = request.path[0]
        if self._away():
            self.reset()
        elif self._server.faults.of(self.camera).half_open:
            self._hang()
        return self.half_open or self.transport.is_closing()

    def _receive(self, packet: Interleaved) -> None:
        owner = self.tracks.get(packet.channel)
        if owner is not None:
            owner[1](packet.payload)

    def _answer(self, request: Request) -> None:
        cseq = request.headers.get("cseq", "")
        if not cseq.isdigit():
            self.transport.write(response(Reply(400), "0"))
            return
        if self.transport.get_write_buffer_size() > UNREAD_LIMIT_BYTES:
            self.transport.abort()
            return
        try:
            reply = self._server.answer(self, request)
        except Exception:  # a defect of ours must cost one client an answer, not all the cameras
            log.exception("request failed", client=self.peer, method=request.method[:20])
            reply = Reply(500)
        self.transport.write(response(reply, cseq))
