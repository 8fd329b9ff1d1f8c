"""What the analysts said of the last minutes, to be sealed beside the clips they led to."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.bus.base import Bus
from core.clock import NS_PER_S, iso
from core.config.zones import Zone
from core.messages import OBJECTS, SIGHTINGS, EvidenceWanted, ObjectsSeen
from core.seeing import Sighting

SCHEMA = "wardwatch.detections/1"
KEPT_S = 180
"""So long what was seen waits for a wish for evidence: longer than any clip takes to be cut."""


class Detections:
    """Remembers what was seen by each camera of late; lost with the hub, and said so.

    Args:
        zone_of: the zone of a camera, as it is configured now.
    """

    def __init__(self, zone_of: Callable[[str, str], Zone | None]) -> None:
        self._zone_of = zone_of
        self._lock = threading.Lock()
        self._seen: dict[str, deque[ObjectsSeen]] = {}
        self._sightings: dict[str, deque[Sighting]] = {}

    def listen(self, bus: Bus, stop: threading.Event) -> list[threading.Thread]:
        """Begin to listen; the threads end with ``stop``."""

        def objects() -> None:
            for seen in bus.tail(OBJECTS, ObjectsSeen, stop):
                self.saw(seen)

        def sightings() -> None:
            for sighting in bus.tail(SIGHTINGS, Sighting, stop):
                self.noticed(sighting)

        threads = [
            threading.Thread(target=objects, name="detections-objects"),
            threading.Thread(target=sightings, name="detections-sightings"),
        ]
        for thread in threads:
            thread.start()
        return threads

    def saw(self, seen: ObjectsSeen) -> None:
        """What a tracker holds."""
        with self._lock:
            held = self._seen.setdefault(seen.camera, deque())
            held.append(seen)
            while held[0].time_ns < seen.time_ns - KEPT_S * NS_PER_S:
                held.popleft()

    def noticed(self, sighting: Sighting) -> None:
        """What a behaviour told."""
        with self._lock:
            held = self._sightings.setdefault(sighting.camera, deque())
            held.append(sighting)
            while held[0].last_ns < sighting.last_ns - KEPT_S * NS_PER_S:
                held.popleft()

    def write(self, wanted: EvidenceWanted, first_ns: int, last_ns: int, out: Path) -> bool:
        """Write what was seen within a clip, a JSON object a line; False when nothing was."""
        with self._lock:
            seen = [
                one
                for one in self._seen.get(wanted.camera, ())
                if first_ns <= one.time_ns <= last_ns
            ]
            told = [
                one
                for one in self._sightings.get(wanted.camera, ())
                if one.started_ns <= last_ns and one.last_ns >= first_ns
            ]
        if not seen and not told:
            return False
        with out.open("w", encoding="utf-8") as stream:
            for row in self._rows(wanted, told, seen):
                stream.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        return True

    def _rows(
        self, wanted: EvidenceWanted, told: list[Sighting], seen: list[ObjectsSeen]
    ) -> Iterator[dict[str, Any]]:
        yield {
            "schema": SCHEMA,
            "incident": wanted.incident,
            "camera": wanted.camera,
            "first_seen": iso(seen[0].time_ns) if seen else None,
            "last_seen": iso(seen[-1].time_ns) if seen else None,
        }
        for version, zone in self._zones(wanted.camera, told).items():
            yield {"zone_version": version, "zone": zone}
        for sighting in told:
            yield {"sighting": sighting.model_dump(mode="json")}
        for one in seen:
            yield {
                "at": iso(one.time_ns),
                "time_ns": one.time_ns,
                "looked": one.looked,
                "objects": [thing.model_dump(mode="json") for thing in one.objects],
            }

    def _zones(self, camera: str, told: list[Sighting]) -> dict[str, Any]:
        """The configuration behind each hash; None where it was changed meanwhile."""
        zones: dict[str, Any] = {}
        for sighting in told:
            zone = self._zone_of(camera, sighting.zone)
            same = zone is not None and zone.version == sighting.zone_version
            if sighting.zone_version:
                zones[sighting.zone_version] = (
                    zone.model_dump(mode="json") if zone is not None and same else None
                )
        return zones
