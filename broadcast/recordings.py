"""Finished sound as files of a kind that devices take."""

import io
from typing import Literal

import av
import numpy as np

from broadcast.audio import Audio

Format = Literal["wav", "mp3"]
MIME: dict[Format, str] = {"wav": "audio/wav", "mp3": "audio/mpeg"}
_MP3_RATE_HZ, _MP3_BITS_S = 22050, 48_000


def encoded(audio: Audio, kind: Format) -> bytes:
    """The sound as one file."""
    if kind == "wav":
        return audio.wav()
    pcm = audio.at(_MP3_RATE_HZ).pcm
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=_MP3_RATE_HZ, layout="mono")
        stream.bit_rate = _MP3_BITS_S
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = _MP3_RATE_HZ
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=_MP3_RATE_HZ, frame_size=stream.frame_size
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return out.getvalue()
