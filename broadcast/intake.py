"""Recordings that people upload: what kind of file it is, decoded within limits, measured.

The kind is read from the first bytes and the demultiplexer is named, so that no file can make
FFmpeg open something else (playlists name other files).
"""

import io
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from broadcast.audio import Audio
from broadcast.errors import SpeechError

MOST_BYTES = 20_000_000
LONGEST_S = 60.0
SHORTEST_S = 0.2
MOST_CLIPPED = 0.01
"""A larger share of samples at the limit is heard as distortion."""
SOFTEST_DBFS = -50.0
"""Speech softer than this is noise once it is levelled."""
_CODECS = {
    "wav": ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"),
    "flac": ("flac",),
    "ogg": ("opus", "flac"),
    "mp3": ("mp3", "mp3float"),
}
_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
_AT_THE_LIMIT, _RUN = 0.999, 3


class Read(NamedTuple):
    """A recording as one channel, and how it was recorded."""

    audio: Audio
    peak_dbfs: float
    clipped: float


def read_recording(data: bytes, rate: int) -> Read:
    """The sound in a WAV, FLAC, Ogg Opus or MP3 file.

    Raises:
        SpeechError: another kind, broken, too large, too long, too short, too soft or clipped.
    """
    if len(data) > MOST_BYTES:
        raise SpeechError(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
    kind = _kind(data)
    try:
        with av.open(io.BytesIO(data), "r", format=kind) as container:
            if not container.streams.audio:
                raise SpeechError("the file holds no sound")
            stream = container.streams.audio[0]
            name = stream.codec_context.name
            if name not in _CODECS[kind]:
                raise SpeechError(f"{name} in a {kind} file is not taken")
            if stream.rate not in _RATES_HZ:
                raise SpeechError(f"sound at {stream.rate} Hz; save it at 44100 or 48000 Hz")
            recorded_hz = stream.rate
            pcm = _decoded(container, stream)
    except FFmpegError as error:
        raise SpeechError(f"the file cannot be decoded: {error.strerror or error}") from None
    if len(pcm) < SHORTEST_S * recorded_hz:
        raise SpeechError(f"the recording is shorter than {SHORTEST_S} s")
    clipped = _clipped(pcm)
    if clipped > MOST_CLIPPED:
        raise SpeechError(
            f"{clipped:.1%} of the recording is cut off: record it again, softer "
            f"(at most {MOST_CLIPPED:.0%})"
        )
    audio = Audio(np.round(np.clip(pcm, -1, 1) * 32767).astype(np.int16), recorded_hz)
    if audio.speech_dbfs < SOFTEST_DBFS:
        raise SpeechError(
            f"the recording is too soft ({audio.speech_dbfs:.0f} dBFS): speak closer to the "
            "microphone"
        )
    return Read(audio.at(rate), audio.peak_dbfs, clipped)


def _kind(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:4] == b"OggS":
        return "ogg"
    if data[:3] == b"ID3" or (data[:1] == b"\xff" and len(data) > 1 and data[1] & 0xE6 == 0xE2):
        return "mp3"
    raise SpeechError("this is no WAV, FLAC, Opus (Ogg) or MP3 file")


def _decoded(container: InputContainer, stream: av.AudioStream) -> NDArray[np.float32]:
    """(N,) samples of one channel at the rate it was recorded with, 1.0 is full scale."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
    found: list[NDArray[np.float32]] = []
    length = 0
    for frame in container.decode(stream):
        for out in resampler.resample(frame):
            found.append(out.to_ndarray().reshape(-1).astype(np.float32))
            length += len(found[-1])
        if length > LONGEST_S * stream.rate:
            raise SpeechError(f"the recording is longer than {LONGEST_S:.0f} s")
    found += [one.to_ndarray().reshape(-1).astype(np.float32) for one in resampler.resample(None)]
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def _clipped(pcm: NDArray[np.float32]) -> float:
    """Share of samples in runs at the limit: a single full-scale sample is a loud one, several
    in a row are a wave whose top is missing."""
    at_limit = np.abs(pcm) >= _AT_THE_LIMIT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], at_limit, [False]]).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= _RUN].sum() / max(1, len(pcm)))
