"""Every codec from a GStreamer camera to recording and clip, as the document says."""

import re
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from core.clock import NS_PER_S, SystemClock
from core.messages import EvidenceWanted
from core.value import Text
from ingest.rtsp import RtspSource
from recorder.clips import Cut, cut
from recorder.evidence import EvidenceCutter
from recorder.recorder import Recorder
from recorder.shelf import latest_end_ns, segments
from recorder.vault import Vault
from tests.ingest import gst_launch
from tests.ingest.peers import GstCamera
from tests.recorder.sounds import RATE_HZ, octets
from tests.wardwatch.browser import browser_page, needs_chromium, until

pytestmark = pytest.mark.peer

MOUNTS = {
    "ulaw": {"codec": "h264", "audio": "ulaw", "flash": True},
    "aac": {"codec": "h264", "audio": "aac", "flash": True},
    "alaw": {"codec": "h265", "audio": "alaw"},
    "g726": {"codec": "mjpeg", "audio": "g726"},
    "aal2": {"codec": "h264", "audio": "aal2-g726"},
}
KEPT = {
    "ulaw": ("h264", "pcm_mulaw"),
    "aac": ("h264", "aac"),
    "alaw": ("hevc", "pcm_alaw"),
    "g726": ("mjpeg", "pcm_s16le"),
    "aal2": ("h264", "pcm_s16le"),
}
SYNCHRONOUS_S = 40e-3
REPORTED_S = 8  # by then GStreamer has sent a report for each stream (2 to 6.2 s: RFC 3550 §6.3.1)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirteen seconds of every camera."""
    root, clock = tmp_path_factory.mktemp("formats"), SystemClock()
    mounts = {name: {"fps": 10, "gop": 10, **mount} for name, mount in MOUNTS.items()}
    with GstCamera(**mounts) as camera:
        sources = [RtspSource(name, camera.url(name), clock) for name in MOUNTS]
        recorder = Recorder(root, sources, clock, segment_s=2, sync=False)
        recorder.start()
        end = time.monotonic() + 90
        while any(seconds(root, name) < 13 for name in MOUNTS):
            assert time.monotonic() < end, "the cameras are not recorded"
            time.sleep(0.1)
        assert recorder.stop()
    return root


@pytest.fixture(scope="module")
def clips(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cut]:
    """What each camera showed once its reports had come."""
    folder = tmp_path_factory.mktemp("clips")
    made = {}
    for name in MOUNTS:
        start_ns = segments(recordings, name)[0].start_ns
        out = folder / f"{name}.mp4"
        # Cut at the key picture before: a second later, to be past the reports.
        first_ns = start_ns + (REPORTED_S + 1) * NS_PER_S
        made[name] = cut(recordings, name, first_ns, start_ns + 12 * NS_PER_S, out)
    return made


def seconds(root: Path, camera: str) -> float:
    found, end_ns = segments(root, camera), latest_end_ns(root, camera)
    return (end_ns - found[0].start_ns) / NS_PER_S if found and end_ns else 0.0


@pytest.mark.parametrize("name", MOUNTS)
def test_segments_hold_picture_and_sound(recordings: Path, name: str) -> None:
    found = segments(recordings, name)
    assert len(found) >= 4
    for segment in found:
        with av.open(str(segment.path)) as container:
            kinds = tuple(s.codec_context.name for s in container.streams)
            assert kinds == KEPT[name]
        with av.open(str(segment.path)) as container:
            assert sum(1 for _ in container.decode(video=0)) == segment.scan().samples > 0
    if name == "g726":  # every picture is a key picture: a fragment a second, not each
        assert all(len(segment.scan().fragments) <= 4 for segment in found)


@pytest.mark.parametrize("name", MOUNTS)
def test_sound_goes_on_without_a_hole(recordings: Path, name: str) -> None:
    """From packet to packet and from file to file, once sound was put where its picture is."""
    spans = []
    for segment in segments(recordings, name)[:-1]:
        with av.open(str(segment.path)) as container:
            stream = container.streams.audio[0]
            for packet in container.demux(stream):
                if packet.size:
                    samples = {"pcm_s16le": packet.size // 2, "aac": 1024}.get(
                        stream.codec_context.name, packet.size
                    )
                    at_s = segment.start_ns / NS_PER_S + float(packet.pts * packet.time_base)
                    spans.append((at_s, at_s + samples / stream.codec_context.sample_rate))
    late = [span for span in spans if span[0] > spans[0][0] + REPORTED_S]
    assert len(late) > 3
    for (_, end_s), (start_s, _) in pairwise(late):
        assert start_s == pytest.approx(end_s, abs=2e-3)


@pytest.mark.parametrize("name", MOUNTS)
def test_clip_holds_picture_and_sound(clips: dict[str, Cut], name: str) -> None:
    made = clips[name]
    assert (made.gaps, made.silent) == ((), ())
    with av.open(str(made.path)) as container:
        assert tuple(s.codec_context.name for s in container.streams) == KEPT[name]
        pictures = sum(1 for _ in container.decode(video=0))
    assert pictures == made.frames >= 30
    with av.open(str(made.path)) as container:
        heard = list(container.decode(audio=0))
    lasts_s = sum(f.samples / f.sample_rate for f in heard)
    assert lasts_s == pytest.approx((made.last_ns - made.first_ns) / NS_PER_S, abs=0.3)
    assert max(float(np.abs(f.to_ndarray()).max()) for f in heard) > 0.1


def marks(path: Path) -> tuple[list[float], list[float]]:
    """Seconds at which the picture turns white, and at which a tick begins."""
    with av.open(str(path)) as container:
        shown = [(f.time, f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]
    flashes = [at for (_, dark), (at, bright) in pairwise(shown) if dark < 100 < bright]
    ticks: list[float] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(float).ravel())
            loud = 0.25 if frame.format.name.startswith("flt") else 8000
            for index in np.nonzero(samples > loud)[0]:
                at = frame.time + index / frame.sample_rate
                if not ticks or at - ticks[-1] > 0.3:
                    ticks.append(at)
    return flashes, ticks


def apart_s(path: Path) -> float:
    """How long after the flash the tick comes, modulo the second after which both come again."""
    flashes, ticks = marks(path)
    assert flashes, path
    assert ticks, path
    turns = np.exp(2j * np.pi * np.array([tick - flashes[0] for tick in ticks]))
    return float(np.angle(turns.mean()) / (2 * np.pi))


@pytest.fixture(scope="module", params=["ulaw", "aac"])
def original(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, float]:
    """The same flashes and ticks from GStreamer's encoders into a file, without any network."""
    name, path = request.param, tmp_path_factory.mktemp("original") / "film.mkv"
    parts = gst_launch.encoders({"fps": 10, "gop": 10, **MOUNTS[name]})
    line = ["gst-launch-1.0", "-q", "-e", "matroskamux", "name=m", "!", "filesink"]
    line.append(f"location={path}")
    for part in parts:
        line += [*part.split(), "!", "queue", "!", "m."]
    process = subprocess.Popen(line)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    return name, apart_s(path)


def test_flash_and_tick_stay_together(
    original: tuple[str, float], recordings: Path, clips: dict[str, Cut]
) -> None:
    """The flash arrives half a second after the tick of its moment; only the camera knows."""
    name, right_s = original
    settled = [
        s for s in segments(recordings, name)[:-1]
        if s.start_ns > segments(recordings, name)[0].start_ns + REPORTED_S * NS_PER_S
    ]  # fmt: skip
    assert settled
    for path in (*(segment.path for segment in settled), clips[name].path):
        off_s = (apart_s(path) - right_s + 0.5) % 1 - 0.5
        assert abs(off_s) < SYNCHRONOUS_S


def test_evidence_has_the_sound(recordings: Path, tmp_path: Path) -> None:
    start_ns = segments(recordings, "ulaw")[0].start_ns
    wanted = EvidenceWanted(
        id="e-1", incident="i-1", camera="ulaw", role="clip",
        first_ns=start_ns + 2 * NS_PER_S, last_ns=start_ns + 7 * NS_PER_S,
        moment_ns=start_ns + 4 * NS_PER_S, caption=Text(zh="测试", en="test"), box=None,
    )  # fmt: skip
    vault = Vault(tmp_path / "vault", SystemClock())
    clip, _ = EvidenceCutter(recordings, vault, SystemClock()).handle(wanted)
    sealed = octets(tmp_path / "vault" / clip.path)
    assert len(sealed) >= 4.5 * RATE_HZ
    recorded = b"".join(octets(segment.path) for segment in segments(recordings, "ulaw"))
    assert sealed in recorded


@needs_chromium
def test_chromium_plays_picture_and_sound(
    recordings: Path, clips: dict[str, Cut], tmp_path: Path
) -> None:
    shown = tmp_path / "shown.html"
    with browser_page(640, 480) as page:
        for path in (segments(recordings, "ulaw")[1].path, clips["ulaw"].path, clips["aal2"].path):
            shown.write_text(f"<video src='{path.as_uri()}' width=320></video>")
            page.goto(shown.as_uri())
            page.mouse.click(50, 50)  # without a click nothing may make a noise
            page.evaluate("void document.querySelector('video').play()")
            until(page, "document.querySelector('video').webkitVideoDecodedByteCount > 0")
            until(page, "document.querySelector('video').webkitAudioDecodedByteCount > 0")
            until(page, "document.querySelector('video').currentTime > 0.5")
            assert page.evaluate("document.querySelector('video').error") is None


def test_document_lists_what_was_tried() -> None:
    text = (Path(__file__).parents[2] / "docs" / "recording-formats.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()
            if line.startswith("| ")]  # fmt: skip
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert named >= {sound for _, sound in KEPT.values()}
    pictures = {row[0] for row in rows if len(row) == 5}
    assert {"H.264", "H.265", "MJPEG"} <= pictures
