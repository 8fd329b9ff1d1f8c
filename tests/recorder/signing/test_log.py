"""Verdicts are kept as long as the recordings they are of, wherever these lie."""

from pathlib import Path

from core.clock import NS_PER_S, ManualClock
from recorder.shelf import day_of, segment_path
from recorder.signing.log import SegmentVerdict, SignatureLog
from recorder.signing.verdict import NOT_SIGNED
from recorder.volume import Mark, remember

DAY_NS = 86_400 * NS_PER_S


def test_days_on_other_volumes_are_not_forgotten(tmp_path: Path, clock: ManualClock) -> None:
    root, disk = tmp_path / "recordings", tmp_path / "disk"
    remember(root, (Mark(id="vol-1", path=str(disk)),))
    (root / "a").mkdir(parents=True)
    now_ns = clock.utc_ns()
    kept, gone = now_ns - 2 * DAY_NS, now_ns - 3 * DAY_NS
    segment_path(disk, "a", kept).parent.mkdir(parents=True)
    verdicts = SignatureLog(root, "a")
    for start_ns in (gone, kept, now_ns):
        name = segment_path(disk, "a", start_ns).name
        verdicts.note(
            SegmentVerdict(
                file=name, start_ns=start_ns, checked_ns=start_ns, verdict=NOT_SIGNED
            )
        )  # fmt: skip
    assert [path.name for path in sorted((root / "a").iterdir())] == [
        f"signatures-{day_of(start_ns)}.jsonl" for start_ns in (kept, now_ns)
    ]
