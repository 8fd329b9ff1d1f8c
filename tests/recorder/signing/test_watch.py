"""Segments are verified as they are closed, and stay authentic through every copy."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from core.clock import NS_PER_S, ManualClock, SystemClock
from core.messages import EvidenceWanted
from core.value import Text
from ingest.file import FileSource
from ingest.rtsp import RtspSource
from recorder.camera import CameraRecorder
from recorder.clips import cut
from recorder.evidence import EvidenceCutter
from recorder.recorder import Recorder
from recorder.shelf import segments
from recorder.signing.file import verify_file
from recorder.signing.log import SegmentVerdict, SignatureLog
from recorder.signing.recheck import Rechecked, recheck
from recorder.signing.watch import SignatureWatch
from recorder.vault import Vault
from tests.ingest.peers import GstCamera
from tests.recorder.signing.conftest import Film
from tests.recorder.signing.signer import (
    Signer,
    pictures_of,
    with_escaped_messages,
    write,
)
from tests.recorder.signing.test_sample import sample

__all__ = ["sample"]

Roots = tuple[x509.Certificate, ...]
DAY_NS = 86_400 * NS_PER_S


def record(
    root: Path, film: Path, roots: Roots, clock: ManualClock, segment_s: float
) -> SignatureWatch:
    """Record a film as if it came from a camera, and verify its segments."""
    watch = SignatureWatch(root, roots, clock)
    source = FileSource("gate", film, clock)
    recorder = CameraRecorder(
        root, source, clock, segment_s=segment_s, on_segment=watch.closed, sync=False
    )
    watch.start()
    recorder.run(threading.Event())
    assert watch.stop(30)
    return watch


def lines(root: Path, camera: str = "gate") -> list[SegmentVerdict]:
    recorded = segments(root, camera)
    first_ns = recorded[0].start_ns if recorded else 0
    return SignatureLog(root, camera).between(first_ns, first_ns + DAY_NS)


@pytest.mark.parametrize("every", [1, 3])
def test_every_segment_has_its_verdict(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, clock: ManualClock, every: int
) -> None:
    signed = replace(camera, every=every, late=3).sign(h264.pictures)
    film = write(tmp_path / "film.mp4", h264.path, signed)
    watch = record(tmp_path / "rec", film, roots, clock, segment_s=1)
    found = lines(tmp_path / "rec")
    assert [line.file for line in found] == [
        segment.path.name for segment in segments(tmp_path / "rec", "gate")
    ]
    assert len(found) == 6
    late = 1 if every == 1 else 3
    for number, line in enumerate(found):
        verdict = line.verdict
        covered = number < len(found) - late
        assert verdict.verified == (10 if covered else 0)
        assert verdict.state == ("authentic" if covered else "not_signed")
        assert verdict.provenance == "trusted"
        assert [group.first_s for group in verdict.groups] == [0.0]
    assert watch.signed("gate") is not None


def test_a_forged_segment_is_told(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, clock: ManualClock
) -> None:
    signed = camera.sign(h264.pictures)
    signed[25] = [*signed[25][:-1], signed[26][-1]]
    film = write(tmp_path / "film.mp4", h264.path, signed)
    record(tmp_path / "rec", film, roots, clock, segment_s=2)
    states = [line.verdict.state for line in lines(tmp_path / "rec")]
    assert states == ["authentic", "not_authentic", "authentic"]


def test_unsigned_cameras_leave_no_line(tmp_path: Path, h264: Film, clock: ManualClock) -> None:
    watch = record(tmp_path / "rec", h264.path, (), clock, segment_s=1)
    assert lines(tmp_path / "rec") == []
    assert watch.signed("gate") == "no"
    assert watch.signed("river") is None


def test_a_torn_segment_stops_nothing(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, clock: ManualClock
) -> None:
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(write(tmp_path / "a.mp4", h264.path, camera.sign(h264.pictures)).read_bytes()[
        :5000])  # fmt: skip
    watch = SignatureWatch(tmp_path / "rec", roots, clock)
    watch.start()
    for path in (torn, tmp_path / "missing.mp4", h264.path):
        watch.closed("gate", path, clock.utc_ns(), False)
    assert watch.stop(30)
    assert watch.signed("gate") == "no"


def test_copies_stay_authentic(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, clock: ManualClock
) -> None:
    """Segment, clip, evidence; and where certificates are sent once, they come along."""
    for once in (False, True):
        root = tmp_path / f"rec{once}"
        signed = replace(camera, once=once).sign(h264.pictures)
        film = write(tmp_path / "film.mp4", h264.path, signed)
        record(root, film, roots, clock, segment_s=2)
        start_ns = segments(root, "gate")[0].start_ns
        made = cut(root, "gate", start_ns + NS_PER_S, start_ns + 3 * NS_PER_S, tmp_path / "c.mp4")
        # One group more than was asked for holds the signature of the last one.
        assert made.frames == 30
        item = Vault(tmp_path / f"vault{once}", clock).seal(
            "i-1", "clip", made.path, camera="gate", first_ns=made.first_ns, last_ns=made.last_ns
        )
        sealed = tmp_path / f"vault{once}" / item.path
        checked = recheck(root, "gate", made.segments, sealed, made.first_ns, roots)
        assert (checked.state, checked.provenance) == ("authentic", "trusted")
        assert checked.now.verified == 20
        assert [one.verdict.state for one in checked.then] == ["authentic", "authentic"]
        assert bool(checked.now.certificates) is once


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not what():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.1)


@pytest.mark.assets
@pytest.mark.peer
def test_sample_through_rtsp(sample: Path, tmp_path: Path) -> None:
    """ONVIF's sample from a GStreamer server to the sealed clip."""
    pictures = with_escaped_messages(pictures_of(sample)[0])[:256]
    film = write(tmp_path / "film.mp4", sample, pictures, step_s=0.02)
    root, clock = tmp_path / "rec", SystemClock()
    watch = SignatureWatch(root, (), clock)
    watch.start()
    with GstCamera(gate={"file": str(film)}) as camera:
        recorder = Recorder(
            root,
            [RtspSource("gate", camera.url("gate"), clock)],
            clock,
            segment_s=1.5,
            on_segment=watch.closed,
            sync=False,
        )
        recorder.start()
        until(lambda: len(lines(root)) >= 1)
        assert recorder.stop()
    assert watch.stop(60)
    found = [line.verdict for line in lines(root)]
    assert found[0].state == "authentic"
    assert found[0].verified == found[0].pictures > 60
    first = segments(root, "gate")[0]
    alone = verify_file(first.path, (), first.start_ns)
    assert (alone.state, alone.verified) == ("authentic", found[0].verified - 62)
    made = cut(root, "gate", first.start_ns, first.start_ns + NS_PER_S, tmp_path / "clip.mp4")
    item = Vault(tmp_path / "vault", clock).seal(
        "i-1", "clip", made.path, camera="gate", first_ns=made.first_ns, last_ns=made.last_ns
    )
    verdict = verify_file(tmp_path / "vault" / item.path, (), made.first_ns)
    assert (verdict.state, verdict.verified) == ("authentic", 62)


def test_evidence_carries_both_verdicts(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, clock: ManualClock
) -> None:
    """What the camera signed is sealed beside the clip: as it was recorded, and as it is there."""
    root = tmp_path / "rec"
    film = write(tmp_path / "film.mp4", h264.path, camera.sign(h264.pictures))
    record(root, film, roots, clock, segment_s=2)
    start_ns = segments(root, "gate")[0].start_ns
    vault = Vault(tmp_path / "vault", clock)
    wish = EvidenceWanted(
        id="want-1", incident="i-1", camera="gate", role="clip", box=None,
        first_ns=start_ns + NS_PER_S, last_ns=start_ns + 3 * NS_PER_S,
        moment_ns=start_ns + 2 * NS_PER_S, caption=Text(zh="测试", en="test"),
    )  # fmt: skip
    clip, _, told = EvidenceCutter(root, vault, clock, roots=roots).handle(wish)
    assert (told.role, told.mime, told.parent_sha256) == (
        "signature", "application/json", clip.sha256,
    )  # fmt: skip
    found = Rechecked.model_validate_json((vault.root / told.path).read_bytes())
    assert (found.state, found.provenance) == ("authentic", "trusted")
    assert [one.verdict.state for one in found.then] == ["authentic", "authentic"]
