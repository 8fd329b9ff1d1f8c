"""A camera that answers with bytes recorded from real ones."""

import contextlib
import re
import socket
import struct
import threading
from pathlib import Path
from typing import Self

from sim.camera.errors import RtspSyntaxError
from sim.camera.rtsp import Parser, Request
from tests.ingest.pictures import Pictures


def description(path: Path | bytes) -> tuple[list[str], bytes]:
    """Header lines that are the camera's own (no CSeq, no length), and the SDP.

    A file that begins with ``v=`` is a bare SDP; octets are one in any case.
    """
    data = path if isinstance(path, bytes) else path.read_bytes()
    if isinstance(path, bytes) or data.startswith(b"v="):
        return ["Content-Type: application/sdp"], data
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    drop = ("cseq:", "content-length:", "session:")
    lines = [line for line in head.decode().split("\n")[1:] if not line.lower().startswith(drop)]
    return lines, body.replace(b"\n", b"\r\n")


def extra(path: Path) -> list[str]:
    """Header lines of a recorded SETUP or PLAY answer that are the camera's own."""
    lines = path.read_text().replace("\r\n", "\n").split("\n")[1:]
    return [line for line in lines if line.strip() and not line.lower().startswith("cseq:")]


class AnsweringCamera:
    """Serves one description; SETUP and PLAY are accepted, then pictures come.

    Args:
        setup, play: recorded answers whose headers are given back instead of plain ones.
        pictures: what is sent on the video's channel; None sends nothing.
    """

    def __init__(
        self,
        describe: Path | bytes,
        *,
        setup: list[str] | None = None,
        play: list[str] | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        self.headers, self.body = description(describe)
        self.asked: list[Request] = []
        self._setup, self._play, self._pictures = setup, play, pictures
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self._clients: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def become(self, describe: bytes, pictures: Pictures, *, hang_up: bool) -> None:
        """Send other pictures from now on, as after a change of the camera's settings."""
        self.headers, self.body = description(describe)
        self._pictures = pictures
        if hang_up:
            for client in tuple(self._clients):
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/live?channel=1&subtype=0"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._clients.append(client)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        parser, playing, sent = Parser(), False, 0
        video = 0
        client.settimeout(0.05)
        with client:
            while not self._stop.is_set():
                try:
                    data = client.recv(65536)
                    if not data:
                        return
                    for message in parser.feed(data):
                        if isinstance(message, Request):
                            video = self._channel(message, video)
                            client.sendall(self._answer(message))
                            playing = playing or message.method == "PLAY"
                except TimeoutError:
                    pass
                except (OSError, RtspSyntaxError):
                    return
                if playing and self._pictures is not None:
                    try:
                        for packet in self._pictures.packets(sent):
                            client.sendall(struct.pack("!cBH", b"$", video, len(packet)) + packet)
                    except OSError:
                        return
                    sent += 1

    def _channel(self, request: Request, video: int) -> int:
        """The channel of the video track: the SETUPs come in the order of the SDP."""
        found = re.search(r"interleaved=(\d+)", request.headers.get("transport", ""))
        kinds = re.findall(rb"(?m)^m=(\w+)", self.body)
        setups = sum(one.method == "SETUP" for one in self.asked)
        if (
            request.method == "SETUP"
            and found
            and setups < len(kinds)
            and kinds[setups] == b"video"
        ):
            given = re.search(r"interleaved=(\d+)", "\n".join(self._setup or []))
            return int((given or found)[1])
        return video

    def _answer(self, request: Request) -> bytes:
        self.asked.append(request)
        lines, body = [], b""
        if request.method == "OPTIONS":
            lines = ["Public: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, GET_PARAMETER"]
        elif request.method == "DESCRIBE":
            lines, body = [*self.headers, f"Content-Length: {len(self.body)}"], self.body
        elif request.method == "SETUP":
            asked = f"Transport: {request.headers['transport']}"
            lines = self._setup or [asked, "Session: 1642021126;timeout=60"]
        elif request.method == "PLAY":
            lines = self._play or ["Session: 1642021126"]
        head = ["RTSP/1.0 200 OK", f"CSeq: {request.headers['cseq']}", *lines, "", ""]
        return "\r\n".join(head).encode() + body
