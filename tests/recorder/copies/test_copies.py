"""Working and masked copies: what they show, what they hide, and what proves their parent."""

import json
import subprocess
import threading
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest

from core.copies import CopyWanted, ManualMask, Masking
from core.value import Text
from recorder.copies.band import clocks
from recorder.copies.compare import compare
from recorder.copies.film import CancelledError
from recorder.copies.maker import CopyMaker
from recorder.copies.masks import Finder
from recorder.errors import RecorderError, VaultError
from recorder.vault import Vault, sha256_of
from tests.recorder.copies.conftest import (
    FIRST_NS,
    INCIDENT,
    SIZE,
    finder,
    quicktime_with_pcm,
    read,
    sealed,
    walker,
)

ZONE = ZoneInfo("Asia/Shanghai")
NAME = Text(zh="清河桥", en="Qinghe bridge")


def wanted(masking: Masking | None = None, **more: object) -> CopyWanted:
    fields = {
        "id": "cpy-1", "incident": INCIDENT, "item": "want-1-clip", "masking": masking,
        "sound": masking is None, "by": "chief", "reason": "办案",
    }  # fmt: skip
    return CopyWanted.model_validate({**fields, **more})


def maker(vault: Vault, found: Finder | None = None) -> CopyMaker:
    return CopyMaker(vault, ZONE, (lambda: found) if found is not None else None)


def test_working_copy_shows_the_clock_and_hides_nothing(
    vault: Vault, clip: Path, tmp_path: Path
) -> None:
    parent = sealed(vault, clip, tmp_path)
    before = vault.path_of(parent).read_bytes()
    copy, side = maker(vault).make(wanted(), NAME, unit="望守镇")
    assert (copy.role, side.role) == ("working", "derivation")
    assert copy.parent_sha256 == side.parent_sha256 == parent.sha256
    assert vault.path_of(parent).read_bytes() == before

    source, made = read(vault.path_of(parent)), read(vault.path_of(copy))
    assert [at for at, _ in made] == pytest.approx([at for at, _ in source], abs=0.001)
    assert made[0][1].shape[0] > SIZE[1]
    for (_, whole), (_, shown) in zip(source, made, strict=True):
        assert np.abs(whole.astype(int) - shown[: SIZE[1]]).mean() < 4
    bands = [shown[SIZE[1] :] for _, shown in made]
    assert all(band.max() > 150 for band in bands)
    assert all((a != b).any() for a, b in pairwise(bands))

    told = json.loads(vault.path_of(side).read_bytes())
    assert told["kind"] == "working"
    assert told["parent"]["sha256"] == parent.sha256
    assert told["output"]["sha256"] == copy.sha256
    assert told["output"]["sound"]
    assert told["time_base"] == [1, 16000]
    assert told["frames"][1] == [1, 1920, "2026-09-21T14:13:20.243000000Z"]
    found = compare(vault.path_of(parent), vault.path_of(copy), vault.path_of(side))
    assert found.problems == ()
    assert found.frames == len(source)
    assert found.worst_db > 30
    assert vault.verify(INCIDENT).verdict == "not_signed"  # a vault without keys
    events = vault.register(INCIDENT)
    assert [(one.action, one.actor, one.unit) for one in events][-1] == (
        "copied",
        "chief",
        "望守镇",
    )
    assert maker(vault).make(wanted(), NAME) == [copy, side]


def test_clock_in_both_times() -> None:
    assert clocks(FIRST_NS, ZONE) == (
        "2026-09-21 22:13:20.123 +0800",
        "UTC 2026-09-21 14:13:20.123",
    )


def test_sound_is_kept_or_dropped(vault: Vault, clip: Path, tmp_path: Path) -> None:
    sealed(vault, clip, tmp_path)
    kept, _ = maker(vault).make(wanted(), NAME)
    with av.open(str(vault.path_of(kept))) as film:
        heard = sum(frame.samples for frame in film.decode(audio=0))
        assert abs(heard / 16_000 - 4) < 0.3
    manual = Masking(people="none", vehicles="none")
    dropped, side = maker(vault).make(wanted(manual, id="cpy-2"), NAME)
    with av.open(str(vault.path_of(dropped))) as film:
        assert not film.streams.audio
    assert not json.loads(vault.path_of(side).read_bytes())["output"]["sound"]


def test_sound_that_no_mp4_holds_is_made_playable(vault: Vault, tmp_path: Path) -> None:
    parent = sealed(vault, quicktime_with_pcm(tmp_path / "pcm.mov"), tmp_path)
    copy, side = maker(vault).make(wanted(), NAME)
    with av.open(str(vault.path_of(copy))) as film:
        assert film.streams.audio[0].codec_context.name == "aac"
    assert not compare(
        vault.path_of(parent), vault.path_of(copy), vault.path_of(side)
    ).problems  # fmt: skip


def test_masked_copy_hides_the_walker_in_every_picture(
    vault: Vault, clip: Path, tmp_path: Path
) -> None:
    parent = sealed(vault, clip, tmp_path)
    # Looks 5 to 8 see nothing: three quarters of a second in the middle of the walk.
    copy, side = maker(vault, finder(range(5, 9))).make(wanted(Masking()), NAME)
    assert copy.role == "redacted"
    likenesses = []
    for (at_s, whole), (_, shown) in zip(
        read(vault.path_of(parent)), read(vault.path_of(copy)), strict=True
    ):
        box = walker(at_s)
        rows = slice(round(box.y * SIZE[1]), round((box.y + box.h) * SIZE[1]))
        columns = slice(round(box.x * SIZE[0]), round((box.x + box.w) * SIZE[0]))
        likenesses.append(abs(_likeness(whole[rows, columns], shown[rows, columns])))
        # Its stripes are 4 pixels: nothing of them may be left, in no picture.
        assert _detail(shown[rows, columns]) < 0.1 * _detail(whole[rows, columns])
    # What is left are the means of blocks, a third of the walker's width or more.
    assert max(likenesses) < 0.4
    assert float(np.mean(likenesses)) < 0.2
    told = json.loads(vault.path_of(side).read_bytes())
    assert told["model"] == {
        "name": "stripes",
        "sha256": "ab" * 32,
        "min_score": 0.2,
        "look_every_s": 0.19,
    }
    assert len(told["found"]) == 1
    assert [one["why"] for one in told["review"]] == ["not seen for a while"]
    assert len(told["masked"]) == told["output"]["frames"]
    found = compare(vault.path_of(parent), vault.path_of(copy), vault.path_of(side))
    assert found.problems == ()
    assert found.worst_masked_db > 30


def test_masked_by_hand(vault: Vault, clip: Path, tmp_path: Path) -> None:
    parent = sealed(vault, clip, tmp_path)
    corner = ManualMask(from_s=1, to_s=2, box=(0.6, 0.05, 0.3, 0.2))
    masking = Masking(people="none", vehicles="none", style="fill", manual=(corner,))
    copy, side = maker(vault).make(wanted(masking), NAME)
    inner = (slice(16, 56), slice(200, 280))
    for (at_s, whole), (_, shown) in zip(
        read(vault.path_of(parent)), read(vault.path_of(copy)), strict=True
    ):
        if 1 <= at_s < 2:
            assert shown[inner].std() < 2  # one grey: nothing is left
        else:
            assert np.abs(whole[inner].astype(int) - shown[inner]).mean() < 4
    assert json.loads(vault.path_of(side).read_bytes())["model"] is None
    assert not compare(
        vault.path_of(parent), vault.path_of(copy), vault.path_of(side)
    ).problems  # fmt: skip


def test_a_copy_of_something_else_is_found_out(vault: Vault, clip: Path, tmp_path: Path) -> None:
    parent = sealed(vault, clip, tmp_path)
    copy, side = maker(vault).make(wanted(), NAME)
    whole, made = vault.path_of(parent), vault.path_of(copy)
    told = json.loads(vault.path_of(side).read_bytes())

    def compared(film: Path, **changed: object) -> str:
        forged = tmp_path / "derivation.json"
        forged.write_text(json.dumps({**told, **changed}), encoding="utf-8")
        return "; ".join(compare(whole, film, forged).problems)

    def output(film: Path) -> dict[str, object]:
        return {**told["output"], "sha256": sha256_of(film)}

    # A copy in which a second is cut out, or shown again, with everything else made to fit.
    short, other = tmp_path / "short.mp4", tmp_path / "other.mp4"
    _ffmpeg(made, short, "-vf", "select='not(between(t,1,2))',setpts=N/10/TB")
    assert "is not shown at the parent's time" in compared(short, output=output(short))
    _ffmpeg(made, other, "-vf", "drawbox=x=100:y=60:w=80:h=90:color=black:t=fill", "-copyts")
    assert "is another picture" in compared(other, output=output(other))
    assert "not the one described" in compared(other)
    assert compared(made, parent={**told["parent"], "sha256": "0" * 64}).startswith("the parent")
    (tmp_path / "derivation.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RecorderError, match="is no wardwatch"):
        compare(whole, made, tmp_path / "derivation.json")


def test_what_cannot_be_copied_is_said(vault: Vault, clip: Path, tmp_path: Path) -> None:
    parent = sealed(vault, clip, tmp_path)
    with pytest.raises(RecorderError, match="no model to find people"):
        maker(vault).make(wanted(Masking()), NAME)
    with pytest.raises(VaultError, match="no sealed clip"):
        maker(vault).make(wanted(item="want-9-clip"), NAME)
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        maker(vault).make(wanted(), NAME, stop=stop)
    path = vault.path_of(parent)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(VaultError, match="not what was sealed"):
        maker(vault).make(wanted(), NAME)
    assert [one.role for one in vault.manifest(INCIDENT).items] == ["clip"]
    assert not list(vault.root.glob(".copying-*"))


def _detail(part: np.ndarray) -> float:
    """Energy of what is finer than 3 pixels."""
    values = part.astype(float)
    return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the steps between neighbouring pixels, -1..1."""
    steps = [np.diff(each.astype(float), axis=1).ravel() for each in (one, other)]
    if min(each.std() for each in steps) < 1e-9:
        return 0.0
    return float(np.corrcoef(*steps)[0, 1])


def _ffmpeg(source: Path, out: Path, *options: str) -> None:
    subprocess.run(
        ["ffmpeg", "-y", "-loglevel", "error", "-i", source, *options, "-an", "-crf", "18",
         "-fps_mode", "passthrough", out],
        check=True,
    )  # fmt: skip
