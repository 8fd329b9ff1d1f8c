"""Knowing millions of files without looking at each of them again and again."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from recorder.inventory import Inventory
from recorder.keeping import Keeping
from recorder.shelf import segment_path, segments
from recorder.stock import Stock, has_no_hole
from recorder.volumes import Volumes

START_NS = ManualClock().utc_ns()
DAY_NS = 86_400 * NS_PER_S


def put(root: Path, camera: str, start_ns: int, size: int = 10) -> Path:
    path = segment_path(root, camera, start_ns)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def stock(root: Path, inventory: Inventory | None = None) -> Stock:
    volumes = Volumes(root, ManualClock(), sync=False)
    days = (inventory or Inventory(root)).days()
    return Stock(days, volumes.all, Keeping(30, 10**12), ())


def test_days_that_did_not_change_are_not_listed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        put(tmp_path, "a", START_NS + n * 10 * NS_PER_S)
        put(tmp_path, "a", START_NS + 3 * DAY_NS + n * 10 * NS_PER_S)
    inventory = Inventory(tmp_path)
    assert sum(day.octets for day in inventory.days()) == 400
    listed: list[Path] = []
    real = Path.iterdir

    def iterdir(path: Path):  # type: ignore[no-untyped-def]
        listed.append(path)
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    inventory.days()
    assert not [path for path in listed if path.parent.name == "a"]
    put(tmp_path, "a", START_NS + 3 * DAY_NS + 900 * NS_PER_S, size=70)
    assert sum(day.octets for day in inventory.days()) == 470
    assert len({path for path in listed if path.parent.name == "a"}) == 1


def test_what_grows_and_what_goes_is_noticed(tmp_path: Path) -> None:
    first = put(tmp_path, "a", START_NS)
    last = put(tmp_path, "a", START_NS + 10 * NS_PER_S)
    inventory = Inventory(tmp_path)
    inventory.days()
    with last.open("ab") as file:
        file.write(bytes(90))
    assert inventory.days()[0].octets == 110
    first.unlink()
    os.utime(first.parent, ns=(1, 1))  # however coarse the folder's time is
    assert [list(day.starts) for day in inventory.days()] == [[START_NS + 10 * NS_PER_S]]
    last.unlink()
    last.parent.rmdir()
    assert inventory.days() == []


@settings(max_examples=40, deadline=None)
@given(
    files=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 400_000)), min_size=1, max_size=30,
        unique=True,
    )
)  # fmt: skip
def test_items_are_as_if_all_were_listed(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, int]]
) -> None:
    root = tmp_path_factory.mktemp("stock")
    for camera, second in files:
        put(root, camera, START_NS + second * NS_PER_S, size=second % 7)
    found = list(stock(root).items())
    assert [i.segment.start_ns for i in found] == sorted(i.segment.start_ns for i in found)
    assert sum(i.size for i in found) == sum(second % 7 for _, second in files)
    for camera in "ab":
        every = segments(root, camera)
        own = [i for i in found if i.segment.camera == camera]
        assert [i.segment for i in own] == every
        assert [i.newest for i in own] == [False] * (len(every) - 1) + [True] * bool(every)
        for item, after in zip(own, every[1:], strict=False):
            ten_minutes_ns = item.segment.start_ns + 600 * NS_PER_S
            assert item.end_ns == min(after.start_ns, ten_minutes_ns)
    assert stock(root).since(START_NS, START_NS + 1000 * NS_PER_S)[1] == sum(
        second % 7 for _, second in files if second <= 1000
    )


def test_a_day_without_recordings_is_a_hole(tmp_path: Path) -> None:
    now_ns = START_NS + 3 * DAY_NS
    for hours in (0, 20, 40, 60):
        put(tmp_path, "a", START_NS + hours * 3600 * NS_PER_S)
    assert has_no_hole(stock(tmp_path), now_ns, DAY_NS)
    assert not has_no_hole(stock(tmp_path), now_ns + 2 * DAY_NS, DAY_NS)
    assert not has_no_hole(stock(tmp_path), START_NS + NS_PER_S, DAY_NS), "just begun"
