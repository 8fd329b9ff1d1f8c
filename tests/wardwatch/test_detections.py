"""What the analysts said, sealed beside the clip it led to."""

import json
from pathlib import Path

from core.clock import NS_PER_S
from core.messages import EvidenceWanted
from detectors.pipeline import CameraPipeline
from tests.detectors.detector_kit import at, camera, drawn, zone
from tests.detectors.test_camera_pipeline import Rectangles, scene
from wardwatch.parts.detections import KEPT_S, Detections
from wardwatch.processes.analyst import objects_of

SHA256 = "5e" * 32
PLACE = camera(zone("fishing", dwell_s=5))


def watched() -> Detections:
    """A walker who came, stood and left, as the analyst tells of him."""
    pipeline = CameraPipeline(PLACE, Rectangles(), model_sha256=SHA256, min_score=0.4)
    held = Detections(lambda _camera, name: PLACE.zone(name))
    for number in range(200):
        seen = pipeline.process(drawn(scene(number / 5), number / 5))
        held.saw(objects_of(seen, pipeline.subjects))
        for sighting in seen.sightings:
            held.noticed(sighting)
    return held


def rows_of(held: Detections, first_s: float, last_s: float, out: Path) -> list[dict]:
    wanted = EvidenceWanted(
        id="want-1", incident="inc-1", camera=PLACE.id, moment_ns=at(first_s),
        first_ns=at(first_s), last_ns=at(last_s),
    )  # fmt: skip
    if not held.write(wanted, at(first_s), at(last_s), out):
        return []
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_model_threshold_and_zone_stand_beside_what_was_seen(tmp_path: Path) -> None:
    rows = rows_of(watched(), 5, 30, tmp_path / "detections.jsonl")
    head, config, *rest = rows
    assert head["schema"] == "wardwatch.detections/1"
    assert (head["incident"], head["camera"]) == ("inc-1", PLACE.id)
    (mine,) = PLACE.zones
    assert config == {"zone_version": mine.version, "zone": mine.model_dump(mode="json")}
    sightings = [one["sighting"] for one in rest if "sighting" in one]
    assert sightings[0]["phase"] == "fired"
    for one in sightings:
        assert one["model_sha256"] == SHA256
        assert (one["min_score"], one["zone_version"]) == (0.4, mine.version)
    seen = [one for one in rest if "objects" in one]
    assert len(seen) == 126
    assert all(at(5) <= one["time_ns"] <= at(30) for one in seen)
    assert all(one["objects"][0]["label"] == "person" for one in seen)


def test_another_rule_has_another_version(tmp_path: Path) -> None:
    held = watched()
    changed = camera(zone("fishing", dwell_s=6))
    assert changed.zones[0].version != PLACE.zones[0].version
    held._zone_of = lambda _camera, name: changed.zone(name)
    # The rule that fired is no longer known; the one of today is not passed off as it.
    config = rows_of(held, 15, 30, tmp_path / "detections.jsonl")[1]
    assert config == {"zone_version": PLACE.zones[0].version, "zone": None}


def test_what_is_long_past_is_forgotten(tmp_path: Path) -> None:
    held = watched()
    pipeline = CameraPipeline(PLACE, Rectangles())
    later = pipeline.process(drawn(scene(0), KEPT_S + 20))
    held.saw(objects_of(later, frozenset()))
    found = rows_of(held, 0, 30, tmp_path / "detections.jsonl")
    seen = [one for one in found if "objects" in one]
    assert min(one["time_ns"] for one in seen) == later.time_ns - KEPT_S * NS_PER_S
    assert rows_of(held, 1000, 1010, tmp_path / "none.jsonl") == []
    assert not (tmp_path / "none.jsonl").exists()
