"""Whether a warning was heard, from files such as the recorder writes."""

import threading
from pathlib import Path

import av
import numpy as np
import pytest

from broadcast.audio import Audio
from broadcast.speech import Speech
from core.cases import Receipt
from core.clock import NS_PER_S, ManualClock
from core.config.site import Site
from recorder.clips import Cut
from recorder.errors import NothingRecordedError
from tests.broadcast.speaker_town import camera, site
from wardwatch.parts import hearing

STARTED_NS = 1_790_000_000 * NS_PER_S
RATE = 8000


def clip(path: Path, sound: np.ndarray | None, first_ns: int, seconds: float) -> Cut:
    """A film with small pictures and A-law sound, or none."""
    with av.open(str(path), "w", format="mov") as container:
        video = container.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = None
        if sound is not None:
            audio = container.add_stream("pcm_alaw", rate=RATE, layout="mono")
        for number in range(round(seconds * 5)):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
            picture.pts = number
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for start in range(0, 0 if sound is None else len(sound), RATE):
            assert audio is not None
            assert sound is not None
            frame = av.AudioFrame.from_ndarray(
                sound[None, start : start + RATE], format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = RATE, start
            container.mux(audio.encode(frame))
    last_ns = first_ns + round(seconds * NS_PER_S)
    return Cut(path, first_ns, last_ns, 1, (path,), ())


def town(**speaker: object) -> Site:
    return site(camera("river", {"driver": "file", "url": "/x", **speaker}), camera("bank"))


@pytest.fixture(scope="module")
def said() -> Audio:
    return Speech().render("云溪镇提醒您：河湾禁止垂钓，请立即收起渔具离开。谢谢配合。")


def receipt(said: Audio, folder: Path) -> Receipt:
    path = folder / "said.wav"
    path.write_bytes(said.wav())
    return Receipt(
        announcement="ann-1",
        incident="inc-1",
        camera="river",
        ok=True,
        driver="file",
        text="…",
        started_ns=STARTED_NS,
        seconds=said.seconds,
        audio_path=str(path),
    )


@pytest.mark.parametrize(
    ("what", "verdict"),
    [("said", "heard"), ("noise", "not_heard"), ("silence", "unknown"), ("no track", "unknown")],
)
def test_what_the_camera_recorded_is_judged(
    what: str, verdict: str, said: Audio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = said.seconds + 12
    noise = np.random.default_rng(1).normal(0, 300, round(seconds * RATE)).astype(np.int16)
    words = said.at(RATE).pcm
    # The clip begins 2 s before the first packet; the words are 1.3 s later than that.
    begins = round((2 + 1.3) * RATE)
    sound: np.ndarray | None = noise.copy()
    if what == "said":
        noise[begins : begins + len(words)] += words // 4
        sound = noise
    elif what == "silence":
        sound = np.zeros_like(noise)
    elif what == "no track":
        sound = None

    def cut(root: Path, name: str, first_ns: int, last_ns: int, out: Path) -> Cut:
        assert name == "bank"
        assert first_ns < STARTED_NS
        return clip(out, sound, STARTED_NS - 2 * NS_PER_S, seconds)

    monkeypatch.setattr(hearing, "cut", cut)
    found = hearing.listen(
        receipt(said, tmp_path),
        town(microphone="bank"),
        tmp_path,
        ManualClock(utc_ns=STARTED_NS),
        threading.Event(),
    )
    assert found is not None
    assert found.verdict == verdict
    assert found.microphone == "bank"
    if what == "said":
        assert found.lag_s == pytest.approx(1.3, abs=0.05)
        assert found.score is not None
        assert found.score > 0.5
    assert bool(found.why) == (verdict == "unknown")


def test_it_waits_for_the_recording_and_gives_up(
    said: Audio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def cut(*_: object) -> Cut:
        asked.append(1)
        raise NothingRecordedError("camera river: nothing recorded (camera offline)")

    monkeypatch.setattr(hearing, "cut", cut)
    clock = ManualClock(utc_ns=STARTED_NS)
    found = hearing.listen(receipt(said, tmp_path), town(), tmp_path, clock, threading.Event())
    assert found is not None
    assert (found.verdict, found.microphone) == ("unknown", "river")
    assert "camera offline" in found.why
    assert len(asked) > hearing.PATIENCE_S


def test_what_was_not_said_is_not_listened_for(said: Audio, tmp_path: Path) -> None:
    spoken = receipt(said, tmp_path)
    for change in ({"started_ns": None}, {"seconds": 0.2}, {"camera": "bank"}):
        refused = spoken.model_copy(update=change)
        args = (town(), tmp_path, ManualClock(), threading.Event())
        assert hearing.listen(refused, *args) is None
