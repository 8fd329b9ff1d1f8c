"""The demo's officers: phones over HTTP, as real ones, each in a thread of its own."""

import io
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import count

import av
import httpx
import numpy as np
import structlog

from broadcast.speech import Speech
from core.cases import Order
from core.clock import Clock
from core.config.people import Officer
from core.config.site import Site
from core.store.database import Store
from sim.officers import REPORT
from sim.on_duty import OfficerOnDuty
from sim.phone import Phone
from sim.scenes.beside import photograph

SPEEDUP = 1.5
"""So much faster than in earnest, so that a story fits into minutes."""
LOST = 7
"""Every so many answers one is lost, and the phone says the same again."""
_TICK_S = 0.25
_VOICE_HZ, _VOICE_BPS = 48_000, 32_000

log = structlog.get_logger()


def account_of(officer: str) -> str:
    """The account of the simulated phone; that of the officer's own name is a person's."""
    return f"{officer}-phone"


class Crew:
    """All officers of the demo.

    Whoever signs in as an officer plays that one: the simulated phone finishes what it has begun,
    signs off duty, and comes back when the person has signed out.

    Args:
        connect: a new client of the console, for each phone one.
        password: of the phones' accounts.

    Attributes:
        played: the officers as whom a person is signed in, as of the last look.
    """

    def __init__(
        self,
        connect: Callable[[], httpx.Client],
        site: Site,
        password: str,
        store: Store,
        clock: Clock,
    ) -> None:
        self._connect, self._site, self._password = connect, site, password
        self._store, self._clock = store, clock
        self.played: frozenset[str] = frozenset()
        self._seen = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._live, args=(one,), name=f"phone-{one.id}", daemon=True)
            for one in site.officers
        ]
        self._threads.append(threading.Thread(target=self._watch, name="phones", daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Put the phones away; returns when they are."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _live(self, officer: Officer) -> None:
        with self._connect() as client:
            phone = Phone(client, account_of(officer.id), self._password, self._clock, _every(LOST))
            one = OfficerOnDuty(
                officer,
                phone,
                self._clock,
                picture=partial(_photo, self._cameras()),
                voice=_voice,
                speedup=SPEEDUP,
            )
            while not self._clock.wait(self._stop, _TICK_S):
                try:
                    one.tick(wanted=officer.id not in self.played)
                except Exception:
                    log.exception("simulated officer", officer=officer.id)

    def _cameras(self) -> Mapping[tuple[float, float], str]:
        return {
            (one.place.lon, one.place.lat): one.id
            for one in self._site.cameras
            if one.place is not None
        }

    def look(self) -> None:
        """Learn who has come and gone since the last look; all phones go by what one look saw."""
        played = set(self.played)
        with self._store.read() as unit:
            for entry in unit.audit.after(self._seen):
                self._seen = entry.seq
                if entry.action == "session.opened":
                    played.add(entry.object)
                elif entry.action == "session.closed":
                    played.discard(entry.object)
        self.played = frozenset(played)

    def _watch(self) -> None:
        while not self._clock.wait(self._stop, _TICK_S):
            try:
                self.look()
            except Exception:
                log.exception("simulated officers")


def _every(number: int) -> Callable[[], bool]:
    turn = count(1)
    return lambda: next(turn) % number == 0


def _photo(cameras: Mapping[tuple[float, float], str], order: Order) -> bytes:
    return photograph(cameras[order.place.lon, order.place.lat])


def _voice(_: Order) -> bytes:
    return spoken(REPORT.zh)


@lru_cache(maxsize=4)
def spoken(words: str) -> bytes:
    """Words as a voice message: Opus in Ogg, as browsers record it."""
    sound = Speech().render(words)
    content = io.BytesIO()
    with av.open(content, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=_VOICE_HZ, layout="mono")
        stream.bit_rate = _VOICE_BPS
        resampler = av.AudioResampler(format="flt", layout="mono", rate=_VOICE_HZ, frame_size=960)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.pcm[None]), "s16", "mono")
        frame.sample_rate = sound.rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return content.getvalue()
