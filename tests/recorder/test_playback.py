"""Looking back: bit-exact pictures at the right times, from recordings that nobody copies."""

import contextlib
import io
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from core.playback import NotRecordedError
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.errors import RecorderError
from recorder.playback.library import Library
from recorder.playback.moving import moved
from recorder.shelf import segments
from tests.recorder.conftest import CAMERA, make_mp4, units

EVER = (0, 2**62)


@pytest.fixture
def root(film: Path, record: Callable[..., Path], clock: ManualClock) -> Path:
    """Ten seconds in segments of three."""
    recordings = record(film)
    clock.advance(60)
    return recordings


@pytest.fixture
def library(root: Path, clock: ManualClock) -> Library:
    return Library(root, clock)


def again(root: Path, clock: ManualClock, film: Path) -> None:
    """The camera comes back a minute later."""
    source = FileSource(CAMERA, film, clock)
    CameraRecorder(root, source, clock, segment_s=3, sync=False).run(threading.Event())
    clock.advance(60)


def start_of(library: Library) -> int:
    return library.timeline(CAMERA, *EVER).recorded[0].first_ns


def times(data: bytes) -> list[float]:
    with av.open(io.BytesIO(data)) as container:
        return [float(p.dts * p.time_base) for p in container.demux(video=0) if p.dts is not None]


def played(library: Library, playlist: str) -> bytes:
    """All that a player of the playlist asks for, in one."""
    out = b""
    for line in playlist.splitlines():
        if found := re.match(r'#EXT-X-MAP:URI="header/(\d+).mp4"', line):
            out += library.header(CAMERA, int(found[1]))
        elif found := re.fullmatch(r"media/(\d+)/(\d+)-(\d+)\.m4s\?epoch=(\d+)", line):
            segment, first, end, epoch_ns = map(int, found.groups())
            out += library.media(CAMERA, segment, first, end, epoch_ns)
    return out


def test_film_of_a_range_is_bit_exact(library: Library, film: Path, tmp_path: Path) -> None:
    start_ns = start_of(library)
    made = library.film(CAMERA, start_ns + 2_500_000_000, start_ns + 6_500_000_000)
    assert (made.first_ns, made.last_ns) == (start_ns + 2 * NS_PER_S, start_ns + 7 * NS_PER_S)
    data = b"".join(made.read(0, made.size))
    assert len(data) == made.size
    assert made.holes == ()
    (path := tmp_path / "film.mp4").write_bytes(data)
    whole, part = units(film), units(path)
    at = whole.index(part[0])
    assert part == whole[at : at + len(part)]
    assert times(data) == pytest.approx([n / 10 for n in range(50)], abs=0.001)


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, 40_000), length=st.integers(0, 40_000))
def test_any_part_of_a_film_is_that_part(lasting: Library, first: int, length: int) -> None:
    start_ns = start_of(lasting)
    made = lasting.film(CAMERA, start_ns, start_ns + 8 * NS_PER_S)
    whole = b"".join(made.read(0, made.size))
    end = min(first + length, made.size)
    assert b"".join(made.read(first, end)) == whole[first:end]


@pytest.fixture(scope="module")
def lasting(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    root, clock = tmp_path_factory.mktemp("lasting"), ManualClock()
    again(root, clock, film)
    return Library(root, clock)


def test_film_says_what_it_lacks(
    library: Library, root: Path, clock: ManualClock, film: Path
) -> None:
    again(root, clock, film)
    start_ns = start_of(library)
    made = library.film(CAMERA, start_ns, start_ns + 100 * NS_PER_S)
    assert [hole.reason for hole in made.holes] == ["ended", "ended"]
    steps = [b - a for a, b in pairwise(times(b"".join(made.read(0, made.size))))]
    assert max(steps) == pytest.approx(60 + 0.1, abs=0.2), "the hole lasts as long as it lasted"
    assert sum(step > 0.15 for step in steps) == 1


def test_a_change_of_picture_ends_a_film(
    library: Library, root: Path, clock: ManualClock, tmp_path: Path
) -> None:
    again(root, clock, make_mp4(tmp_path / "other.mp4", seconds=20, size=(320, 240)))
    start_ns = start_of(library)
    made = library.film(CAMERA, start_ns, start_ns + 200 * NS_PER_S)
    assert made.first_ns > start_ns + 60 * NS_PER_S, "the longer part"
    playlist = library.playlist(CAMERA, start_ns, start_ns + 200 * NS_PER_S, start_ns)
    assert playlist.count("#EXT-X-DISCONTINUITY") == 1
    assert playlist.count("#EXT-X-MAP") == 2


def test_playlist_is_one_time_line(
    library: Library, root: Path, clock: ManualClock, film: Path
) -> None:
    again(root, clock, film)
    start_ns = start_of(library)
    epoch_ns = start_ns - 5 * NS_PER_S
    playlist = library.playlist(CAMERA, start_ns, start_ns + 100 * NS_PER_S, epoch_ns)
    assert playlist.startswith("#EXTM3U\n")
    assert playlist.count("#EXT-X-GAP") == 1
    assert "#EXT-X-DISCONTINUITY" not in playlist
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20" in playlist
    lasts = [float(s) for s in re.findall(r"#EXTINF:([\d.]+),", playlist)]
    assert sum(lasts) == pytest.approx(80, abs=0.5)
    longest = int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", playlist)[0])
    assert longest >= max(lasts)
    shown = times(played(library, playlist))
    assert len(shown) == 200
    assert shown[0] == pytest.approx(5, abs=0.001)
    assert shown[100] - shown[99] == pytest.approx(60.1, abs=0.2)


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_plays_what_browsers_get(library: Library, tmp_path: Path) -> None:
    start_ns = start_of(library)
    playlist = library.playlist(CAMERA, start_ns, start_ns + 10 * NS_PER_S, start_ns)
    (path := tmp_path / "played.mp4").write_bytes(played(library, playlist))
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_whole_groups_are_given_out(library: Library, root: Path) -> None:
    start_ns = start_of(library)
    first = segments(root, CAMERA)[0].start_ns
    address = re.findall(r"media/\d+/(\d+)-(\d+)", library.playlist(CAMERA, *EVER, start_ns))[0]
    begin, end = map(int, address)
    assert library.media(CAMERA, first, begin, end, start_ns)
    for wrong in ((begin + 1, end), (begin, end - 1), (0, end), (end, begin), (begin, end + 10**9)):
        with pytest.raises(NotRecordedError, match=r"river-1: segment \d+ has no"):
            library.media(CAMERA, first, *wrong, start_ns)
    with pytest.raises(NotRecordedError, match="no segment starts at"):
        library.media(CAMERA, first + 1, begin, end, start_ns)
    with pytest.raises(NotRecordedError, match="before the epoch"):
        library.media(CAMERA, first, begin, end, first + NS_PER_S)
    late = library.playlist(CAMERA, *EVER, start_ns + NS_PER_S // 2)
    assert times(played(library, late))[0] == pytest.approx(0.5), "from the next group on"
    assert "media/" not in library.playlist(CAMERA, *EVER, start_ns + 3600 * NS_PER_S)
    with pytest.raises(NotRecordedError, match=r"nothing recorded from .* to"):
        library.playlist("nowhere-1", *EVER, 0)


def test_timeline(library: Library, root: Path, clock: ManualClock, film: Path) -> None:
    again(root, clock, film)
    start_ns = start_of(library)
    day = library.timeline(CAMERA, start_ns - 3600 * NS_PER_S, start_ns + 3600 * NS_PER_S)
    spans = [((s.first_ns - start_ns) / NS_PER_S, (s.last_ns - start_ns) / NS_PER_S)
             for s in day.recorded]  # fmt: skip
    assert spans == [pytest.approx((0, 10), abs=0.2), pytest.approx((70, 80), abs=0.4)]
    reasons = [hole.reason for hole in day.holes]
    assert reasons == ["not_on_disk", "ended", "ended"]
    assert day.holes[-1].last_ns <= clock.utc_ns(), "the future is no hole"
    within = library.timeline(CAMERA, start_ns + 4 * NS_PER_S, start_ns + 5 * NS_PER_S)
    assert within.holes == ()
    assert [(s.first_ns, s.last_ns) for s in within.recorded] == [
        (start_ns + 4 * NS_PER_S, start_ns + 5 * NS_PER_S)
    ]


def test_thumbnail_is_the_key_frame_before(library: Library) -> None:
    start_ns = start_of(library)
    data, at_ns = library.thumbnail(CAMERA, start_ns + 4_700_000_000, 80)
    assert at_ns == start_ns + 4 * NS_PER_S
    with av.open(io.BytesIO(data), format="jpeg_pipe") as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert picture.shape == (60, 80, 3)
    assert picture.mean() == pytest.approx(40 + 29.5, abs=6), "brightness tells the number"
    with pytest.raises(NotRecordedError):
        library.thumbnail(CAMERA, start_ns - NS_PER_S, 80)


def test_a_torn_tail_is_not_played(library: Library, root: Path) -> None:
    start_ns = start_of(library)
    last = segments(root, CAMERA)[-1]
    with last.path.open("rb+") as file:
        file.truncate(last.path.stat().st_size - 10)
    made = library.film(CAMERA, start_ns, start_ns + 60 * NS_PER_S)
    data = b"".join(made.read(0, made.size))
    assert len(times(data)) == 90


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200), at=st.integers(0, 400), what=st.binary(max_size=8))
def test_damaged_fragments_are_refused(lasting: Library, data: bytes, at: int, what: bytes) -> None:
    start_ns = start_of(lasting)
    made = lasting.film(CAMERA, start_ns, start_ns + NS_PER_S)
    whole = bytearray(b"".join(made.read(0, made.size)))
    whole[at : at + len(what)] = what
    for hostile in (data, bytes(whole)):
        with contextlib.suppress(RecorderError):
            moved(hostile, {1: 5})
