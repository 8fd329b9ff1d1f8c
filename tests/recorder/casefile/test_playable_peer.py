"""The clips of an exported case file, played by Chromium, FFmpeg and GStreamer."""

import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page

from core.clock import NS_PER_S, ManualClock
from core.messages import EvidenceWanted
from core.value import Text
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.evidence import EvidenceCutter
from recorder.shelf import segments
from tests.recorder.casefile.world import INCIDENT, world_in
from tests.recorder.signing.conftest import Film, authority, camera, h264
from tests.recorder.signing.signer import Signer, write
from tests.wardwatch.browser import browser_page, needs_chromium, until

__all__ = ["authority", "camera", "h264"]
pytestmark = pytest.mark.peer

KINDS = {
    "h264-aac": ("libx264", "aac", "mp4"),
    "h264-ulaw": ("libx264", "pcm_mulaw", "mkv"),
    "h265-aac": ("libx265", "aac", "mp4"),
    "h265-alaw": ("libx265", "pcm_alaw", "mkv"),
}
SIGNED = "h264-signed"
ASKED_S = 3
FPS = 10


@dataclass(frozen=True)
class Exported:
    """A clip as it came out of a case file."""

    path: Path
    pictures: int
    sound: bool


def film_of(folder: Path, kind: str) -> Path:
    """Five seconds from FFmpeg's encoders, a key picture every second."""
    video, audio, suffix = KINDS[kind]
    path = folder / f"{kind}.{suffix}"
    command = (
        "ffmpeg -v error -y -f lavfi -i testsrc2=size=320x240:rate=10 -f lavfi -i "
        f"sine=frequency=440:sample_rate=8000 -t 5 -c:v {video} -preset ultrafast -bf 0 -g 10 "
        f"-pix_fmt yuv420p -c:a {audio} -ac 1"
    ).split()
    quiet = ["-x265-params", "log-level=none:keyint=10"] if video == "libx265" else []
    subprocess.run([*command, *quiet, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory, short_film: Path, camera: Signer, h264: Film
) -> dict[str, Exported]:
    """Each film recorded, cut, sealed, and taken out of one case file."""
    root, clock = tmp_path_factory.mktemp("played"), ManualClock()
    world = world_in(root, clock, short_film)
    world.incident(clips=0)
    films = {kind: film_of(root, kind) for kind in KINDS}
    films[SIGNED] = write(root / "signed.mp4", h264.path, camera.sign(h264.pictures))
    recordings = world.station.recordings
    cutter = EvidenceCutter(recordings, world.station.vault, clock)
    for kind, film in films.items():
        source = FileSource(kind, film, clock)
        CameraRecorder(recordings, source, clock, segment_s=2, sync=False).run(threading.Event())
        start_ns = segments(recordings, kind)[0].start_ns
        wanted = EvidenceWanted(
            id=kind, incident=INCIDENT, camera=kind, role="clip",
            first_ns=start_ns + NS_PER_S, last_ns=start_ns + (1 + ASKED_S) * NS_PER_S,
            moment_ns=start_ns + 2 * NS_PER_S, caption=Text(zh="测试", en="test"), box=None,
        )  # fmt: skip
        cutter.handle(wanted)
    with zipfile.ZipFile(world.export().path) as archive:
        archive.extractall(root / "case")
    world.store.close()
    found = {}
    for kind in films:
        (path,) = (root / "case" / "original").glob(f"clip-{kind}-*")
        with av.open(str(path)) as container:
            sound = bool(container.streams.audio)
            pictures = sum(1 for one in container.demux(video=0) if one.size)
        found[kind] = Exported(path, pictures, sound)
    return found


ALL = pytest.mark.parametrize("kind", [*KINDS, SIGNED])


@ALL
def test_it_has_what_was_asked_for(exported: dict[str, Exported], kind: str) -> None:
    one = exported[kind]
    assert one.pictures >= ASKED_S * FPS
    assert one.sound == (kind != SIGNED)


@ALL
def test_ffmpeg_plays_it_without_a_complaint(exported: dict[str, Exported], kind: str) -> None:
    one = exported[kind]
    command = ["ffmpeg", "-v", "error", "-i", str(one.path), "-map", "0", "-f", "null", "-"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    command = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "json"]
    shown = ["-show_entries", "stream=codec_name,nb_read_frames", str(one.path)]
    (stream,) = json.loads(subprocess.check_output([*command, *shown]))["streams"]
    assert int(stream["nb_read_frames"]) == one.pictures
    assert stream["codec_name"] == {"h264": "h264", "h265": "hevc"}[kind.split("-")[0]]


@ALL
def test_gstreamer_shows_every_picture(
    exported: dict[str, Exported], kind: str, tmp_path: Path
) -> None:
    one = exported[kind]
    shown, heard = tmp_path / "shown", tmp_path / "heard"
    line = (
        f"gst-launch-1.0 -q filesrc location={one.path} ! qtdemux name=d d.video_0 ! queue ! "
        "decodebin ! videoconvert ! videoscale ! video/x-raw,format=GRAY8,width=16,height=16 ! "
        f"filesink location={shown}"
    )
    if one.sound:
        line += f" d.audio_0 ! queue ! decodebin ! audioconvert ! filesink location={heard}"
    done = subprocess.run(line.split(), check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert shown.stat().st_size == one.pictures * 16 * 16
    if one.sound:
        assert heard.stat().st_size > ASKED_S * 8000


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser_page(640, 480) as page:
        yield page


@needs_chromium
@ALL
def test_chromium_plays_it_to_the_end(
    page: Page, exported: dict[str, Exported], kind: str, tmp_path: Path
) -> None:
    """H.265 where this build of Chromium decodes it; where not, it says so and plays nothing."""
    one = exported[kind]
    shown = tmp_path / "shown.html"
    shown.write_text(f"<video src='{one.path.as_uri()}' width=320></video>", encoding="utf-8")
    page.goto(shown.as_uri())
    video = "document.querySelector('video')"
    able = page.evaluate(f"{video}.canPlayType('video/mp4; codecs=\"hvc1.1.6.L93.B0\"')")
    page.mouse.click(50, 50)  # without a click nothing may make a noise
    if kind.startswith("h265") and not able:
        until(page, f"{video}.error !== null || {video}.readyState > 0")
        assert page.evaluate(f"{video}.videoWidth") == 0
        return
    page.evaluate(f"{video}.playbackRate = 2; void {video}.play()")
    until(page, f"{video}.ended")
    assert page.evaluate(f"{video}.error") is None
    assert page.evaluate(f"{video}.videoWidth") > 0
    assert page.evaluate(f"{video}.currentTime") == pytest.approx(one.pictures / FPS, abs=0.5)
    assert page.evaluate(f"{video}.getVideoPlaybackQuality().totalVideoFrames") > one.pictures // 2
    assert (page.evaluate(f"{video}.webkitAudioDecodedByteCount") > 0) == one.sound
