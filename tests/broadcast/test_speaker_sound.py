"""G.711, audio values and speech."""

import re
import threading
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import welch

from broadcast import g711
from broadcast.audio import CEILING_DBFS, TARGET_DBFS, Audio, for_horn, read_wav, silence
from broadcast.errors import SpeechError
from broadcast.g711 import PCMA, PCMU, Codec
from broadcast.speech import Speech, phonemes
from core.templates import fill

CODECS = [PCMU, PCMA]
WARNINGS = Path(__file__).parents[2] / "configs" / "warnings.yaml"


def tone(hertz: float, rate: int, seconds: float = 1.0, amplitude: float = 8000) -> Audio:
    t = np.arange(round(seconds * rate)) / rate
    return Audio((amplitude * np.sin(2 * np.pi * hertz * t)).astype(np.int16), rate)


# -- G.711 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "vector"),
    [
        # Digital milliwatt of ITU-T G.711, tables 5 (A-law) and 6 (µ-law): 1 kHz at 0 dBm0.
        (PCMA, "34212134b4a1a1b4"),
        (PCMU, "1e0b0b1e9e8b8b9e"),
    ],
)
def test_digital_milliwatt(codec: Codec, vector: str) -> None:
    sound = codec.decode(bytes.fromhex(vector) * 1000).astype(float)
    assert codec.encode(sound.astype(np.int16)) == bytes.fromhex(vector) * 1000
    assert np.argmax(np.abs(np.fft.rfft(sound))) == 1000
    # 0 dBm0 lies 3.14 dB (A) and 3.17 dB (µ) under a sine of full load.
    # Full load is the virtual decision value 4096 (of 13 bits) or 8159 (of 14 bits).
    full = {"PCMA": 4096 * 8, "PCMU": 8159 * 4}[codec.name] / np.sqrt(2)
    below_db = 20 * np.log10(full / np.sqrt((sound**2).mean()))
    assert below_db == pytest.approx({"PCMA": 3.14, "PCMU": 3.17}[codec.name], abs=0.01)


@pytest.mark.parametrize(
    ("codec", "linear", "byte"),
    [
        (PCMU, 0, 0xFF),
        (PCMU, -1, 0x7F),
        (PCMU, 32767, 0x80),
        (PCMU, -32768, 0x00),
        (PCMA, 0, 0xD5),
        (PCMA, -1, 0x55),
        (PCMA, 32767, 0xAA),
        (PCMA, -32768, 0x2A),
    ],
)
def test_ends_of_the_scale(codec: Codec, linear: int, byte: int) -> None:
    assert codec.encode(np.array([linear], np.int16)) == bytes([byte])


@pytest.mark.parametrize("codec", CODECS)
def test_ffmpeg_reads_every_byte_the_same(codec: Codec) -> None:
    decoder = av.CodecContext.create({"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}[codec.name], "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    every = bytes(range(256))
    (frame,) = decoder.decode(av.Packet(every))
    assert np.array_equal(frame.to_ndarray().reshape(-1), codec.decode(every))


@pytest.mark.parametrize("codec", CODECS)
@given(sample=st.integers(-32768, 32767))
def test_error_stays_within_the_step(codec: Codec, sample: int) -> None:
    back = int(codec.decode(codec.encode(np.array([sample], np.int16)))[0])
    assert abs(back - sample) <= max(8, abs(sample) / 16 + 4)


@pytest.mark.parametrize("codec", CODECS)
@given(byte=st.integers(0, 255))
def test_decoded_bytes_encode_to_themselves(codec: Codec, byte: int) -> None:
    again = codec.encode(codec.decode(bytes([byte])))[0]
    # µ-law has two zeros; linear zero is the positive one.
    assert again == byte or (codec is PCMU and byte == 0x7F and again == 0xFF)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("level_db", [-3, -10, -20, -30])
def test_signal_to_noise(codec: Codec, level_db: float) -> None:
    """G.712 asks for 33 dB between -30 and 0 dBm0."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, 8000)
    sine = tone(1020, 8000, 1, 32000 * 10 ** (level_db / 20)).pcm + noise
    pcm = sine.astype(np.int16)
    wrong = codec.decode(codec.encode(pcm)).astype(float) - pcm
    assert 10 * np.log10((pcm.astype(float) ** 2).mean() / (wrong**2).mean()) > 33


def test_resampling_keeps_the_tone_and_drops_what_would_fold() -> None:
    low = g711.PCMU.decode(g711.encode(tone(1000, 22050), PCMU)).astype(float)
    assert len(low) == 8000
    assert np.argmax(np.abs(np.fft.rfft(low))) == 1000
    high = g711.PCMU.decode(g711.encode(tone(6000, 22050), PCMU)).astype(float)
    assert np.sqrt((high[400:-400] ** 2).mean()) < 0.01 * 8000


# -- audio ---------------------------------------------------------------------------------


def test_wav_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(tone(440, 16000).wav())
    again = read_wav(path)
    assert again.rate == 16000
    assert np.array_equal(again.pcm, tone(440, 16000).pcm)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"\x00" * 100, silence(0, 8000).wav()])
def test_unusable_clips(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    with pytest.raises(SpeechError, match=r"bad\.wav: "):
        read_wav(path)


@given(
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=400),
    st.sampled_from([8000, 16000, 22050, 48000]),
)
def test_levelling_never_passes_the_ceiling(samples: list[int], rate: int) -> None:
    out = for_horn(Audio(np.array(samples * 20, np.int16), rate))
    assert out.peak_dbfs <= CEILING_DBFS + 0.01
    assert len(out.pcm) == len(samples) * 20


@pytest.mark.parametrize("amplitude", [200, 3000, 32000])
def test_levelling_brings_quiet_and_loud_to_one_level(amplitude: float) -> None:
    out = for_horn(tone(1500, 16000, amplitude=amplitude))
    assert out.speech_dbfs == pytest.approx(TARGET_DBFS, abs=0.2)


# -- speech --------------------------------------------------------------------------------


def syllables(ipa: str) -> int:
    """Each Mandarin syllable carries exactly one tone mark: a digit, or ɜ for the second tone."""
    return len(re.findall(r"[1-5]|ɜ", ipa))


@pytest.mark.parametrize(
    ("text", "initials"),
    [
        ("禁止钓鱼", ["tɕ", "ts.", "tj", "j"]),
        ("罚款", ["f", "kh"]),
        ("陈述申辩", ["ts.h", "s.", "s.", "p"]),
        ("执法队", ["ts.", "f", "t"]),
    ],
)
def test_pronounces_syllables_not_letters(text: str, initials: list[str]) -> None:
    spoken = phonemes(text)
    assert syllables(spoken) == len(text)
    place = 0
    for initial in initials:
        place = spoken.index(initial, place) + len(initial)
    english = phonemes(text, "en")
    assert spoken != english


def test_english_is_spoken_by_the_english_voice() -> None:
    assert phonemes("no fishing", "en") == "nˈəʊ fˈɪʃɪŋ"


def _shipped() -> list[tuple[str, str]]:
    rows = yaml.safe_load(WARNINGS.read_text(encoding="utf-8"))
    return [(language, row["text"][language]) for row in rows for language in ("zh", "en")]


@pytest.mark.parametrize(("language", "template"), _shipped())
def test_shipped_warnings_are_short_loud_and_whole(language: str, template: str) -> None:
    zh = language == "zh"
    text = fill(
        template,
        {
            "zone": "河湾禁钓区" if zh else "River Bend",
            "place": "一号",
            "township": "云溪镇" if zh else "Yunxi",
        },
    )
    audio = Speech().render(text, "zh" if zh else "en")
    assert 5 < audio.seconds < 15
    assert audio.peak_dbfs <= CEILING_DBFS + 0.01
    assert audio.speech_dbfs == pytest.approx(TARGET_DBFS, abs=0.7)
    sent = PCMA.decode(g711.encode(audio, PCMA)) / 32768
    assert np.abs(sent).max() < 0.98
    frequencies, power = welch(sent, 8000, nperseg=1024)
    share = power[(frequencies >= 300) & (frequencies <= 3400)].sum() / power.sum()
    assert share > 0.9
    above_1k = power[(frequencies >= 1000) & (frequencies <= 3400)].sum() / power.sum()
    assert above_1k > 0.33


def test_threads_do_not_mix_their_words() -> None:
    """eSpeak carries a little state from one text to the next, so two syntheses of a text differ
    by milliseconds; words of another thread in between would differ by far more."""
    texts = ("禁止垂钓", "请把垃圾带走，放到指定地点")
    alone = [Speech().render(text).seconds for text in texts]
    found: list[tuple[int, float]] = []

    def say(index: int) -> None:
        found.append((index % 2, Speech().render(texts[index % 2]).seconds))

    threads = [threading.Thread(target=say, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(seconds == pytest.approx(alone[which], rel=0.05) for which, seconds in found)


def test_words_said_before_are_remembered() -> None:
    speech = Speech()
    assert speech.render("禁止垂钓") is speech.render("禁止垂钓")
    assert speech.render("禁止垂钓") is not speech.render("禁止垂钓", "en")


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x01", "，。！", "字" * 401])
def test_what_cannot_be_said(text: str) -> None:
    with pytest.raises(SpeechError):
        Speech().render(text)


@given(st.text(max_size=60))
def test_any_text_is_spoken_or_refused(text: str) -> None:
    try:
        audio = Speech().render(text)
    except SpeechError:
        return
    assert audio.peak_dbfs <= CEILING_DBFS + 0.01
