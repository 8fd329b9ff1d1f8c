"""Recordings: taken in by their content, measured, levelled, joined with synthesised names."""

import io
import threading
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.announcer import Announcer
from broadcast.audio import TARGET_DBFS, Audio, read_wav
from broadcast.base import Delivery
from broadcast.errors import BroadcastError, SpeechError
from broadcast.file import FileSpeaker
from broadcast.intake import LONGEST_S, read_recording
from broadcast.voice import RATE, Voice
from core.cases import SpokenPart
from core.clock import ManualClock
from tests.broadcast.speaker_town import announcement, camera, site


def tone(hertz: float = 800, seconds: float = 1.0, amplitude: float = 8000) -> Audio:
    t = np.arange(round(seconds * 48_000)) / 48_000
    pcm = np.clip(amplitude * np.sin(2 * np.pi * hertz * t), -32768, 32767)
    return Audio(pcm.astype(np.int16), 48_000)


def encoded(audio: Audio, kind: str, codec: str, **options: Any) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=audio.rate, layout="mono", **options)
        frame = av.AudioFrame.from_ndarray(audio.pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = audio.rate
        size = stream.frame_size or 960
        fit = av.AudioResampler(
            format=stream.format, layout="mono", rate=audio.rate, frame_size=size
        )
        for piece in (*fit.resample(frame), *fit.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return out.getvalue()


def loudest_hz(audio: Audio) -> float:
    power = np.abs(np.fft.rfft(audio.pcm.astype(float)))
    return float(np.fft.rfftfreq(len(audio.pcm), 1 / audio.rate)[int(power.argmax())])


@pytest.mark.parametrize(
    ("kind", "codec"),
    [("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "libopus"), ("mp3", "libmp3lame")],
)
def test_recordings_are_known_by_their_content(kind: str, codec: str) -> None:
    found = read_recording(encoded(tone(), kind, codec), RATE)
    assert loudest_hz(found.audio) == pytest.approx(800, abs=2)
    assert found.audio.seconds == pytest.approx(1.0, abs=0.1)
    assert found.audio.rate == RATE
    assert found.peak_dbfs == pytest.approx(-12.2, abs=1.0)
    assert found.clipped == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no WAV"),
        (b"#EXTM3U\nhttp://192.0.2.1/a.wav\n", "no WAV"),
        (b"RIFF\x00\x00\x00\x00WAVEjunk", "decoded|no sound"),
        (tone(amplitude=60_000).wav(), "cut off"),
        (tone(amplitude=20).wav(), "too soft"),
        (tone(seconds=0.1).wav(), "shorter"),
        (tone(seconds=LONGEST_S + 1).wav(), "longer"),
        (encoded(tone(), "wav", "pcm_alaw"), "pcm_alaw in a wav file is not taken"),
        (Audio(tone().pcm, 1000).wav(), "1000 Hz"),
    ],
)
def test_what_is_no_recording_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(SpeechError, match=words):
        read_recording(data, RATE)


@given(st.binary(max_size=200), st.sampled_from([b"", b"RIFF    WAVE", b"fLaC", b"OggS", b"ID3"]))
def test_hostile_files_are_refused_and_nothing_else(data: bytes, head: bytes) -> None:
    with pytest.raises(SpeechError):
        read_recording(head + data, RATE)


def test_a_recorded_sentence_and_a_name_in_it_are_equally_loud(tmp_path: Path) -> None:
    voice = Voice(tmp_path)
    taken = voice.take(tone(amplitude=1500).wav())
    assert taken.speech_dbfs == pytest.approx(-29.8, abs=0.3)
    assert (tmp_path / f"{taken.sha256}.wav").exists()
    frame = SpokenPart(language="zh", text="禁止垂钓。", recording=taken.sha256)
    name = SpokenPart(language="zh", text="河湾禁钓区")
    alone = voice.say([name]).seconds
    both = voice.say([name, frame])
    assert alone < both.seconds < alone + 1.5
    assert both.speech_dbfs == pytest.approx(TARGET_DBFS, abs=2)
    two = voice.say([name, SpokenPart(language="en", text="No fishing here.")])
    assert two.seconds > alone + 1.0
    with pytest.raises(BroadcastError, match="cannot be kept"):
        Voice().take(tone().wav())


class Listening(FileSpeaker):
    """Keeps the sound it is given as well."""

    heard: Audio

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        self.heard = audio
        return super().speak(audio, stop, delivery)


def test_the_receipt_names_the_recordings_that_were_played(tmp_path: Path) -> None:
    clock = ManualClock()
    taken = Voice(tmp_path / "voice").take(tone(1500).wav())
    horn = Listening("river", tmp_path / "out", clock)
    announcer = Announcer(
        site(camera("river", {"driver": "file"}), warnings={"cooldown_s": 0, "max_repeats": 9}),
        clock=clock,
        audio_dir=tmp_path / "audio",
        build=lambda *_: horn,
        recordings=tmp_path / "voice",
    )
    parts = (SpokenPart(language="zh", text="禁止垂钓", recording=taken.sha256),)
    receipt = announcer.handle(announcement(clock, parts=parts))
    assert receipt.ok
    assert receipt.recordings == (taken.sha256,)
    assert loudest_hz(horn.heard) == pytest.approx(1500, abs=2)
    assert receipt.audio_path is not None
    assert loudest_hz(read_wav(Path(receipt.audio_path))) == pytest.approx(1500, abs=2)
    # A recording that is not what was approved is not played; the words are said all the same.
    (tmp_path / "voice" / f"{taken.sha256}.wav").write_bytes(tone(500).wav())
    again = announcer.handle(announcement(clock, parts=parts))
    assert again.ok
    assert again.recordings == ()
    assert again.seconds > 0.3
