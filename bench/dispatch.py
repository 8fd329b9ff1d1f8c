"""A day of dispatch: how many incidents have an officer within fifteen minutes.

    python -m bench.dispatch [--incidents 200] [--officers 30] [--seeds 1 2 3]

Two hundred serious incidents fall into 24 hours on a generated network of hills, a river with few
bridges, and dead ends. The real desk dispatches, on SQLite; officers acknowledge late or not at
all, drive the real way, each trip quicker or slower than reckoned, deal with the matter, and stay
where they are. The same day runs twice: by road and by the straight line. Only what the desk knows
differs; incidents, officers' temper, traffic and the ways driven come from the same seeds.
"""

import argparse
import heapq
import itertools
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from alerts.desk import Desk
from alerts.roads.cache import open_roads
from alerts.roads.graph import Roads
from core.cases import IncidentState, OfficerPosition, OfficerStatus, Order, OrderState
from core.clock import NS_PER_S, ManualClock
from core.config.people import Travel
from core.config.site import Site
from core.geometry import Box, GeoPoint
from core.messages import ORDERS, OrderReply
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store, open_store
from core.value import Text, Value
from core.wording import Wording
from sim.roads import Network, hill_and_river

CENTRE = GeoPoint(lon=112.46, lat=30.42)
DAY_S = 24 * 3600
CIRCLE_S = 15 * 60
SILENT_SHARE = 0.05
"""Of the offers, nobody answers so many."""
TRAFFIC = 0.15
"""Spread (log-normal) of how much slower or quicker a trip is than reckoned."""
HANDLING_S = 1500.0
"""Mean time on the scene, exponential."""
BESIDE_M = 60.0
"""Incidents lie up to so far from the road."""


def _text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def site_of(rng: np.random.Generator, network: Network, incidents: int, officers: int) -> Site:
    """One camera for each incident: at junctions, and a third of them at dead ends."""
    ends = rng.random(incidents) < 1 / 3
    junctions = network.junctions[rng.integers(0, len(network.junctions), incidents)]
    dead_ends = network.ends[rng.integers(0, len(network.ends), incidents)]
    degrees = BESIDE_M / 111_320
    places = np.where(ends[:, None], dead_ends, junctions)
    places = places + rng.uniform(-degrees, degrees, places.shape)
    posts = network.junctions[rng.integers(0, len(network.junctions), officers)]
    zone = {
        "id": "zone",
        "name": _text("zone"),
        "polygon": {"points": [[0, 0], [1, 0], [1, 1]]},
        "rule": {"kind": "dumping"},
    }
    row = {
        "id": "tipping",
        "kind": "dumping",
        "act": _text("tipping"),
        "basis": "§",
        "sanction": _text("-"),
        "authority": "own",
        "department": _text("-"),
        "severity": "serious",
        "source": "bench",
        "effective_from": "2020-01-01",
    }
    return Site.model_validate(
        {
            "name": _text("bench"),
            "centre": CENTRE.model_dump(),
            # Phones are well here: what happens when they are not is for the tests.
            "dispatch": {"patience": {"silent_s": 10 * DAY_S}},
            "cameras": [
                {
                    "id": f"camera-{number}",
                    "name": _text(str(number)),
                    "place": {"lon": lon, "lat": lat},
                    "streams": {"main": "rtsp://127.0.0.1/bench"},
                    "zones": [zone],
                }
                for number, (lon, lat) in enumerate(places)
            ],
            "officers": [
                {
                    "id": f"officer-{number}",
                    "name": _text(str(number)),
                    "place": {"lon": lon, "lat": lat},
                    "travel": "car" if number % 3 == 0 else "motorcycle",
                    "speed_kmh": 35,
                }
                for number, (lon, lat) in enumerate(posts)
            ],
            "catalogue": {"rows": [row]},
            "warning_texts": {"texts": []},
        }
    )


class Day:
    """One day: events in the order of time, the desk, and the officers' lives.

    Args:
        truth: the roads that officers drive on.
        known: the roads that the desk has; None: it reckons by the straight line.
    """

    def __init__(
        self,
        seed: int,
        site: Site,
        store: Store,
        clock: ManualClock,
        truth: Roads,
        known: Roads | None,
    ) -> None:
        self.seed, self.site, self.clock, self.truth = seed, site, clock, truth
        self.desk = Desk(
            site, store, clock, self._sent, lambda *_: Wording.plain("leave"), roads=known
        )
        self.began_ns = clock.utc_ns()
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.places = {officer.id: officer.place for officer in site.officers}
        self.waited_s: dict[str, float] = {}
        self.misjudged: list[float] = []
        self.seen_s: dict[str, float] = {}
        self.offers = 0
        self.by_road = 0

    def run(self) -> None:
        rng = np.random.default_rng([self.seed, 1])
        for camera, at_s in zip(
            self.site.cameras, rng.uniform(0, DAY_S, len(self.site.cameras)), strict=True
        ):
            self._at(float(at_s), lambda camera=camera: self._see(camera.id, Phase.FIRED))
        while self.events:
            at_s, _, happen = heapq.heappop(self.events)
            self.clock.advance(max(0.0, at_s - self.now_s))
            happen()
            self.desk.tick()

    @property
    def now_s(self) -> float:
        return (self.clock.utc_ns() - self.began_ns) / NS_PER_S

    def _at(self, when_s: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self.events, (when_s, next(self.numbers), happen))

    def _see(self, camera: str, phase: Phase) -> None:
        now_ns = self.clock.utc_ns()
        self.seen_s.setdefault(camera, self.now_s)
        fired_ns = self.began_ns + round(self.seen_s[camera] * NS_PER_S)
        self.desk.on_sighting(
            Sighting(
                id=f"sighting-{camera}",
                camera=camera,
                zone="zone",
                kind=Kind.DUMPING,
                phase=phase,
                started_ns=fired_ns,
                fired_ns=fired_ns,
                last_ns=now_ns,
                ended_ns=now_ns if phase is Phase.ENDED else None,
                box=Box(0, 0, 1, 1),
                why=Why(text=Text(zh="倾倒", en="tipped")),
            )
        )

    def _sent(self, stream: str, message: Value) -> None:
        if stream == ORDERS and isinstance(message, Order) and message.state is OrderState.OFFERED:
            self.offers += 1
            self.by_road += message.reckoned == "road"
            self._answer_later(message)

    def _answer_later(self, order: Order) -> None:
        camera = next(c for c in self.site.cameras if c.place == order.place)
        # The temper of this officer about this incident, whoever asks and in whatever order.
        number = [int(name.split("-")[1]) for name in (camera.id, order.officer)]
        rng = np.random.default_rng([self.seed, 2, *number])
        reads_s, traffic = rng.uniform(5, 40), float(np.exp(rng.normal(0, TRAFFIC)))
        handles_s = float(rng.exponential(HANDLING_S))
        if rng.random() < SILENT_SHARE:
            self._at(self.now_s + 61, lambda: None)
            return
        officer = self.site.officer(order.officer)
        assert officer is not None
        away_s = self._drives_s(order, officer.travel) * traffic
        self.misjudged.append(abs(away_s / traffic - order.eta_s))
        sets_off_s = self.now_s + reads_s
        self._at(sets_off_s, lambda: self._reply(order, OrderState.EN_ROUTE))
        self._at(sets_off_s + away_s, lambda: self._arrive(order, camera.id))
        self._at(sets_off_s + away_s + handles_s, lambda: self._finish(order, camera.id))

    def _drives_s(self, order: Order, travel: Travel) -> float:
        """The way there, whoever reckoned it: behind a barrier on foot from the nearest road."""
        start = self.places[order.officer]
        for way in (travel, Travel.FOOT):
            (route,) = self.truth.routes(order.place, [start], way)
            if route is not None and np.isfinite(route.seconds):
                return route.seconds
        return start.distance_m(order.place) * 1.4 / 1.25

    def _arrive(self, order: Order, camera: str) -> None:
        self.waited_s.setdefault(camera, self.now_s - self.seen_s[camera])
        self.places[order.officer] = order.place
        self._reply(order, OrderState.ON_SCENE)

    def _finish(self, order: Order, camera: str) -> None:
        self._reply(order, OrderState.HANDLED)
        self.desk.on_position(
            OfficerPosition(
                officer=order.officer,
                at_ns=self.clock.utc_ns(),
                place=order.place,
                status=OfficerStatus.FREE,
            )
        )
        self._see(camera, Phase.ENDED)
        self._at(self.now_s + 90, lambda: None)

    def _reply(self, order: Order, state: OrderState) -> None:
        self.desk.on_order_reply(
            OrderReply(
                id=f"{order.id}-{state.value}",
                order=order.id,
                officer=order.officer,
                state=state,
                at_ns=self.clock.utc_ns(),
            )
        )


def result_of(day: Day, store: Store) -> dict[str, Any]:
    """The figures of one day; complains when an incident or an order was lost."""
    waited_s = np.array([day.waited_s[camera.id] for camera in day.site.cameras])
    with store.read() as unit:
        incidents = unit.incidents.find(limit=10_000)
        orders = unit.orders.find(limit=100_000)
    assert len(incidents) == len(day.site.cameras)
    assert all(one.state is IncidentState.CLOSED for one in incidents)
    assert sum(order.state is OrderState.HANDLED for order in orders) == len(incidents)
    return {
        "within_15_min": round(float((waited_s <= CIRCLE_S).mean()), 3),
        "median_min": round(float(np.median(waited_s)) / 60, 1),
        "p90_min": round(float(np.quantile(waited_s, 0.9)) / 60, 1),
        "longest_min": round(float(waited_s.max()) / 60, 1),
        "eta_off_min": round(float(np.mean(day.misjudged)) / 60, 1),
        "offers": day.offers,
        "by_road": round(day.by_road / day.offers, 3),
    }


def one_day(seed: int, incidents: int, officers: int, folder: Path) -> dict[str, Any]:
    """The same day by road and by the straight line."""
    rng = np.random.default_rng(seed)
    network = hill_and_river(seed, CENTRE)
    path = folder / f"network-{seed}.osm"
    path.write_text(network.osm, encoding="utf-8")
    site = site_of(rng, network, incidents, officers)
    truth = open_roads(path, site.dispatch.snap_m)
    found = {}
    for name, known in (("road", truth), ("line", None)):
        clock = ManualClock()
        store = open_store(f"sqlite:///{folder / f'{name}-{seed}.db'}", clock)
        day = Day(seed, site, store, clock, truth, known)
        day.run()
        found[name] = result_of(day, store)
        store.close()
    return {"seed": seed, "segments": network.segments, **found}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--incidents", type=int, default=200)
    options.add_argument("--officers", type=int, default=30)
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        for seed in chosen.seeds:
            print(
                json.dumps(one_day(seed, chosen.incidents, chosen.officers, Path(folder))),
                flush=True,
            )


if __name__ == "__main__":
    main()
