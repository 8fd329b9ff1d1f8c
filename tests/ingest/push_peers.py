"""Senders for the push tests: a film with KLV made by PyAV, pushed by FFmpeg."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
import pytest

FPS = 10


def make_ts(path: Path, sets: list[bytes], seconds: float = 30) -> Path:
    """An MPEG-TS with H.264 and a KLV stream, one set a picture as long as there are any."""
    with av.open(str(path), "w", format="mpegts") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        video.codec_context.gop_size = FPS
        video.codec_context.max_b_frames = 0
        data = out.add_data_stream("klv")
        for number in range(round(seconds * FPS)):
            shade = np.full((120, 160, 3), number % 200, np.uint8)
            picture = av.VideoFrame.from_ndarray(shade, format="rgb24")
            picture.pts = number
            out.mux(video.encode(picture))
            if number < len(sets):
                packet = av.Packet(sets[number])
                packet.stream = data
                packet.time_base = Fraction(1, FPS)
                packet.pts = packet.dts = number
                out.mux(packet)
        out.mux(video.encode(None))
    return path


class Pusher:
    """FFmpeg sending a file at its own pace."""

    def __init__(self, film: Path, url: str, form: str, *maps: str) -> None:
        binary = shutil.which("ffmpeg")
        if binary is None:
            pytest.skip("ffmpeg is not installed")
        self.command = [binary, "-v", "error", "-re", "-i", str(film), *(maps or ("-map", "0"))]
        self.command += ["-c", "copy", "-f", form, url]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
