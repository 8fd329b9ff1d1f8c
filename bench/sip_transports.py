"""How long from a decision to the first sound over each transport of SIP, against baresip.

    python -m bench.sip_transports [--rounds N]

Needs Debian's baresip-core. Prints one JSON object: for each transport milliseconds from
``handle()`` to the first packet of sound, with new words each time and with words said before, and
its median as a multiple of UDP's. Within a round all transports take turns, so that whatever else
the machine does falls on all of them. Talks are broken off once they have begun.
"""

import argparse
import json
import logging
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import structlog

from bench.broadcast import site_with, summary
from broadcast import drivers
from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver
from core.cases import Announcement
from core.clock import SystemClock
from core.config.cameras import Camera
from core.credentials import Credentials
from core.value import new_id
from tests.broadcast import baresip

WORDS = "号位禁止垂钓，请立即收起渔具离开。"


class Begun(Delivery):
    """Notes when the first packet goes out, and breaks the talk off."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over
        self.first_s = 0.0
        super().__init__()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "started_ns" and value is not None:
            self.first_s = time.perf_counter()
            self._over.set()


class Brief(SpeakerDriver):
    """Another driver, broken off when it begins to speak."""

    name = "brief"

    def __init__(self, driver: SpeakerDriver) -> None:
        self._driver = driver
        self.first_s = 0.0

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        del delivery  # ours tells when it begins
        begun = Begun(stop)
        try:
            return self._driver.speak(audio, stop, begun)
        finally:
            self.first_s = begun.first_s


class Caller:
    """Warns baresip over one transport."""

    def __init__(self, section: dict[str, Any], folder: Path) -> None:
        clock = SystemClock()
        credentials = Credentials(folder / "none.json", folder / "none.key", {})
        self._driver: Brief | None = None

        def build(camera: Camera, _volume: int | None) -> SpeakerDriver:
            self._driver = Brief(drivers.build(camera, clock, credentials))
            return self._driver

        self._announcer = Announcer(site_with(section), clock=clock, audio_dir=folder, build=build)

    def first_ms(self, text: str) -> float:
        """Say something; milliseconds from the decision to the first packet."""
        announcement = Announcement(
            id=new_id("ann"),
            incident=new_id("inc"),
            camera="river",
            text=text,
            attempt=1,
            requested_ns=SystemClock().utc_ns(),
        )
        begin_s = time.perf_counter()
        receipt = self._announcer.handle(announcement)
        if self._driver is None or not self._driver.first_s:
            raise SystemExit(f"no sound was sent: {receipt.error}")
        return 1000 * (self._driver.first_s - begin_s)


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    if baresip.modules() is None:
        raise SystemExit(baresip.MISSING)
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        with baresip.running(folder) as peer:
            measured = _measured(peer, folder, rounds)
    print(json.dumps({"schema": "bench.sip_transports/1", "rounds": rounds, **measured}, indent=2))


def _measured(peer: baresip.Baresip, folder: Path, rounds: int) -> dict[str, Any]:
    shown = peer.certificate
    sections = {
        "udp": {"url": peer.uris["udp"]},
        "tcp": {"url": peer.uris["tcp"]},
        "tls": {"url": peer.uris["tls"], "ca_file": shown.public},
        "tls_pinned": {"url": peer.uris["tls"], "fingerprint": shown.fingerprint},
    }
    callers = {}
    for name, section in sections.items():
        (folder / name).mkdir()
        callers[name] = Caller({"driver": "sip", **section}, folder / name)
        callers[name].first_ms("好")  # libraries are loaded once a process
    found: dict[str, dict[str, list[float]]] = {
        name: {"new_words": [], "known_words": []} for name in callers
    }
    for number in range(rounds):
        for name, caller in callers.items():
            for times in found[name].values():
                times.append(caller.first_ms(f"{number}{WORDS}"))
    return {
        kind: {
            name: {**summary(found[name][kind]), "times_udp": _ratio(found, name, kind)}
            for name in callers
        }
        for kind in ("new_words", "known_words")
    }


def _ratio(found: dict[str, dict[str, list[float]]], name: str, kind: str) -> float:
    udp = statistics.median(found["udp"][kind])
    return round(statistics.median(found[name][kind]) / udp, 2)


if __name__ == "__main__":
    main()
