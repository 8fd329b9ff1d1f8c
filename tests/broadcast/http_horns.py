"""Loudspeakers that speak HTTP, with their faults: Hikvision's ISAPI and Axis' VAPIX.

Written from the protocols' descriptions with a request reader of its own.
"""

import hashlib
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, urlsplit

CHANNELS = "/ISAPI/System/TwoWayAudio/channels"
STATUS = (
    "<ResponseStatus><statusCode>{}</statusCode><statusString>{}</statusString></ResponseStatus>"
)


@dataclass
class HttpHorn:
    """One device on 127.0.0.1. Use as a context manager; look at the lists afterwards."""

    password: str = ""  # empty: no sign-in is wanted
    close_after: int | None = None  # octets of sound
    silent_on: str = ""  # words of a path that is never answered

    calls: list[str] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)
    url: str = ""

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
        self._listener.close()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        """Code and body of an answer."""
        return 404, ""

    def takes_sound(self, method: str, path: str) -> tuple[bool, int]:
        """Whether the request is followed by sound, and the code that is answered before it."""
        return False, 0

    def sound_ended(self) -> None:
        """The connection that carried sound is gone."""

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
        with connection:
            connection.settimeout(0.05)
            data = b""
            while b"\r\n\r\n" not in data:
                more = self._read(connection)
                if not more:
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            method, path, _ = first.split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            self.calls.append(f"{method} {path}")
            if self.silent_on and self.silent_on in path:
                self._stop.wait(8)
                return
            if self.password and not self._signed(method, path, headers):
                ask = 'WWW-Authenticate: Digest realm="horn", nonce="n1", qop="auth"\r\n'
                connection.sendall(_answer(401, "sign in", ask))
                return
            streams, code = self.takes_sound(method, path)
            if streams:
                if code:
                    connection.sendall(_answer(code, "" if code == 200 else "busy"))
                if code in (0, 200):
                    self._listen(connection, body)
                return
            while len(body) < int(headers.get("content-length", 0)):
                body += self._read(connection)
            code, text = self.answer(method, path, body)
            connection.sendall(_answer(code, text))

    def _listen(self, connection: socket.socket, sound: bytes) -> None:
        try:
            while True:
                self.sound += sound
                if self.close_after is not None and len(self.sound) >= self.close_after:
                    return
                sound = self._read(connection)
                if not sound:
                    return
        finally:
            self.sound_ended()

    def _read(self, connection: socket.socket) -> bytes:
        while True:
            try:
                return connection.recv(65536)
            except TimeoutError:
                if self._stop.is_set():
                    return b""  # everything that was sent has been read
            except OSError:
                return b""

    def _signed(self, method: str, path: str, headers: dict[str, str]) -> bool:
        part = dict(re.findall(r'(\w+)="?([^",]+)"?', headers.get("authorization", "")))
        if not part.get("response"):
            return False

        def digest(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        ha1, ha2 = digest(f"user:horn:{self.password}"), digest(f"{method}:{path}")
        return part["uri"] == path and part["response"] == digest(
            f"{ha1}:n1:{part['nc']}:{part['cnonce']}:auth:{ha2}"
        )


def _answer(code: int, body: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 {code} {'OK' if code == 200 else 'Refused'}\r\n{more}"
    return f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


@dataclass
class Hikvision(HttpHorn):
    """Two-way audio: ``open`` answers busy until ``close``; ``stuck`` is a crash's leftover."""

    codec: str = "G.711ulaw"
    stuck: bool = False
    taken: bool = False  # by the maker's own program, whatever is closed
    refuse_sound: bool = False
    open: bool = False
    volume: int | None = 50
    fixed_volume: bool = False
    volumes: list[int] = field(default_factory=list)  # as they were set

    def __enter__(self) -> Self:
        self.open = self.stuck
        return super().__enter__()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        level = f"<speakerVolume>{self.volume}</speakerVolume>" if self.volume else ""
        one = (
            f'<TwoWayAudioChannel version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">'
            f"<id>1</id><enabled>true</enabled><audioCompressionType>{self.codec}"
            f"</audioCompressionType>{level}</TwoWayAudioChannel>"
        )
        if (method, path) == ("GET", CHANNELS):
            return 200, f"<TwoWayAudioChannelList>{one}</TwoWayAudioChannelList>"
        if (method, path) == ("GET", f"{CHANNELS}/1"):
            return 200, one
        if (method, path) == ("PUT", f"{CHANNELS}/1"):
            if self.fixed_volume:
                return 403, STATUS.format(4, "notSupport")
            found = re.search(rb"<speakerVolume>(\d+)<", body)
            self.volume = int(found[1]) if found else -1
            self.volumes.append(self.volume)
            return 200, STATUS.format(1, "OK")
        if (method, path) == ("PUT", f"{CHANNELS}/1/open"):
            if self.open or self.taken:
                return 403, STATUS.format(2, "Device Busy")
            self.open = True
            return 200, "<TwoWayAudioSession><sessionId>77</sessionId></TwoWayAudioSession>"
        if (method, path) == ("PUT", f"{CHANNELS}/1/close"):
            self.open = False
            return 200, STATUS.format(1, "OK")
        return 404, ""

    def takes_sound(self, method: str, path: str) -> tuple[bool, int]:
        mine = (method, path) == ("PUT", f"{CHANNELS}/1/audioData?sessionId=77")
        return mine, 503 if self.refuse_sound or not self.open else 200


@dataclass
class Axis(HttpHorn):
    """``transmit.cgi`` and media clips."""

    busy: bool = False
    talking: int = 0
    clips: dict[str, bytes] = field(default_factory=dict)
    playing: str = ""
    played: list[str] = field(default_factory=list)
    full: bool = False

    def takes_sound(self, method: str, path: str) -> tuple[bool, int]:
        mine = (method, path) == ("POST", "/axis-cgi/audio/transmit.cgi")
        self.talking += mine and not self.busy
        return mine, 503 if self.busy else 0

    def sound_ended(self) -> None:
        self.talking -= 1

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        parts = urlsplit(path)
        if parts.path == "/axis-cgi/audio/transmit.cgi":
            return 405, ""
        asked = {key: value[0] for key, value in parse_qs(parts.query).items()}
        match asked.get("action"):
            case "upload" if self.full:
                return 200, "Error: no space left"
            case "upload":
                number = str(len(self.clips) + 7)
                self.clips[number] = body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
                return 200, f"uploaded={number}\n"
            case "play" if asked["clip"] in self.clips and not self.busy:
                self.playing = asked["clip"]
                self.played.append(asked.get("volume", ""))
                return 200, f"playing={asked['clip']}\n"
            case "stop":
                self.playing = ""
                return 200, "stopped\n"
            case "remove":
                self.clips.pop(asked["clip"], None)
                return 200, f"removed={asked['clip']}\n"
        return 503, "busy"


@dataclass
class PublicAddress(HttpHorn):
    """Takes a file by POST and says so."""

    code: int = 200
    says: str = "queued"
    files: list[bytes] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        self.files.append(body)
        return self.code, self.says
