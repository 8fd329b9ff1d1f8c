"""The watch folder: real films, real telemetry, files that are still growing, crashes."""

import hashlib
import json
import os
import shutil
import stat
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest

from core.clock import NS_PER_S, ManualClock, parse_iso
from ingest.errors import IngestError
from ingest.inbox import Inbox, Result
from ingest.inbox_clock import Reading, chosen, from_name
from ingest.telemetry.klv import KEY, checksum
from tests.ingest.push_peers import make_ts

NOW_NS = parse_iso("2026-05-02T00:00:00Z")
MTIME_S = parse_iso("2026-05-01T02:00:00Z") // NS_PER_S
SRT = """1
00:00:00,000 --> 00:00:01,000
2026-05-01 09:30:00.000
[latitude: 30.1] [longitude: 112.2] [rel_alt: 50.0 abs_alt: 80.0] [iso: 100]

2
00:00:01,000 --> 00:00:02,000
2026-05-01 09:30:01.000
[latitude: 30.2] [longitude: 112.3] [rel_alt: 51.0 abs_alt: 81.0] [iso: 100]
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of MP4."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            shade = np.full((48, 64, 3), number * 10, np.uint8)
            out.mux(video.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        out.mux(video.encode(None))
    return path.read_bytes()


class Folder:
    def __init__(self, root: Path) -> None:
        self.inbox, self.store = root / "inbox", root / "store"
        self.clock = ManualClock(NOW_NS)
        (self.inbox / "drone-1").mkdir(parents=True)
        self.box = self.restarted()

    def restarted(self) -> Inbox:
        self.box = Inbox(self.inbox, self.store, self.clock)
        return self.box

    def put(self, name: str, data: bytes) -> Path:
        path = self.inbox / "drone-1" / name
        path.write_bytes(data)
        os.utime(path, (MTIME_S, MTIME_S))
        return path

    def settle(self) -> list[Result]:
        """Two looks with enough time between them."""
        first = self.box.poll()
        self.clock.advance(11)
        return first + self.box.poll()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def manifest(result: Result) -> dict:
    assert result.manifest, result.error
    return json.loads(result.manifest.read_text("utf-8"))


def test_a_film_with_subtitles_is_on_the_time_line_by_the_drones_clock(
    folder: Folder, film: bytes
) -> None:
    original = folder.put("DJI_0001.MP4", film)
    folder.put("DJI_0001.SRT", SRT.encode())
    (result,) = folder.settle()
    told = manifest(result)
    assert result.outcome == "imported"
    assert told["source"] == "drone-1"
    assert told["sha256"] == hashlib.sha256(film).hexdigest()
    assert told["start_utc"] == "2026-05-01T01:30:00.000Z"  # 09:30 in Asia/Shanghai
    assert told["end_utc"] == "2026-05-01T01:30:02.000Z"
    assert told["clock"]["source"] == "subtitles"
    assert told["clock"]["confidence"] == "high"
    assert told["telemetry"]["kind"] == "dji_srt"
    assert told["telemetry"]["bounds"] == [112.2, 30.1, 112.3, 30.2]
    assert told["telemetry"]["heights"] == ["amsl_m", "relative_m"]
    assert told["notes"] == []
    for entry in told["files"]:
        copy = result.manifest.parent / entry["name"]
        assert hashlib.sha256(copy.read_bytes()).hexdigest() == entry["sha256"]
        assert stat.S_IMODE(copy.stat().st_mode) == 0o440
    assert original.read_bytes() == film
    assert original.stat().st_mtime == MTIME_S
    assert folder.settle() == []


def test_a_growing_file_is_left_alone_until_it_is_steady(folder: Folder, film: bytes) -> None:
    for size in (1000, 2000, len(film)):
        folder.put("20260501_093000.mp4", film[:size])
        assert folder.box.poll() == []
        folder.clock.advance(9)
        assert folder.box.poll() == []
    folder.clock.advance(2)
    (result,) = folder.box.poll()
    assert manifest(result)["clock"]["source"] == "file name"


def test_the_same_film_twice_is_one_and_a_restart_does_nothing_again(
    folder: Folder, film: bytes
) -> None:
    folder.put("a.mp4", film)
    folder.settle()
    folder.put("b.mp4", film)
    (again,) = folder.settle()
    assert again.outcome == "known"
    assert len(list(folder.store.rglob("manifest.json"))) == 1
    folder.restarted()
    assert folder.settle() == []


def test_a_crash_between_copy_and_manifest_is_made_good(folder: Folder, film: bytes) -> None:
    folder.put("a.mp4", film)
    (first,) = folder.settle()
    assert first.manifest
    first.manifest.unlink()
    with (folder.store / "done.jsonl").open("w") as journal:
        journal.write('[["drone-1/a.mp4", 12')
    (folder.store / "incoming" / "half").mkdir(parents=True)
    folder.restarted()
    (second,) = folder.settle()
    assert second.outcome == "imported"
    assert not list((folder.store / "incoming").iterdir())
    folder.restarted()
    assert folder.settle() == []


def test_subtitles_that_come_later_are_added(folder: Folder, film: bytes) -> None:
    folder.put("DJI_0001.MP4", film)
    (first,) = folder.settle()
    assert manifest(first)["clock"]["source"] == "file time"
    folder.put("DJI_0001.srt", SRT.encode())
    (second,) = folder.settle()
    assert second.manifest == first.manifest
    assert manifest(second)["clock"]["source"] == "subtitles"


@pytest.mark.parametrize("data", [b"not a film at all" * 50, b"\0" * 4000])
def test_a_broken_film_gets_one_message_and_the_others_go_on(
    folder: Folder, film: bytes, data: bytes
) -> None:
    bad = folder.put("a_bad.mp4", data)
    folder.put("b_good.mp4", film)
    failed, good = folder.settle()
    assert (failed.outcome, good.outcome) == ("failed", "imported")
    message = bad.with_name("a_bad.mp4.error.txt")
    assert "a_bad.mp4: no video can be read" in message.read_text("utf-8")
    assert message.read_text("utf-8").count("\n") == 1
    assert folder.settle() == []
    folder.put("a_bad.mp4", film + b"\0")  # copied again, whole this time
    (mended,) = folder.settle()
    assert mended.outcome == "imported"
    assert not message.exists()


@pytest.mark.assets
@pytest.mark.parametrize("name", ["broken_empty.SRT", "broken_incomplete.SRT"])
def test_broken_subtitles_do_not_cost_the_film(
    folder: Folder, film: bytes, assets: Path, name: str
) -> None:
    folder.put("DJI_0001.MP4", film)
    folder.put("DJI_0001.SRT", (assets / "dji_srt" / name).read_bytes())
    told = manifest(folder.settle()[0])
    assert len([note for note in told["notes"] if "DJI_0001.SRT, line" in note]) == 1
    assert (told["telemetry"] is None) == (name == "broken_empty.SRT")


@pytest.mark.assets
def test_a_tlog_beside_a_film_of_another_day_is_told(
    folder: Folder, film: bytes, assets: Path
) -> None:
    folder.put("20260501_093000.mp4", film)
    folder.put("20260501_093000.tlog", (assets / "mavlink" / "vtol.tlog").read_bytes())
    told = manifest(folder.settle()[0])
    assert told["telemetry"]["kind"] == "tlog"
    assert "the telemetry is of another time than the film" in told["notes"]


def test_klv_inside_the_film_dates_it(folder: Folder, tmp_path: Path) -> None:
    start_us = parse_iso("2026-05-01T03:00:00Z") // 1000
    sets = []
    for number in range(20):
        body = b"\x02\x08" + (start_us + number * 100_000).to_bytes(8, "big")
        whole = KEY + bytes([len(body) + 4]) + body + b"\x01\x02"
        sets.append(whole + checksum(whole).to_bytes(2, "big"))
    folder.put("flight.ts", make_ts(tmp_path / "flight.ts", sets, 2).read_bytes())
    told = manifest(folder.settle()[0])
    assert (told["clock"]["source"], told["clock"]["confidence"]) == ("klv", "high")
    assert abs(parse_iso(told["start_utc"]) - start_us * 1000) <= NS_PER_S // 10
    assert told["telemetry"]["samples"] == 20


def test_a_folder_that_vanishes_is_no_crash(folder: Folder) -> None:
    shutil.rmtree(folder.inbox)
    assert folder.box.poll() == []


def test_clocks_are_ranked_and_contradictions_are_told() -> None:
    eight_hours = 8 * 3600 * NS_PER_S
    start = chosen(
        [
            Reading("container", NOW_NS + eight_hours),
            Reading("subtitles", NOW_NS),
            Reading("file name", 5),
        ],
        NOW_NS,
    )
    assert start
    assert (start.source, start.confidence) == ("subtitles", "medium")
    assert any("check the time zone" in note for note in start.notes)
    assert any("never set" in note for note in start.notes)
    assert chosen([Reading("container", 0)], NOW_NS) is None


@pytest.mark.parametrize(
    ("name", "utc"),
    [
        ("DJI_20260501093000_0001_V.MP4", "2026-05-01T01:30:00Z"),
        ("20260501_093000.mp4", "2026-05-01T01:30:00Z"),
        ("cam 2026-05-01 09-30-00.mov", "2026-05-01T01:30:00Z"),
        ("DJI_0001.MP4", None),
        ("20261399_993000.mp4", None),
        ("120260501093000123.mp4", None),
    ],
)
def test_times_in_names(name: str, utc: str | None) -> None:
    found = from_name(name, ZoneInfo("Asia/Shanghai"))
    assert (found and found.start_ns) == (utc and parse_iso(utc))
    assert from_name("20260501093000", UTC) is not None


def test_a_wrong_zone_is_named(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="Mars"):
        Inbox(tmp_path, tmp_path / "store", ManualClock(), zone="Mars/Olympus")
