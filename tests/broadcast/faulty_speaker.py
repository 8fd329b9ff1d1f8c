"""A loudspeaker with faults: a small RTSP server that misbehaves as it is told.

It reads requests by its own few lines and not by the client's parser, so that both cannot be
wrong in the same way.
"""

import hashlib
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

BACKCHANNEL = "www.onvif.org/ver20/backchannel"
NEEDS_REQUIRE = ("DESCRIBE", "SETUP", "PLAY", "TEARDOWN")
SDP = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=Media Presentation\r
t=0 0\r
a=control:*\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=control:trackID=1\r
a=recvonly\r
m=audio 0 RTP/AVP 0\r
a=rtpmap:0 PCMU/8000\r
a=control:trackID=2\r
a=recvonly\r
"""
BACK_TRACK = """m=audio 0 RTP/AVP 97 8 0\r
a=rtpmap:97 MPEG4-GENERIC/16000\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:0 PCMU/8000\r
a=control:trackID=4\r
a=sendonly\r
"""


@dataclass
class Request:
    method: str
    url: str
    headers: dict[str, str]


@dataclass
class FaultyServer:
    """One device on 127.0.0.1. Use as a context manager; look at the lists afterwards."""

    back_track: str = BACK_TRACK
    codes: dict[str, int] = field(default_factory=dict)  # method → code instead of 200
    silent_on: str = ""
    garbage_on: str = ""
    close_after_packets: int | None = None
    auth: tuple[str, ...] = ()  # "MD5", "SHA-256", "Basic"
    password: str = "geheim"
    stale_once: bool = False
    udp: bool = False
    session_timeout_s: int = 60
    chatter: bool = False
    channels: str = "0-1"

    requests: list[Request] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    arrived_s: list[float] = field(default_factory=list)
    channel_of: list[int] = field(default_factory=list)
    early_packets: int = 0
    open_sessions: int = 0
    most_sessions: int = 0
    url: str = ""
    _stale_told: bool = False

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/live"
        self._listener.settimeout(0.05)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def last(self, method: str) -> Request:
        return [request for request in self.requests if request.method == method][-1]

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        state = {"playing": False, "setup": False}
        buffer = b""
        udp: socket.socket | None = None
        with connection:
            connection.settimeout(0.02)
            while not self._stop.is_set():
                if udp is not None:
                    self._take_udp(udp)
                try:
                    data = connection.recv(65536)
                except TimeoutError:
                    if state["playing"] and self.chatter:
                        connection.sendall(
                            b"$\x01\x00\x04RTCPOPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n"
                        )
                    continue
                except OSError:
                    break
                if not data:
                    break
                buffer += data
                while buffer:
                    if buffer[:1] == b"$":
                        size = int.from_bytes(buffer[2:4], "big")
                        if len(buffer) < 4 + size:
                            break
                        self._packet(buffer[4 : 4 + size], buffer[1], state)
                        buffer = buffer[4 + size :]
                        if self.close_after_packets == len(self.packets):
                            self._end(state)
                            return
                        continue
                    head, end, rest = buffer.partition(b"\r\n\r\n")
                    if not end:
                        break
                    buffer = rest
                    answer, udp = self._answer(head.decode(), state, udp)
                    if answer is None:
                        continue
                    connection.sendall(answer)
            self._end(state)
            if udp is not None:
                udp.close()

    def _end(self, state: dict[str, bool]) -> None:
        if state["setup"]:
            with self._guard:
                self.open_sessions -= 1
        state["setup"] = state["playing"] = False

    def _take_udp(self, udp: socket.socket) -> None:
        while True:
            try:
                packet = udp.recv(2048)
            except (BlockingIOError, TimeoutError):
                return
            self._packet(packet, -1, {"playing": True})

    def _packet(self, packet: bytes, channel: int, state: dict[str, bool]) -> None:
        if not state["playing"]:
            self.early_packets += 1
        self.packets.append(packet)
        self.arrived_s.append(time.monotonic())
        self.channel_of.append(channel)

    def _answer(
        self, head: str, state: dict[str, bool], udp: socket.socket | None
    ) -> tuple[bytes | None, socket.socket | None]:
        first, *lines = head.split("\r\n")
        method, url, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        self.requests.append(Request(method, url, headers))
        if method == self.silent_on:
            return None, udp
        if method == self.garbage_on:
            return b"HTTP/1.1 200 OK\r\n\r\n", udp
        cseq = headers.get("cseq", "0")
        challenge = self._challenge(method, headers)
        if challenge:
            return _response(401, "Unauthorized", cseq, challenge), udp
        if method in NEEDS_REQUIRE and headers.get("require") != BACKCHANNEL:
            return _response(400, "Require Is Missing", cseq, []), udp
        code = self.codes.get(method, 200)
        if code != 200:
            more = [f"Unsupported: {BACKCHANNEL}"] if code == 551 else []
            return _response(code, "Refused", cseq, more), udp
        extra: list[str] = []
        body = ""
        if method == "DESCRIBE":
            body = SDP + self.back_track
            extra = [f"Content-Base: {url}/", "Content-Type: application/sdp"]
        elif method == "SETUP":
            if self.udp:
                if "interleaved" in headers["transport"]:
                    return _response(461, "Unsupported Transport", cseq, []), udp
                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                udp.bind(("127.0.0.1", 0))
                udp.setblocking(False)
                port = udp.getsockname()[1]
                granted = f"{headers['transport']};server_port={port}-{port + 1}"
            else:
                granted = f"RTP/AVP/TCP;unicast;interleaved={self.channels}"
            extra = [
                f"Transport: {granted}",
                f"Session: 4711;timeout={self.session_timeout_s}",
            ]
            with self._guard:
                self.open_sessions += 1
                self.most_sessions = max(self.most_sessions, self.open_sessions)
            state["setup"] = True
        elif method == "PLAY":
            state["playing"] = True
        elif method == "TEARDOWN":
            self._end(state)
        return _response(200, "OK", cseq, extra, body), udp

    def _challenge(self, method: str, headers: dict[str, str]) -> list[str]:
        if not self.auth:
            return []
        given = headers.get("authorization", "")
        if given.startswith("Digest") and self._digest_right(method, given):
            if self.stale_once and not self._stale_told:
                self._stale_told = True
                return ['WWW-Authenticate: Digest realm="cam", nonce="n2", qop="auth", stale=true']
            return []
        if given == "Basic dXNlcjpnZWhlaW0=":  # user:geheim
            return []
        told = []
        for scheme in self.auth:
            if scheme == "Basic":
                told.append('WWW-Authenticate: Basic realm="cam"')
            else:
                told.append(
                    f'WWW-Authenticate: Digest realm="cam", nonce="n1", algorithm={scheme}, '
                    'qop="auth"'
                )
        return told

    def _digest_right(self, method: str, given: str) -> bool:
        part = dict(re.findall(r'(\w+)="?([^",]+)"?', given))
        name = part.get("algorithm", "MD5")

        def digest(text: str) -> str:
            return hashlib.new(name.replace("-", ""), text.encode()).hexdigest()

        ha1 = digest(f"user:cam:{self.password}")
        ha2 = digest(f"{method}:{part['uri']}")
        middle = f"{part['nonce']}:{part['nc']}:{part['cnonce']}:auth"
        return part["response"] == digest(f"{ha1}:{middle}:{ha2}")


def _response(code: int, reason: str, cseq: str, more: list[str], body: str = "") -> bytes:
    lines = [f"RTSP/1.0 {code} {reason}", f"CSeq: {cseq}", *more]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
