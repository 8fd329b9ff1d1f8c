"""A sealed clip with a walker whose place in every picture is known."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from core.cases import EvidenceItem
from core.clock import NS_PER_S, ManualClock
from core.geometry import Box
from recorder.copies.following import Spot
from recorder.copies.masks import Finder
from recorder.vault import Vault

SIZE = (320, 240)
FIRST_NS = 1_790_000_000 * NS_PER_S + 123_000_000
PERIOD_S = (0.08, 0.12)
"""Pictures do not come at an even rate."""
INCIDENT = "inc-1"


def walker(at_s: float) -> Box:
    """Where the walker is: from left to right, 40 by 96 pixels."""
    return Box(0.1 + 0.1 * at_s, 0.3, 0.125, 0.4)


def drawn(at_s: float) -> np.ndarray:
    """A busy background and a walker with fine stripes, which no mosaic may leave."""
    width, height = SIZE
    rng = np.random.default_rng(7)
    coarse = rng.integers(40, 200, (height // 16, width // 16, 3), dtype=np.uint8)
    picture = coarse.repeat(16, 0).repeat(16, 1)
    box = walker(at_s)
    left, top = round(box.x * width), round(box.y * height)
    wide, high = round(box.w * width), round(box.h * height)
    stripes = rng.integers(0, 2, (high // 4, wide // 4), dtype=np.uint8) * 255
    body = stripes.repeat(4, 0).repeat(4, 1)[:high, :wide]
    picture[top : top + body.shape[0], left : left + body.shape[1]] = body[..., None]
    return picture


def times(seconds: float) -> list[float]:
    found, now = [], 0.0
    while now < seconds:
        found.append(round(now, 3))
        now += PERIOD_S[len(found) % 2]
    return found


def make_clip(path: Path, seconds: float = 4, *, sound: bool = True) -> Path:
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10, options={"crf": "12", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        video.codec_context.max_b_frames = 2
        voice = out.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for at_s in times(seconds):
            frame = av.VideoFrame.from_ndarray(drawn(at_s), format="rgb24")
            frame.pts, frame.time_base = round(at_s * 1000), Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if voice is not None:
            tone = np.sin(np.arange(round(16_000 * seconds)) * 0.2).astype(np.float32)
            heard = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 16_000, 0
            for ready in av.AudioResampler("fltp", "mono", 16_000, frame_size=1024).resample(heard):
                out.mux(voice.encode(ready))
            out.mux(voice.encode(None))
    return path


def quicktime_with_pcm(path: Path, seconds: float = 2) -> Path:
    """What is cut from a camera with G.711: fragments, sound that no MP4 holds."""
    mute = make_clip(path.with_suffix(".mp4"), seconds, sound=False)
    with av.open(str(mute)) as source, av.open(str(path), "w", format="mov") as out:
        track = out.add_stream_from_template(source.streams.video[0], opaque=True)
        voice = out.add_stream("pcm_alaw", rate=8_000, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
        tone = (np.sin(np.arange(round(8_000 * seconds)) * 0.3) * 20_000).astype(np.int16)
        heard = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        heard.sample_rate, heard.pts = 8_000, 0
        out.mux(voice.encode(heard))
        out.mux(voice.encode(None))
    mute.unlink()
    return path


def finder(shown: Sequence[float] | None = None, *, score: float = 0.8) -> Finder:
    """Finds the walker by its colourless stripes, as a model would by its looks.

    Args:
        shown: pictures in which it fails, by the number of the look.
    """
    looks = 0

    def find(picture: np.ndarray) -> list[Spot]:
        nonlocal looks
        looks += 1
        if shown is not None and looks - 1 in shown:
            return []
        spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
        grey = (spread < 12) & ((picture[..., 0] < 25) | (picture[..., 0] > 230))
        rows, columns = np.nonzero(grey)
        if len(rows) < 200:
            return []
        left, right = np.percentile(columns, [1, 99])
        top, bottom = np.percentile(rows, [1, 99])
        width, height = SIZE
        box = Box(
            left / width, top / height, (right - left + 1) / width, (bottom - top + 1) / height
        )
        return [Spot("person", score, box)]

    return Finder(find, "stripes", "ab" * 32, 0.2)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", ManualClock())


def sealed(vault: Vault, clip: Path, tmp_path: Path) -> EvidenceItem:
    """The clip in the vault."""
    own = tmp_path / f"own{clip.suffix}"
    own.write_bytes(clip.read_bytes())
    return vault.seal(
        INCIDENT,
        "clip",
        own,
        camera="river-1",
        first_ns=FIRST_NS,
        last_ns=FIRST_NS + 4 * NS_PER_S,
        item_id="want-1-clip",
    )


def read(path: Path) -> list[tuple[float, np.ndarray]]:
    """Times in seconds and luma of all pictures."""
    with av.open(str(path)) as film:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="gray"))
            for frame in film.decode(video=0)
        ]
