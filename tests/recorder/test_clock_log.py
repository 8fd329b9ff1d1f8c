"""How far a camera's clock was from ours: kept, bounded, and part of the evidence."""

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.cases import ClockReading, EvidenceItem
from core.clock import NS_PER_S, ManualClock
from core.messages import CameraHealth, EvidenceWanted
from recorder.clock_log import EVERY_NS, TRIM_BYTES, ClockLog, camera_clock
from recorder.evidence import EvidenceCutter
from recorder.keeping import Keeping
from recorder.retention import Retention
from recorder.shelf import segments
from recorder.vault import Vault
from tests.recorder.conftest import CAMERA

START_NS = 1_790_000_000 * NS_PER_S


def reading(at_s: float, offset_s: float, uncertainty_s: float = 0.1) -> ClockReading:
    return ClockReading(
        measured_ns=START_NS + round(at_s * NS_PER_S),
        offset_s=offset_s,
        uncertainty_s=uncertainty_s,
        source="rtcp",
    )


def health(at_s: float, offset_s: float | None) -> CameraHealth:
    return CameraHealth(
        camera=CAMERA,
        process="recorder",
        state="online",
        since_ns=START_NS,
        at_ns=START_NS + round(at_s * NS_PER_S),
        clock_offset_s=offset_s,
        clock_uncertainty_s=None if offset_s is None else 0.1,
    )


def test_only_news_is_written(tmp_path: Path) -> None:
    log = ClockLog(tmp_path, CAMERA)
    log.health(health(0, None))
    assert not log.path.exists()
    for at_s in range(0, 1800, 5):
        log.health(health(at_s, 3.0 + 0.01 * (at_s % 3) + (20 if at_s >= 900 else 0)))
    kept = log.readings()
    assert [round((r.measured_ns - START_NS) / NS_PER_S) for r in kept] == [0, 600, 900, 1500]
    assert [round(r.offset_s) for r in kept] == [3, 3, 23, 23]


@given(st.binary(max_size=200), st.integers(0, 3))
def test_torn_lines_cost_only_themselves(
    tmp_path_factory: object, torn: bytes, before: int
) -> None:
    root = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    log = ClockLog(root, CAMERA)
    for number in range(before):
        log.note(reading(number * 700, number))
    log.path.parent.mkdir(exist_ok=True)
    with log.path.open("ab") as file:
        file.write(torn.replace(b"{", b"("))
    ClockLog(root, CAMERA).note(reading(5000, 7.0))
    assert [r.offset_s for r in log.readings()] == [*range(before), 7.0]


def test_disk_that_refuses_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / CAMERA).write_text("in the way")
    log = ClockLog(tmp_path, CAMERA)
    log.note(reading(0, 1.0))
    log.trim(START_NS)
    assert log.readings() == []
    (tmp_path / CAMERA).unlink()
    log.note(reading(1, 1.0))
    assert len(log.readings()) == 1


def test_old_readings_go_with_the_old_recordings(tmp_path: Path, clock: ManualClock) -> None:
    log = ClockLog(tmp_path, CAMERA)
    log.path.parent.mkdir(parents=True)
    old = [reading(-86_400 * 40 + n, 1.0) for n in range(1000)]
    log.path.write_text("".join(f"{r.model_dump_json()}\n" for r in old))
    assert log.path.stat().st_size > TRIM_BYTES
    log.note(reading(0, 2.0))
    day_s = 86_400
    for age_s in (0, day_s // 2, day_s, day_s * 3 // 2):
        path = tmp_path / CAMERA / "2026-09-20" / f"000000_{clock.utc_ns() - age_s * NS_PER_S}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    Retention(tmp_path, clock, Keeping(30, 10**9), low_bytes=0, stop_bytes=0).sweep()
    assert [r.offset_s for r in log.readings()] == [2.0]
    log.note(reading(EVERY_NS / NS_PER_S, 2.0))  # into the file that took the old one's place
    assert len(log.readings()) == 2


def test_the_measurements_in_force(tmp_path: Path) -> None:
    log = ClockLog(tmp_path, CAMERA)
    for at_s, offset_s in ((0, 1.0), (700, 2.0), (1400, 2.5), (1500, 3.0), (2200, 2.0), (2900, 9)):
        log.note(reading(at_s, offset_s))
    found = camera_clock(tmp_path, CAMERA, START_NS + 1400 * NS_PER_S, START_NS + 1600 * NS_PER_S)
    assert [r.offset_s for r in found.readings] == [2.0, 2.5, 3.0, 2.0]
    assert (found.offset_s, found.uncertainty_s) == (2.5, 0.6)
    assert found.note.startswith("camera's clock 2.500 s ahead of ours, ± 0.600 s (rtcp 2026-")
    later_ns = START_NS + 100_000 * NS_PER_S
    late = camera_clock(tmp_path, CAMERA, later_ns, later_ns + NS_PER_S)
    assert (late.offset_s, late.readings) == (None, ())
    assert "not measured within a day" in late.note
    assert camera_clock(tmp_path, "other", 0, 1).note == "camera sends no clock"


def _sealed(
    root: Path, vault: Vault, clock: ManualClock, start_ns: int
) -> tuple[EvidenceItem, EvidenceItem]:
    wish = EvidenceWanted(
        id="want-1",
        incident="inc-1",
        camera=CAMERA,
        moment_ns=start_ns + 3 * NS_PER_S,
        first_ns=start_ns + 2 * NS_PER_S,
        last_ns=start_ns + 4 * NS_PER_S,
    )
    clip, shot = EvidenceCutter(root, vault, clock).handle(wish)
    return clip, shot


def test_evidence_states_the_cameras_clock(
    film: Path, record: Callable[..., Path], tmp_path: Path, clock: ManualClock
) -> None:
    root = record(film)
    start_ns = segments(root, CAMERA)[0].start_ns
    ClockLog(root, CAMERA).note(
        ClockReading(measured_ns=start_ns, offset_s=-120.5, uncertainty_s=0.25, source="onvif")
    )
    vault = Vault(tmp_path / "vault", clock)
    for item in _sealed(root, vault, clock, start_ns):
        assert (item.clock_offset_s, item.clock_uncertainty_s) == (-120.5, 0.25)
        assert "120.500 s behind ours" in item.clock_note
        assert item.clock_readings[0].source == "onvif"
    text = json.loads((vault.root / "inc-1" / "manifest.json").read_text())
    assert text["files"][0]["clock"]["offset_s"] == -120.5


def test_evidence_of_a_camera_without_a_clock_says_so(
    film: Path, record: Callable[..., Path], tmp_path: Path, clock: ManualClock
) -> None:
    root = record(film)
    vault = Vault(tmp_path / "vault", clock)
    _sealed(root, vault, clock, segments(root, CAMERA)[0].start_ns)
    for item in json.loads((vault.root / "inc-1" / "manifest.json").read_text())["files"]:
        assert item["clock"]["offset_s"] is None
        assert item["clock"]["note"] == "camera sends no clock"
