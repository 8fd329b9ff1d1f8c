"""The site's log: proofs, damage, and ``kill -9`` in the middle of a line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.clock import ManualClock
from recorder.seal.errors import LogError
from recorder.seal.log import SiteLog
from tests.recorder.seal.conftest import Station

DIGEST = "ab" * 32
APPENDER = """
import sys
from pathlib import Path
from core.clock import SystemClock
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog

root, clock = Path(sys.argv[1]), SystemClock()
log = SiteLog(root / "log", KeyRing(root / "keys", clock, station="x"), clock)
number = 0
while True:
    number += 1
    print(log.append("manifest", f"inc-{sys.argv[2]}-{number}", "ab" * 32), flush=True)
"""


def filled(station: Station, count: int = 5) -> SiteLog:
    for number in range(count):
        assert station.log.append("manifest", f"inc-{number}", DIGEST) == number
    return station.log


def test_entries_are_there_for_everybody(station: Station) -> None:
    filled(station)
    other = station.again().log
    assert other.newest("manifest", "inc-3") == station.log.newest("manifest", "inc-3")
    assert other.newest("manifest", "inc-9") is None
    assert other.append("manifest", "inc-5", DIGEST) == 5
    assert station.log.append("manifest", "inc-6", DIGEST) == 6
    assert station.log.verify() == other.verify() == 7


def test_the_same_again_is_no_entry(station: Station) -> None:
    filled(station)
    assert station.log.append("manifest", "inc-2", DIGEST) == 2
    assert station.log.append("manifest", "inc-2", "cd" * 32) == 5
    assert station.log.append("manifest", "inc-2", DIGEST) == 6
    assert station.log.holds("manifest", "inc-2", "cd" * 32)


@pytest.mark.parametrize("kind", ["edit", "remove", "swap", "insert"])
def test_every_change_is_found(station: Station, kind: str) -> None:
    log = filled(station)
    lines = log.file.read_bytes().splitlines(keepends=True)
    if kind == "edit":
        lines[2] = lines[2].replace(b"inc-2", b"inc-7")
    elif kind == "remove":
        del lines[2]
    elif kind == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        lines.insert(2, lines[2])
    log.file.write_bytes(b"".join(lines))
    with pytest.raises(LogError, match=r"entry [234]: "):
        station.again().log.verify()


def test_newest_entries_cut_off_show_against_a_head_written_down(station: Station) -> None:
    log = filled(station)
    head = json.loads(json.dumps(log.head()))
    assert log.verify(head) == 5
    lines = log.file.read_bytes().splitlines(keepends=True)
    log.file.write_bytes(b"".join(lines[:-1]))
    assert station.again().log.verify() == 4
    with pytest.raises(LogError, match="entries were changed or removed"):
        station.again().log.verify(head)
    assert filled(Station(**{**vars(station), "log": station.again().log}), 4).append(
        "manifest", "another", DIGEST
    )
    with pytest.raises(LogError, match="entries were changed or removed"):
        station.again().log.verify(head)


def test_a_line_cut_short_is_put_aside(station: Station) -> None:
    log = filled(station, 2)
    whole = log.file.read_bytes()
    with log.file.open("ab") as stream:
        stream.write(b'{"entry":{"kind":"mani')
    with pytest.raises(LogError, match="cut"):
        station.again().log.verify()
    assert station.again().log.append("manifest", "inc-2", DIGEST) == 2
    assert log.file.read_bytes().startswith(whole)
    assert [path.read_bytes() for path in log.file.parent.glob("*.torn-*")] == [
        b'{"entry":{"kind":"mani'
    ]
    assert station.again().log.verify() == 3


def test_another_key_cannot_write_heads(station: Station, tmp_path: Path) -> None:
    filled(station, 2)
    stranger = Station(**vars(station)).again()
    stranger.keys.folder = tmp_path / "other"
    stranger.log.append("manifest", "inc-2", DIGEST)
    with pytest.raises(LogError, match="never had"):
        station.again().log.verify()


def test_killed_writers_lose_nothing_they_reported(station: Station, tmp_path: Path) -> None:
    """Two processes append as fast as they can until they are killed."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(tmp_path), str(number)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        for number in range(2)
    ]
    reported = 0
    try:
        for writer in writers:
            assert writer.stdout is not None
            for _ in range(5):
                assert writer.stdout.readline()
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            reported += 5 + writer.communicate()[0].count(b"\n")
    station.log.append("manifest", "after", DIGEST)
    assert station.log.verify() > reported


def test_nothing_yet(station: Station, clock: ManualClock) -> None:
    assert station.log.verify() == 0
    assert station.log.head() is None
    assert station.log.proof("manifest", "inc-1") is None
