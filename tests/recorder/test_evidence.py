"""From a wish for evidence to sealed files."""

import threading
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

import recorder.snapshot as snapshot_module
from core.clock import NS_PER_S, ManualClock
from core.geometry import Box, Polygon
from core.messages import EvidenceWanted
from core.value import Text
from recorder.errors import NothingRecordedError, RecorderError
from recorder.evidence import EvidenceCutter
from recorder.locks import Locks
from recorder.shelf import segments
from recorder.snapshot import snapshot
from recorder.vault import Vault
from tests.recorder.conftest import CAMERA, make_mp4

ZONE = Polygon(points=((0.1, 0.1), (0.9, 0.1), (0.9, 0.6)))
PLACE = Text(zh="清河桥", en="Qinghe bridge")


def wanted(first_ns: int, last_ns: int, moment_ns: int, **more: object) -> EvidenceWanted:
    return EvidenceWanted(
        id="want-1",
        incident="inc-1",
        camera=CAMERA,
        moment_ns=moment_ns,
        first_ns=first_ns,
        last_ns=last_ns,
        box=Box(0.2, 0.2, 0.3, 0.4),
        caption=Text(zh="禁渔期垂钓 62 秒", en="Fishing, 62 s"),
        **more,
    )


def test_clip_and_snapshot_are_sealed_once(
    film: Path, record: Callable[..., Path], tmp_path: Path, clock: ManualClock
) -> None:
    root = record(film)
    start_ns = segments(root, CAMERA)[0].start_ns
    vault = Vault(tmp_path / "vault", clock)
    cutter = EvidenceCutter(
        root, vault, clock, timezone=ZoneInfo("Asia/Shanghai"), locks=Locks(root)
    )
    began_ns = start_ns - 60 * NS_PER_S
    wish = wanted(
        start_ns + 1_500_000_000,
        start_ns + 4_500_000_000,
        start_ns + 3_040_000_000,
        lock_first_ns=began_ns,
    )
    clip, shot = cutter.handle(wish, ZONE, camera_name=PLACE)
    assert (clip.role, shot.role) == ("clip", "snapshot")
    assert (clip.first_ns, clip.last_ns) == (start_ns + NS_PER_S, start_ns + 5 * NS_PER_S)
    assert (clip.requested_first_ns, clip.requested_last_ns) == (wish.first_ns, wish.last_ns)
    assert clip.note == ""
    assert shot.parent_sha256 == clip.sha256
    assert abs(shot.first_ns - wish.moment_ns) <= 50_000_000
    assert [v.state for v in vault.verify("inc-1").files] == ["ok", "ok"]
    assert cutter.handle(wish) == [clip, shot]
    (lock,) = Locks(root).all()
    assert (lock.owner, lock.first_ns, lock.last_ns) == ("inc-1", began_ns, wish.last_ns)
    assert not list(vault.root.glob(".cutting-*"))


def test_recording_that_stopped_is_sealed_with_a_note(
    film: Path, record: Callable[..., Path], tmp_path: Path, clock: ManualClock
) -> None:
    root = record(film)
    start_ns = segments(root, CAMERA)[0].start_ns
    cutter = EvidenceCutter(root, Vault(tmp_path / "vault", clock), clock, timeout_s=20)
    before_ns = clock.monotonic_ns()
    wish = wanted(start_ns + 8 * NS_PER_S, start_ns + 15 * NS_PER_S, start_ns + 9 * NS_PER_S)
    clip, _ = cutter.handle(wish)
    waited_s = (clock.monotonic_ns() - before_ns) / NS_PER_S
    assert 20 <= waited_s <= 26
    assert "did not reach the end" in clip.note
    assert "(ended)" in clip.note
    with pytest.raises(NothingRecordedError):
        cutter.handle(
            wanted(start_ns + 90 * NS_PER_S, start_ns + 99 * NS_PER_S, start_ns).model_copy(
                update={"id": "want-2"}
            ),
            stop=_already_stopped(),
        )


def _already_stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mp4(tmp_path_factory.mktemp("large") / "large.mp4", seconds=2, size=(640, 360))


def shoot(large: Path, out: Path, **more: object) -> tuple[object, np.ndarray]:
    shot = snapshot(
        large,
        1_000 * NS_PER_S,
        1_001 * NS_PER_S,
        out,
        caption=Text(zh="禁渔期垂钓，停留六十二秒，位移很小", en="Fishing in the closed season"),
        place=PLACE,
        **more,
    )
    return shot, np.asarray(Image.open(out).convert("RGB")).astype(int)


def test_zone_box_and_caption_are_drawn(large: Path, tmp_path: Path) -> None:
    plain, without = shoot(large, tmp_path / "a.jpg")
    assert plain.frame_ns == 1_001 * NS_PER_S
    _, drawn = shoot(large, tmp_path / "b.jpg", zone=ZONE, box=Box(0.2, 0.2, 0.3, 0.4))
    changed = np.abs(drawn - without).sum(axis=2) > 120
    assert changed[36, 80:560].mean() > 0.8  # upper edge of the zone
    assert changed[80:210, 128].mean() > 0.6  # left edge of the box
    assert not changed[300:].any()
    band = without[-30:]
    assert (band.min(axis=2) > 200).sum() > 100  # white words
    assert band.mean() < without[:200].mean() * 0.8


def test_chinese_needs_a_font_and_falls_back_to_english(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shot, with_font = shoot(large, tmp_path / "a.jpg")
    if not shot.chinese:
        pytest.skip("no font with Chinese on this system")
    monkeypatch.setattr(snapshot_module, "chinese_font", lambda: None)
    shot, without_font = shoot(large, tmp_path / "b.jpg")
    assert not shot.chinese
    assert (np.abs(with_font - without_font).sum(axis=2) > 120).any()


def test_snapshot_of_nothing_is_a_clear_error(tmp_path: Path) -> None:
    broken = tmp_path / "x.mp4"
    broken.write_bytes(b"nothing")
    with pytest.raises(RecorderError, match=r"x\.mp4: no picture"):
        snapshot(broken, 0, 0, tmp_path / "o.jpg", caption=PLACE, place=PLACE)
