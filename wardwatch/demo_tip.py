"""The demo's tip of the public: somebody tells of what a camera sees too, and the desk decides.

The one who tells has a phone and no account. Whoever decides does so through the console's own
addresses, after a pause, and only if no person has opened the tip. No incident comes of it: the
tip is attached to the one that the camera has found, or left alone.
"""

import threading
from pathlib import Path
from typing import Any

import cv2
import httpx
import structlog

from core.clock import NS_PER_S, Clock
from core.config.cameras import Camera
from core.errors import WardwatchError
from core.geometry import GeoPoint
from sim.citizen import Citizen, Told
from sim.errors import SimulatorError
from sim.scenes.beside import picture
from wardwatch.demo_client import Connect, get, post, sign_in
from wardwatch.demo_report import TipTold, read_truth

ACCOUNT = "demo-monitor"
CAMERA = "lane"
WALKED_S = 15.0
"""So long after the act began the tip is sent."""
AWAY_M = 30.0
_LOOK_S = 1.0
_QUALITY = 80
_WORDS = "有辆货车把垃圾倒在路边就开走了"
_WHERE = "巷口往东几十米的路边"
_ANSWER = "已有队员前往"

log = structlog.get_logger()


class TipStory:
    """The tip and the decision about it, in a thread of its own.

    Args:
        connect: a new client of the console.
        password: of :data:`ACCOUNT`.
        camera: what it sees is what is told of.
        truth: the simulator's ``truth.jsonl``.
        pause_s: so long a person may be first.
    """

    def __init__(
        self,
        connect: Connect,
        password: str,
        clock: Clock,
        camera: Camera,
        truth: Path,
        pause_s: float,
    ) -> None:
        self._connect, self._password = connect, password
        self._clock, self._camera = clock, camera
        self._truth, self._pause_s = truth, pause_s
        self._citizen = Citizen(connect(), clock)
        self._desk: httpx.Client | None = None
        self._told_ns = 0
        self._opened = self._settled = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tip-story", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Go home; returns when nobody does anything more."""
        self._stop.set()
        self._thread.join()
        self._citizen.client.close()

    def look(self) -> None:
        """Do what is due.

        Raises:
            WardwatchError: the console refused; it is tried again with the next look.
            httpx.HTTPError: the console is out of reach.
        """
        if not self._told_ns:
            told = self._what_happened()
            if told is not None:
                self._citizen.tell(told)
                self._told_ns = self._clock.monotonic_ns()
        elif not self._settled:
            self._decide()

    def outcome(self) -> TipTold | None:
        """What whoever told is answered now; None when there is no tip, or no answer."""
        if not self._told_ns:
            return None
        try:
            return TipTold(self._camera.id, self._citizen.ask(), self._citizen.arrived)
        except (SimulatorError, httpx.HTTPError) as error:
            log.warning("citizen", error=str(error))
            return None

    def _work(self) -> None:
        while not self._settled and not self._clock.wait(self._stop, _LOOK_S):
            try:
                self.look()
            except (WardwatchError, httpx.HTTPError) as error:
                log.warning("tip story", error=str(error))
                self._leave()
        self._leave()

    def _leave(self) -> None:
        if self._desk is not None:
            self._desk.close()
            self._desk = None

    def _what_happened(self) -> Told | None:
        """The act, once it has gone on for a while."""
        if self._camera.place is None or not self._truth.exists():
            return None
        truth = read_truth(self._truth, self._camera.id)
        event, now_ns = truth.event(), self._clock.utc_ns()
        if event is None or truth.since_s(now_ns) < event["start_s"] + WALKED_S:
            return None
        here = self._camera.place
        return Told(
            kind=event["kind"],
            place=here.toward(GeoPoint(lon=here.lon + 1, lat=here.lat), AWAY_M),
            place_words=_WHERE,
            words=_WORDS,
            happened_ns=truth.epoch_ns + round(event["start_s"] * NS_PER_S),
            photos=(_photo(self._camera.id),),
        )

    def _decide(self) -> None:
        if self._clock.monotonic_ns() - self._told_ns < self._pause_s * NS_PER_S:
            return
        if self._desk is None:
            self._desk = sign_in(self._connect, ACCOUNT, self._password)
        desk, name = self._desk, self._citizen.tip
        waiting = {one["id"]: one for one in get(desk, "/tips?waiting=true")["items"]}
        if name not in waiting or (waiting[name]["state"] != "received" and not self._opened):
            self._settled = True  # a person was first
            return
        found = f"/incidents?camera={self._camera.id}&kind={waiting[name]['kind']}&limit=1"
        if not get(desk, found)["items"]:
            return
        shown = get(desk, f"/tips/{name}")
        self._opened = True
        if shown["near"]:
            decision: dict[str, Any] = {
                "action": "attach",
                "seen": shown["version"],
                "incident": shown["near"][0]["incident"]["id"],
                "answer": _ANSWER,
            }
            post(desk, f"/tips/{name}/decisions", decision)
        self._settled = True


def _photo(scene: str) -> bytes:
    """The place from beside it, held upright."""
    drawn = picture(scene)
    height, width = drawn.shape[:2]
    tall = drawn[:, : round(height * 0.75)] if width > height else drawn
    return cv2.imencode(".jpg", tall, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
