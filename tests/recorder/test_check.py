"""Everything that can be wrong on the disk is found, mended once, and no recording is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import NS_PER_S, ManualClock
from recorder.check import BROKEN, Check, Finding
from recorder.ledger import GapLedger, read_gaps
from recorder.removal import BOOK
from recorder.seal.deletion import Deleted, Deletions, Why
from recorder.shelf import Segment, segments
from tests.recorder.conftest import CAMERA


@pytest.fixture
def root(film: Path, record: Callable[..., Path]) -> Path:
    """Four files, without a flaw."""
    made = record(film)
    assert Check(made).run().findings == ()
    return made


def mended(root: Path) -> Finding:
    """Found, left alone, mended, and not found again."""
    (finding,) = Check(root).run().findings
    assert not finding.mended
    report = Check(root, repair=True).run()
    assert report.ok
    assert [one.kind for one in report.findings] == [finding.kind]
    assert Check(root, repair=True).run().findings == ()
    return finding


def test_torn_end_is_cut_off(root: Path) -> None:
    last = segments(root, CAMERA)[-1]
    whole = last.path.read_bytes()
    last.path.write_bytes(whole + whole[last.scan().fragments[0].offset :][:500])
    assert mended(root).kind == "torn"
    assert last.path.read_bytes() == whole


def test_lost_blocks_in_the_last_fragment_are_cut_off(root: Path) -> None:
    last = segments(root, CAMERA)[-1]
    fragment = last.scan().fragments[-1]
    with last.path.open("r+b") as file:
        file.seek(fragment.end - 3000)
        file.write(bytes(1000))
    if len(last.scan().fragments) > 1:
        assert mended(root).kind == "torn"
        assert last.path.stat().st_size == fragment.offset
    else:
        assert "torn" in {one.kind for one in Check(root, repair=True).run().findings}


def test_file_without_a_picture_is_set_apart(root: Path) -> None:
    last = segments(root, CAMERA)[-1]
    last.path.write_bytes(last.path.read_bytes()[:100])
    assert mended(root).kind == "headless"
    assert (root / CAMERA / BROKEN / last.path.name).stat().st_size == 100


def test_damage_in_the_middle_is_told_and_left_alone(root: Path) -> None:
    first = segments(root, CAMERA)[0]
    data = bytearray(first.path.read_bytes())
    at = first.scan().fragments[1].offset
    data[at + 4 : at + 8] = bytes(4)
    first.path.write_bytes(data)
    report = Check(root, repair=True).run()
    assert not report.ok
    assert "damaged" in {one.kind for one in report.findings}
    assert first.path.read_bytes() == data


def test_file_in_the_wrong_folder_is_moved(root: Path) -> None:
    last = segments(root, CAMERA)[-1]
    other = last.path.parents[1] / "2020-01-01"
    other.mkdir()
    last.path.rename(other / last.path.name)
    assert mended(root).kind == "misplaced"
    assert last.path.is_file()


def test_leftovers_go_and_strangers_stay(root: Path) -> None:
    left, stranger = root / CAMERA / "gaps.jsonl.new", root / CAMERA / "holiday.jpg"
    left.write_text("x")
    stranger.write_text("y")
    for name in ("activity-2026-09-21.bin", "signatures-2026-09-21.jsonl"):
        (root / CAMERA / name).write_text("ours")
    report = Check(root, repair=True).run()
    assert report.ok
    assert {one.kind: one.mended for one in report.findings} == {
        "temporary": True,
        "unknown": False,
    }
    assert len(report.findings) == 2
    assert not left.exists()
    assert stranger.exists()


def _remove_second(root: Path) -> Segment:
    second = segments(root, CAMERA)[1]
    second.path.unlink()
    return second


def test_file_that_vanished_is_a_hole_with_a_reason_afterwards(root: Path) -> None:
    second = _remove_second(root)
    assert mended(root).kind == "hole"
    (gap,) = [one for one in read_gaps(root, CAMERA) if one.reason == "unexplained"]
    assert abs(gap.first_ns - second.start_ns) < NS_PER_S // 100


def test_file_that_retention_deleted_is_no_hole(root: Path, clock: ManualClock) -> None:
    second = _remove_second(root)
    gone = Deleted(
        "x", 1, camera=CAMERA, first_ns=second.start_ns, last_ns=second.start_ns + 3 * NS_PER_S
    )
    book = Deletions(root / BOOK, None, clock)
    book.record([gone], Why("retention", "age"), may_wait=True)
    assert Check(root).run().findings == ()


@pytest.mark.parametrize("closed", [True, False])
def test_gap_that_was_recorded_after_all_is_corrected(root: Path, closed: bool) -> None:
    second = _remove_second(root)
    GapLedger(root, CAMERA).end(segments(root, CAMERA)[-1].start_ns)  # the one at the end
    shutil.rmtree(root / CAMERA / BROKEN, ignore_errors=True)
    (root / CAMERA / "gaps.jsonl").unlink()
    ledger = GapLedger(root, CAMERA)
    ledger.begin(second.start_ns, "stalled")
    if closed:
        ledger.end(second.start_ns + 5 * NS_PER_S)
    assert mended(root).kind == "false_gap"
    gap = read_gaps(root, CAMERA)[0]
    assert gap.reason == "stalled"
    assert gap.last_ns is not None
    assert abs(gap.last_ns - segments(root, CAMERA)[1].start_ns) < NS_PER_S // 100


def test_torn_line_of_the_ledger_is_dropped(root: Path) -> None:
    path = root / CAMERA / "gaps.jsonl"
    before = read_gaps(root, CAMERA)
    path.write_bytes(path.read_bytes() + b'{"first_ns": 3')
    assert mended(root).kind == "ledger"
    assert read_gaps(root, CAMERA) == before


def test_file_that_grows_is_left_alone_while_recording(root: Path) -> None:
    last = segments(root, CAMERA)[-1]
    last.path.write_bytes(last.path.read_bytes()[:-10])
    assert Check(root, running=True).run().findings == ()
    assert not Check(root).run().ok
