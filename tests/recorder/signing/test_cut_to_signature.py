"""A clip reaches to the group that carries the camera's signature of its last pictures."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from core.clock import NS_PER_S, ManualClock
from core.messages import EvidenceWanted
from recorder.evidence import MOST_AFTER, EvidenceCutter
from recorder.shelf import Segment, segments
from recorder.signing.file import verify_file
from recorder.signing.verdict import Verdict
from recorder.vault import Vault
from tests.recorder.signing.conftest import Film
from tests.recorder.signing.signer import Signer, write
from tests.recorder.signing.test_sample import sample
from tests.recorder.signing.test_watch import record

__all__ = ["sample"]

Roots = tuple[x509.Certificate, ...]


class Growing(ManualClock):
    """While somebody waits, one segment after the other is recorded."""

    def __init__(self, aside: Path, hidden: list[Segment]) -> None:
        super().__init__()
        self._aside = aside
        self._hidden = [one.path for one in hidden]
        for path in self._hidden:
            path.rename(aside / path.name)
        self.waits = 0

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.waits += 1
        if self._hidden:
            path = self._hidden.pop(0)
            (self._aside / path.name).rename(path)
        return super().wait(stop, seconds)


def sealed(
    tmp_path: Path, root: Path, first_ns: int, last_ns: int, clock: ManualClock, roots: Roots = ()
) -> tuple[Verdict, str, int]:
    """The verdict on what is sealed, its note, and how many seconds it is longer than asked."""
    wanted = EvidenceWanted(
        id="want-1", incident="inc-1", camera="gate", moment_ns=first_ns, first_ns=first_ns,
        last_ns=last_ns,
    )  # fmt: skip
    vault = Vault(tmp_path / "vault", clock)
    clip = EvidenceCutter(root, vault, clock, roots=roots).handle(wanted)[0]
    assert (clip.requested_first_ns, clip.requested_last_ns) == (first_ns, last_ns)
    verdict = verify_file(vault.path_of(clip), roots, clip.first_ns)
    return verdict, clip.note, (clip.last_ns - last_ns) // NS_PER_S


def recorded(tmp_path: Path, film: Path, roots: Roots = ()) -> tuple[Path, list[Segment]]:
    root = tmp_path / "rec"
    record(root, film, roots, ManualClock(), segment_s=0.5)  # a file for every group
    (tmp_path / "aside").mkdir()
    return root, segments(root, "gate")


@pytest.mark.assets
def test_the_group_after_the_range_is_waited_for(sample: Path, tmp_path: Path) -> None:
    root, found = recorded(tmp_path, sample)
    assert len(found) == 5
    clock = Growing(tmp_path / "aside", found[3:])
    verdict, note, _ = sealed(tmp_path, root, found[1].start_ns, found[3].start_ns, clock)
    assert clock.waits == 1
    assert [group.state for group in verdict.groups] == ["authentic", "authentic", "unverified"]
    assert verdict.verified == 2 * 62
    assert note == ""


@pytest.mark.assets
def test_a_camera_that_stops_is_not_waited_for_for_ever(sample: Path, tmp_path: Path) -> None:
    root, found = recorded(tmp_path, sample)
    for one in found[3:]:
        one.path.unlink()
    clock = ManualClock()
    before_ns = clock.monotonic_ns()
    verdict, note, longer_s = sealed(
        tmp_path, root, found[1].start_ns, found[3].start_ns - NS_PER_S // 2, clock
    )
    assert 30 <= (clock.monotonic_ns() - before_ns) / NS_PER_S <= 60
    assert [group.state for group in verdict.groups] == ["authentic", "unverified"]
    assert "own signature does not cover all of it" in note
    assert longer_s == 0


@pytest.mark.parametrize("growing", [False, True])
def test_one_signature_for_several_groups(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, growing: bool
) -> None:
    signed = replace(camera, every=3).sign(h264.pictures)
    film = write(tmp_path / "film.mp4", h264.path, signed)
    root, found = recorded(tmp_path, film, roots)
    assert len(found) == 6
    clock = Growing(tmp_path / "aside", found[2:] if growing else [])
    verdict, note, longer_s = sealed(
        tmp_path, root, found[0].start_ns, found[1].start_ns, clock, roots
    )
    assert note == ""
    assert verdict.state == "authentic"
    assert verdict.groups[0].state == "authentic"
    assert 2 <= longer_s < MOST_AFTER


def test_what_is_not_signed_is_not_made_longer(tmp_path: Path, h264: Film) -> None:
    root, found = recorded(tmp_path, h264.path)
    clock = Growing(tmp_path / "aside", [])
    _, note, longer_s = sealed(tmp_path, root, found[0].start_ns, found[2].start_ns, clock)
    assert (clock.waits, note, longer_s) == (0, "", 0)


def test_a_hole_after_the_range_ends_the_waiting(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots
) -> None:
    film = write(tmp_path / "film.mp4", h264.path, camera.sign(h264.pictures))
    root, found = recorded(tmp_path, film, roots)
    found[2].path.unlink()
    verdict, note, longer_s = sealed(
        tmp_path, root, found[0].start_ns, found[2].start_ns, ManualClock(), roots
    )
    assert verdict.groups[-1].state == "unverified"
    assert "does not cover" in note
    assert longer_s == 0
