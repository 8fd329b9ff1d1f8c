"""What the virtual camera's tests share: a tiny scene, a hand-made RTSP client, test tones."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
from av.container import InputContainer

from core.clock import SystemClock
from core.geometry import Box
from core.seeing import Kind
from sim.base import ScenePicture, TruthEvent, TruthObject
from sim.camera import VirtualTownship
from sim.camera.digest import answer, parse_parameters

USER, PASSWORD = "operator", "river-2026"


@dataclass
class BoxScene:
    """A bright box that moves to the right over a grey ground; dumps something at 0.5 s."""

    name: str = "box"
    size: tuple[int, int] = (320, 240)
    fps: float = 10.0
    events: list[TruthEvent] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    pictures: int = 0
    noise: bool = False
    """Cover everything with a fine, still texture that costs many bits."""

    def step(self) -> ScenePicture:
        width, height = self.size
        index, self.pictures = self.pictures, self.pictures + 1
        t_s = index / self.fps
        picture = np.full((height, width, 3), 90, np.uint8)
        if self.noise:
            texture = np.random.default_rng(1).integers(0, 100, (height, width), dtype=np.uint8)
            picture = cv2.add(picture, cv2.merge([texture] * 3))
        left = (index * 8) % (width - 60)
        cv2.rectangle(
            picture, (left, height // 3), (left + 60, height // 3 + 60), (40, 220, 240), -1
        )
        if t_s >= 0.5 and not self.events:
            self.events.append(TruthEvent(Kind.DUMPING, actor=1, start_s=0.5))
        if self.heard and self.events and self.events[0].end_s is None:
            self.events[0].end_s = t_s
        box = Box(left / width, 1 / 3, 60 / width, 60 / height)
        return ScenePicture(index, t_s, picture, (TruthObject(1, "bag", box),))

    def hear(self, seconds: float) -> None:
        self.heard.append(seconds)


@contextmanager
def township(out_dir: Path | None = None, **options: Any) -> Iterator[VirtualTownship]:
    """Running cameras: one ``river`` unless ``scenes`` says otherwise."""
    scenes = options.pop("scenes", None) or {"river": BoxScene()}
    account = {"username": USER, "password": PASSWORD, "clock": SystemClock()}
    with VirtualTownship(scenes, out_dir=out_dir, **{**account, **options}) as running:
        yield running


def signed(url: str) -> str:
    """The URL with the account in it, as FFmpeg wants it."""
    return url.replace("rtsp://", f"rtsp://{USER}:{PASSWORD}@")


def player(url: str, transport: str = "tcp") -> InputContainer:
    """FFmpeg at a stream, without its habit of looking for three seconds before it plays."""
    options = {"rtsp_transport": transport, "analyzeduration": "200000"}
    return av.open(signed(url), options=options, timeout=15)


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Poll until ``condition`` holds; an assertion error when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    challenges: list[str]
    body: bytes


class Client:
    """A plain RTSP client that signs in by digest and can be told to misbehave."""

    def __init__(self, url: str, password: str = PASSWORD, algorithm: str = "MD5") -> None:
        self.url = url
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=10)
        self.session = ""
        self.packets: list[tuple[int, bytes]] = []
        self._password = password
        self._algorithm = algorithm
        self._challenge: dict[str, str] = {}
        self._cseq = 0
        self._buffer = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Send a request, with a second try when it is challenged."""
        url = url or self.url
        got = self._once(method, url, headers)
        if got.status == 401 and not self._challenge:
            for challenge in got.challenges:
                parameters = parse_parameters(challenge.partition(" ")[2])
                if parameters.get("algorithm", "MD5") == self._algorithm:
                    self._challenge = parameters
            got = self._once(method, url, headers)
        self.session = got.headers.get("session", self.session).partition(";")[0]
        return got

    def send(self, channel: int, payload: bytes) -> None:
        """An interleaved packet."""
        self.socket.sendall(b"$" + bytes([channel]) + len(payload).to_bytes(2) + payload)

    def read_packets(self, count: int) -> list[tuple[int, bytes]]:
        """Read until ``count`` interleaved packets have come."""
        while len(self.packets) < count:
            self._take()
        return self.packets

    def _once(self, method: str, url: str, extra: dict[str, str]) -> Answer:
        self._cseq += 1
        headers = {"CSeq": str(self._cseq)}
        if self.session:
            headers["Session"] = self.session
        if self._challenge:
            headers["Authorization"] = self._sign(method, url)
        headers |= {name.replace("_", "-"): value for name, value in extra.items()}
        lines = [f"{method} {url} RTSP/1.0", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        while (got := self._take()) is None:
            pass
        assert got.headers["cseq"] == str(self._cseq)
        return got

    def _sign(self, method: str, url: str) -> str:
        signing = {**self._challenge, "uri": url}
        if "qop" in signing:
            signing |= {"nc": "00000001", "cnonce": "c0ffee"}
        response = answer(method, USER, self._password, signing)
        assert response is not None
        signing |= {"username": USER, "response": response.decode()}
        return "Digest " + ", ".join(f'{name}="{value}"' for name, value in signing.items())

    def _take(self) -> Answer | None:
        """One message: an answer, or None for a packet (kept in ``packets``)."""
        self._need(4)
        if self._buffer[0] == 0x24:
            size = int.from_bytes(self._buffer[2:4])
            self._need(4 + size)
            self.packets.append((self._buffer[1], self._buffer[4 : 4 + size]))
            self._buffer = self._buffer[4 + size :]
            return None
        while b"\r\n\r\n" not in self._buffer:
            self._need(len(self._buffer) + 1)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        size = int(headers.get("content-length", "0"))
        self._need(size)
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        challenges = [value for name, value in pairs if name == "WWW-Authenticate"]
        return Answer(int(first.split()[1]), headers, challenges, body)

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self._buffer += data


def transport_ports(answer_: Answer) -> tuple[int, int]:
    """``server_port`` of a SETUP's answer."""
    found = re.search(r"server_port=(\d+)-(\d+)", answer_.headers["transport"])
    assert found
    return int(found[1]), int(found[2])


def tone(seconds: float, hz: float = 1000.0, amplitude: float = 12000.0) -> np.ndarray:
    """A sine at 8 kHz, int16."""
    t_s = np.arange(round(seconds * 8000)) / 8000
    return (amplitude * np.sin(2 * np.pi * hz * t_s)).astype(np.int16)


def alaw(samples: np.ndarray) -> bytes:
    """G.711 A-law by search in the decoded table: slow, and independent of bit tricks."""
    from sim.g711 import PCMA, decode

    levels = decode(PCMA, bytes(range(256)))
    assert levels is not None
    order = np.argsort(levels, kind="stable")
    sorted_levels = levels[order].astype(np.int32)
    right = np.clip(np.searchsorted(sorted_levels, samples), 1, 255)
    low, high = sorted_levels[right - 1], sorted_levels[right]
    return (
        order[np.where(samples - low < high - samples, right - 1, right)].astype(np.uint8).tobytes()
    )
