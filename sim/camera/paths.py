"""The two ways of a packet to a client: interleaved in the RTSP connection, or by UDP."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from sim.camera.errors import VirtualCameraError
from sim.camera.faults import Over

BACKLOG_LIMIT_BYTES = 1 << 20
"""What may wait for a slow TCP client before pictures are left out."""
BACKLOG_LIMIT_PACKETS = 750
"""The same for UDP: about 1 MiB, which takes 125 ms to leave in bursts."""
_BURST = 24
_BURST_PAUSE_S = 0.004

log = structlog.get_logger()


class Path(Protocol):
    """Carries one track's RTP and RTCP."""

    @property
    def over(self) -> Over:
        """The transport below."""

    def header(self, ssrc: int) -> str:
        """The Transport header of SETUP's answer."""

    def congested(self) -> bool:
        """More should not be sent just now."""

    def send(self, packets: Sequence[bytes]) -> None:
        """RTP packets; never blocks."""

    def send_rtcp(self, packet: bytes) -> None:
        """An RTCP packet; never blocks."""

    def close(self) -> None:
        """No more packets."""


class TcpPath:
    """Interleaved packets (RFC 2326, section 10.12)."""

    over: Over = "tcp"
    _frame = struct.Struct("!cBH")

    def __init__(self, transport: asyncio.Transport, channels: tuple[int, int]) -> None:
        self._transport = transport
        self.channels = channels

    def header(self, ssrc: int) -> str:
        low, high = self.channels
        return f'RTP/AVP/TCP;unicast;interleaved={low}-{high};ssrc={ssrc:08X};mode="PLAY"'

    def congested(self) -> bool:
        return self._transport.get_write_buffer_size() > BACKLOG_LIMIT_BYTES

    def send(self, packets: Sequence[bytes]) -> None:
        self._write(self.channels[0], packets)

    def send_rtcp(self, packet: bytes) -> None:
        self._write(self.channels[1], [packet])

    def close(self) -> None:
        """The connection belongs to somebody else."""

    def _write(self, channel: int, packets: Sequence[bytes]) -> None:
        if self._transport.is_closing():
            return
        pieces: list[bytes] = []
        for packet in packets:
            pieces += (self._frame.pack(b"$", channel, len(packet)), packet)
        self._transport.write(b"".join(pieces))


class UdpPath:
    """A pair of UDP sockets: even port for RTP, the next for RTCP (RFC 3550, section 11).

    Args:
        local: address to send from.
        client: address of the client; packets from elsewhere are passed over.
        ports: the client's RTP and RTCP port.
        on_rtp: takes what arrives on the RTP port.
        on_rtcp: takes what arrives on the RTCP port.
    """

    over: Over = "udp"

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        local: str,
        client: str,
        ports: tuple[int, int],
        on_rtp: Callable[[bytes], object],
        on_rtcp: Callable[[bytes], object],
    ) -> None:
        self._loop = loop
        self._client = client
        self._ports = ports
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sockets = _socket_pair(local)
        for sock, take in zip(self._sockets, (on_rtp, on_rtcp), strict=True):
            loop.add_reader(sock, self._receive, sock, take)

    def header(self, ssrc: int) -> str:
        low, high = (sock.getsockname()[1] for sock in self._sockets)
        return (
            f"RTP/AVP;unicast;client_port={self._ports[0]}-{self._ports[1]};"
            f'server_port={low}-{high};ssrc={ssrc:08X};mode="PLAY"'
        )

    def congested(self) -> bool:
        return len(self._waiting) > BACKLOG_LIMIT_PACKETS

    def send(self, packets: Sequence[bytes]) -> None:
        """Large pictures go in bursts: a client's socket takes some hundred packets at most."""
        self._waiting += packets
        if self._timer is None:
            self._send_burst()

    def send_rtcp(self, packet: bytes) -> None:
        self._send_to(1, packet)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()

    def _send_burst(self) -> None:
        self._timer = None
        for packet in self._waiting[:_BURST]:
            self._send_to(0, packet)
        del self._waiting[:_BURST]
        if self._waiting:
            self._timer = self._loop.call_later(_BURST_PAUSE_S, self._send_burst)

    def _send_to(self, which: int, packet: bytes) -> None:
        try:
            self._sockets[which].sendto(packet, (self._client, self._ports[which]))
        except OSError as error:  # full buffer, client gone: UDP loses packets, as on any network
            log.debug("udp packet lost", client=self._client, error=str(error))

    def _receive(self, sock: socket.socket, take: Callable[[bytes], object]) -> None:
        for _ in range(64):  # then the loop's other work has its turn
            try:
                data, sender = sock.recvfrom(65536)
            except OSError:  # nothing more, or an ICMP answer to an earlier packet
                return
            if sender[0] == self._client:
                take(data)


def _socket_pair(local: str) -> tuple[socket.socket, socket.socket]:
    """Two bound sockets with an even port and the one above it."""
    family = socket.AF_INET6 if ":" in local else socket.AF_INET
    for _ in range(64):
        first, second = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind((local, 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind((local, port + 1))
                first.setblocking(False)
                second.setblocking(False)
                return first, second
        except OSError:
            log.debug("udp port taken", port=port + 1)
        first.close()
        second.close()
    raise VirtualCameraError(f"no free pair of UDP ports on {local}; close some programs")
