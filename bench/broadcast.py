"""How long from a decision to the first sound, for every driver.

    python -m bench.broadcast [--rounds N]

Prints one JSON object: milliseconds to synthesise and level the shipped warnings, and for each
driver milliseconds from ``handle()`` to the first packet (or the posted file, or the message to
the drone) at a loudspeaker on this machine, with new words each time and with words said before.
The loudspeakers are plain ones within this process. The half second of silence before the words
is sent, not waited for: it is not in the figures. Talks are broken off once they have begun.
"""

import argparse
import json
import logging
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import yaml

from broadcast import drivers, speech
from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver
from broadcast.drone import Answers
from core.cases import Announcement
from core.clock import SystemClock
from core.config.cameras import Camera
from core.config.site import Site
from core.credentials import Credentials
from core.messages import DroneSpeech, DroneSpoken
from core.templates import fill
from core.value import new_id

WARNINGS = Path(__file__).parents[1] / "configs" / "warnings.yaml"
NAMES = {"zone": "河湾禁钓区", "place": "一号机", "township": "云溪镇"}
LIMIT_MS = 1000.0
SDP = "v=0\r\nm=audio 0 RTP/AVP 8\r\na=control:track1\r\na=sendonly\r\n"
CHANNELS = (
    "<L><TwoWayAudioChannel><id>1</id><audioCompressionType>G.711ulaw</audioCompressionType>"
    "</TwoWayAudioChannel></L>"
)


class Ear:
    """Notes when the first sound came in."""

    def __init__(self) -> None:
        self._came = threading.Event()
        self.first_s = 0.0

    def heard(self) -> None:
        if not self._came.is_set():
            self.first_s = time.perf_counter()
            self._came.set()

    def listen(self) -> None:
        """Wait for the next first sound."""
        self._came.clear()

    def wait(self) -> None:
        if not self._came.wait(30):
            raise SystemExit("no sound came")


class TcpHorn:
    """Answers RTSP and HTTP requests with 200 and hears what follows them."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while first := stream.read(1):
                    if first == b"$":
                        self._ear.heard()
                        stream.read(int.from_bytes(stream.read(3)[1:], "big"))
                        continue
                    self._request(connection, stream, first)
            except OSError:
                return

    def _request(self, connection: socket.socket, stream: Any, first: bytes) -> None:
        start = (first + stream.readline()).decode()
        fields = {}
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        if "RTSP" in start:
            body = SDP if start.startswith("DESCRIBE") else ""
            more = f"CSeq: {fields['cseq']}\r\nSession: 1\r\n"
            more += "Transport: RTP/AVP/TCP;interleaved=0-1\r\n"
            version = "RTSP/1.0"
        else:
            body = CHANNELS if start.startswith("GET /ISAPI") else "ok"
            more, version = "", "HTTP/1.1"
            if "transmit" in start and start.startswith("POST"):
                self._sound(stream)
                return
            if size := int(fields.get("content-length", 0)):
                stream.read(size)
                self._ear.heard()
        head = f"{version} 200 OK\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())
        if "audioData" in start:
            self._sound(stream)

    def _sound(self, stream: Any) -> None:
        while stream.read1(4096):
            self._ear.heard()


class UdpHorn:
    """Answers calls at once; hears RTP at another port."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._calls, self._sound = (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)
        )
        for one in (self._calls, self._sound):
            one.bind(("127.0.0.1", 0))
        self.call_port = self._calls.getsockname()[1]
        self.sound_port = self._sound.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        while self._sound.recv(2048):
            self._ear.heard()

    def _answer(self) -> None:
        while True:
            data, peer = self._calls.recvfrom(65536)
            lines = data.decode().split("\r\n")
            if lines[0].startswith("ACK"):
                continue
            names = ("Via", "From", "Call-ID", "CSeq")
            kept = [line for line in lines if line.partition(":")[0] in names]
            to = next(line for line in lines if line.startswith("To:"))
            body = (
                "v=0\r\nc=IN IP4 127.0.0.1\r\n"
                f"m=audio {self.sound_port} RTP/AVP 8\r\na=recvonly\r\n"
            )
            head = ["SIP/2.0 200 OK", *kept, to if ";tag=" in to else f"{to};tag=1"]
            head += [f"Contact: <sip:h@127.0.0.1:{self.call_port}>", f"Content-Length: {len(body)}"]
            self._calls.sendto(("\r\n".join(head) + "\r\n\r\n" + body).encode(), peer)


def main() -> None:
    """Measure and print; exit code 1 when a driver is slower than :data:`LIMIT_MS` at p95."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    words = [
        fill(row["text"]["zh"], NAMES)
        for row in yaml.safe_load(WARNINGS.read_text(encoding="utf-8"))
    ]
    speech.phonemes("好")  # the library is loaded once a process
    synthesis = [_ms(partial(speech.Speech().render, text)) for text in (words * rounds)[:rounds]]
    ear = Ear()
    tcp, udp = TcpHorn(ear), UdpHorn(ear)
    http = f"http://{tcp.place}"
    sections: dict[str, dict[str, Any]] = {
        "onvif": {"driver": "onvif", "url": f"rtsp://{tcp.place}/talk"},
        "hikvision": {"driver": "hikvision", "url": http},
        "axis_live": {"driver": "axis", "url": http},
        "sip": {"driver": "sip", "url": f"sip:h@127.0.0.1:{udp.call_port}"},
        "multicast": {"driver": "multicast", "url": f"rtp://127.0.0.1:{udp.sound_port}"},
        "http": {"driver": "http", "url": f"{http}/play"},
        "drone": {"driver": "drone"},
    }
    measured = {name: _driver(section, ear, rounds) for name, section in sections.items()}
    worst = max(one["p95"] for row in measured.values() for one in row.values())
    print(
        json.dumps(
            {
                "schema": "bench.broadcast/2",
                "rounds": rounds,
                "synthesise_ms": summary(synthesis),
                "first_packet_ms": measured,
                "worst_p95_ms": worst,
                "limit_ms": LIMIT_MS,
            },
            indent=2,
        )
    )
    if worst > LIMIT_MS:
        raise SystemExit(1)


class Brief(SpeakerDriver):
    """Another driver, broken off by ``over``."""

    name = "brief"

    def __init__(self, driver: SpeakerDriver, over: threading.Event) -> None:
        self._driver, self._over = driver, over

    def speak(
        self,
        audio: Audio,
        stop: threading.Event,  # noqa: ARG002 (``over`` takes its place)
        delivery: Delivery | None = None,
    ) -> Delivery:
        return self._driver.speak(audio, self._over, delivery)


def _driver(section: dict[str, Any], ear: Ear, rounds: int) -> dict[str, dict[str, float]]:
    clock, over = SystemClock(), threading.Event()

    @contextmanager
    def drone(request: DroneSpeech) -> Iterator[Answers]:
        if request.action == "say":
            ear.heard()
        told = {"id": request.id, "drone": request.drone, "at_ns": clock.utc_ns()}
        yield lambda _seconds: DroneSpoken.model_validate({**told, "state": "playing"})

    fresh, again = [], []
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        credentials = Credentials(folder / "none.json", folder / "none.key", {})
        announcer = Announcer(
            site_with(section),
            clock=clock,
            audio_dir=folder,
            build=lambda camera, _: Brief(
                drivers.build(camera, clock, credentials, drones=drone), over
            ),
        )
        for number in range(rounds):
            for found in (fresh, again):
                found.append(_first_sound(announcer, ear, over, f"{number}号位禁止垂钓。"))
    return {"new_words": summary(fresh), "known_words": summary(again)}


def _first_sound(announcer: Announcer, ear: Ear, over: threading.Event, text: str) -> float:
    announcement = Announcement(
        id=new_id("ann"),
        incident=new_id("inc"),
        camera="river",
        text=text,
        attempt=1,
        requested_ns=SystemClock().utc_ns(),
    )
    ear.listen()
    over.clear()
    begin_s = time.perf_counter()
    talk = threading.Thread(target=announcer.handle, args=(announcement,))
    talk.start()
    ear.wait()
    over.set()
    talk.join()
    return 1000 * (ear.first_s - begin_s)


def site_with(section: dict[str, Any]) -> Site:
    """A site of one camera, ``river``, with that loudspeaker."""
    camera = Camera.model_validate(
        {
            "id": "river",
            "name": {"zh": "河", "en": "river"},
            "streams": {"main": "rtsp://127.0.0.1/river"},
            "speaker": section,
        }
    )
    return Site.model_validate(
        {
            "name": {"zh": "云溪镇", "en": "Yunxi"},
            "centre": {"lon": 120.0, "lat": 30.0},
            "cameras": [camera],
            "warnings": {"cooldown_s": 0},
            "catalogue": {"rows": []},
            "warning_texts": {"texts": []},
        }
    )


def _ms(work: Callable[[], object]) -> float:
    begin_s = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin_s)


def summary(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    return {
        "median": round(statistics.median(values), 1),
        "p95": round(statistics.quantiles(values, n=20)[-1], 1),
        "max": round(max(values), 1),
    }


if __name__ == "__main__":
    main()
