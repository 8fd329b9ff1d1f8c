"""How long from a decision to the first sound.

    python -m bench.broadcast

Prints one JSON object: milliseconds to synthesise and level the shipped warnings, and
milliseconds from ``handle()`` to the first audio packet at a loudspeaker on this machine
(a plain RTSP answerer in this process), with new words each time and with words said before.
The half second of silence before the words is sent, not waited for: it is not in the figures.
"""

import json
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from broadcast import speech
from broadcast.announcer import Announcer
from broadcast.text import fill
from core.cases import Announcement
from core.clock import SystemClock
from core.config.cameras import Camera
from core.config.site import Site
from core.value import new_id

ROUNDS = 20
WARNINGS = Path(__file__).parents[1] / "configs" / "warnings.yaml"
SDP = "v=0\r\nm=audio 0 RTP/AVP 8\r\na=control:track1\r\na=sendonly\r\n"


class Loudspeaker:
    """Answers every request with 200 and notes when the first interleaved frame comes in."""

    def __init__(self) -> None:
        self.first_s = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/talk"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            heard = False
            with connection, connection.makefile("rb") as stream:
                while first := stream.read(1):
                    if first == b"$":
                        if not heard:
                            self.first_s, heard = time.perf_counter(), True
                        stream.read(int.from_bytes(stream.read(3)[1:], "big"))
                        continue
                    lines = [(first + stream.readline()).decode()]
                    while (line := stream.readline().decode()).strip():
                        lines.append(line)
                    cseq = next(line for line in lines if line.startswith("CSeq"))
                    body = SDP if lines[0].startswith("DESCRIBE") else ""
                    connection.sendall(
                        f"RTSP/1.0 200 OK\r\n{cseq}Session: 1\r\n"
                        f"Transport: RTP/AVP/TCP;interleaved=0-1\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
                    )


def main() -> None:
    """Measure and print."""
    words = [
        fill(row["text"]["zh"], zone="河湾禁钓区", place="一号机", township="云溪镇")
        for row in yaml.safe_load(WARNINGS.read_text(encoding="utf-8"))
    ]
    speech.phonemes("好")  # the library is loaded once a process
    synthesis = [_ms(partial(speech.Speech().render, text)) for text in (words * ROUNDS)[:ROUNDS]]
    fresh, again = [], []
    with tempfile.TemporaryDirectory() as directory:
        horn = Loudspeaker()
        announcer = Announcer(_site(horn.url), clock=SystemClock(), audio_dir=Path(directory))
        for number in range(ROUNDS):
            fresh.append(_first_packet(announcer, horn, f"{number}号位禁止垂钓。"))
            again.append(_first_packet(announcer, horn, f"{number}号位禁止垂钓。"))
    print(
        json.dumps(
            {
                "schema": "bench.broadcast/1",
                "rounds": ROUNDS,
                "synthesise_ms": _summary(synthesis),
                "first_packet_new_words_ms": _summary(fresh),
                "first_packet_known_words_ms": _summary(again),
            },
            indent=2,
        )
    )


def _first_packet(announcer: Announcer, horn: Loudspeaker, text: str) -> float:
    announcement = Announcement(
        id=new_id("ann"),
        incident=new_id("inc"),
        camera="river",
        text=text,
        attempt=1,
        requested_ns=SystemClock().utc_ns(),
    )
    begin_s = time.perf_counter()
    receipt = announcer.handle(announcement)
    if not receipt.ok:
        raise SystemExit(receipt.error)
    return 1000 * (horn.first_s - begin_s)


def _site(url: str) -> Site:
    camera = Camera.model_validate(
        {
            "id": "river",
            "name": {"zh": "河", "en": "river"},
            "streams": {"main": url},
            "speaker": {"driver": "onvif"},
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


def _summary(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 1),
        "p95": round(statistics.quantiles(values, n=20)[-1], 1),
        "max": round(max(values), 1),
    }


if __name__ == "__main__":
    main()
