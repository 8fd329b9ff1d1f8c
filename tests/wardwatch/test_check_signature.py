"""``wardwatch evidence check-signature``: what it prints, and when it fails."""

import json
from dataclasses import replace
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from core.clock import ManualClock
from recorder.clips import cut
from recorder.shelf import segments
from tests.recorder.conftest import clock
from tests.recorder.signing.conftest import Film, authority, camera, h264, roots
from tests.recorder.signing.signer import Authority, Signer, pem, write
from tests.recorder.signing.test_watch import record
from wardwatch.cli.evidence import app

__all__ = ["authority", "camera", "clock", "h264", "roots"]


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["check-signature", *map(str, arguments)])


def test_clip_of_a_camera_that_signs(
    tmp_path: Path, camera: Signer, authority: Authority, h264: Film, clock: ManualClock
) -> None:
    film = write(tmp_path / "film.mp4", h264.path, camera.sign(h264.pictures))
    record(tmp_path / "rec", film, (), clock, segment_s=2)
    start_ns = segments(tmp_path / "rec", "gate")[0].start_ns
    clip = cut(tmp_path / "rec", "gate", start_ns, start_ns + 3 * 10**9, tmp_path / "clip.mp4")
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "maker.pem").write_bytes(pem(authority.certificate))

    # The clip itself says when it was recorded, which is when the certificate was valid.
    done = check(clip.path, "--roots", folder, "--json")
    assert done.exit_code == 0, done.output
    verdict = json.loads(done.stdout)
    assert (verdict["state"], verdict["provenance"]) == ("authentic", "trusted")
    assert verdict["judged_ns"] == start_ns

    late = ("--roots", folder, "--at", "2030-01-01T00:00:00Z")
    done = check(clip.path, *late)
    assert "证书不可信" in str(done.exception)
    assert "was not valid at" in done.stdout


def test_forged_and_unsigned(tmp_path: Path, camera: Signer, h264: Film) -> None:
    other = replace(camera, first_counter=50).sign(h264.pictures)
    forged = write(tmp_path / "forged.mp4", h264.path, camera.sign(h264.pictures)[:30] + other[20:])
    assert "不真实；" in str(check(forged).exception)
    assert "not signed" in str(check(h264.path).exception)
    assert "--at" in str(check(forged, "--at", "yesterday").exception)
    nothing = tmp_path / "nothing.mp4"
    assert "cannot be read" in str(check(nothing).exception)
