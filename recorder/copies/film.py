"""From one film to another, picture by picture, each at its own time."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.clock import NS_PER_S
from recorder.copies.picture import Picture
from recorder.errors import RecorderError

QUALITY = {"crf": "20", "preset": "veryfast", "threads": "1"}
"""One thread: sealing and the watch go before copies, and the result is always the same."""
_SOUND_BPS = 96_000

Edit = Callable[[int, int, Picture], Picture]
"""From the picture's number and UTC in nanoseconds, and the picture, to the one to encode."""


class CancelledError(RecorderError):
    """The copy was given up because the program ends."""


@dataclass(frozen=True)
class Mapped:
    """A picture of the copy: its number in both films, its time in both, and its UTC."""

    number: int
    pts: int
    utc_ns: int


@dataclass(frozen=True)
class Made:
    """A film that was made; ``time_base`` is the one of ``pts``, in seconds."""

    path: Path
    width: int
    height: int
    time_base: Fraction
    frames: tuple[Mapped, ...]
    sound: bool


def pictures(film: Path, first_ns: int) -> Iterator[tuple[Mapped, VideoFrame, Fraction]]:
    """The pictures of a film in the order they are shown.

    Args:
        film: any file FFmpeg reads.
        first_ns: UTC of its media time 0.

    Raises:
        RecorderError: the film has no picture, or cannot be read.
    """
    count = 0
    try:
        with av.open(str(film), mode="r") as source:
            stream = source.streams.video[0]
            stream.thread_type = "SLICE"
            base = stream.time_base or Fraction(1, 90_000)
            for frame in source.decode(stream):
                yield _mapped(count, frame, base, first_ns), frame, base
                count += 1
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise RecorderError(
            f"{film}: its pictures cannot be decoded ({getattr(error, 'strerror', error)})"
        ) from error
    if not count:
        raise RecorderError(f"{film}: holds no picture")


def remake(
    film: Path,
    first_ns: int,
    out: Path,
    edit: Edit,
    *,
    sound: bool,
    stop: threading.Event | None = None,
) -> Made:
    """Decode a film, change every picture and encode the result as H.264 (and AAC) in MP4.

    Of the source nothing but pictures and, with ``sound``, sound is taken: no metadata, no
    side data, no other track.

    Raises:
        CancelledError: ``stop`` was set.
        RecorderError: the film cannot be read or the copy not be written.
    """
    stop = stop or threading.Event()
    try:
        with (
            av.open(str(film), mode="r") as source,
            av.open(str(out), mode="w", format="mp4", options={"movflags": "faststart"}) as target,
        ):
            return _Remaking(source, target, first_ns, edit, sound).run(out, stop)
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise RecorderError(
            f"{film}: no copy can be made of it ({getattr(error, 'strerror', error)})"
        ) from error


class _Remaking:
    def __init__(
        self,
        source: InputContainer,
        target: OutputContainer,
        first_ns: int,
        edit: Edit,
        sound: bool,
    ) -> None:
        self._source, self._target = source, target
        self._first_ns, self._edit = first_ns, edit
        self._video = source.streams.video[0]
        self._video.thread_type = "SLICE"
        self._base = self._video.time_base or Fraction(1, 90_000)
        self._audio: AudioStream | None = next(iter(source.streams.audio), None) if sound else None
        self._frames: list[Mapped] = []
        self._encoder: VideoStream | None = None
        self._voice: AudioStream | None = None
        self._resampler: AudioResampler | None = None

    def run(self, out: Path, stop: threading.Event) -> Made:
        if self._audio is not None:
            self._begin_sound(self._audio)
        wanted: list[Any] = [self._video, *([self._audio] if self._audio is not None else [])]
        held: list[Any] = []
        for packet in self._source.demux(wanted):
            if stop.is_set():
                raise CancelledError(f"{out}: given up, the program ends")
            for frame in packet.decode():
                if not isinstance(frame, VideoFrame) and self._encoder is None:
                    held.append(frame)  # no track may be added once one has been written to
                    continue
                self._put(frame)
            while held and self._encoder is not None:
                self._put(held.pop(0))
        if self._encoder is None:
            raise RecorderError(f"{out}: the clip holds no picture")
        self._end()
        return Made(
            out,
            self._encoder.width,
            self._encoder.height,
            self._base,
            tuple(self._frames),
            self._voice is not None,
        )

    def _put(self, frame: Any) -> None:
        if not isinstance(frame, VideoFrame):
            self._put_sound(frame)
            return
        mapped = _mapped(len(self._frames), frame, self._base, self._first_ns)
        if self._frames and mapped.pts <= self._frames[-1].pts:
            return  # a picture shown at no time of its own
        made = self._edit(mapped.number, mapped.utc_ns, Picture.of(frame)).frame()
        if self._encoder is None:
            self._encoder = self._begin_video(made)
        made.pts, made.time_base = mapped.pts, self._base
        self._target.mux(self._encoder.encode(made))
        self._frames.append(mapped)

    def _begin_video(self, like: VideoFrame) -> VideoStream:
        rate = self._video.average_rate or Fraction(25)
        stream = self._target.add_stream("libx264", rate=rate, options=QUALITY)
        stream.width, stream.height, stream.pix_fmt = like.width, like.height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = self._base
        stream.codec_context.thread_count = 1
        return stream

    def _begin_sound(self, heard: AudioStream) -> None:
        rate = heard.codec_context.sample_rate
        layout = "mono" if heard.codec_context.channels == 1 else "stereo"
        self._voice = self._target.add_stream("aac", rate=rate, layout=layout)
        self._voice.codec_context.bit_rate = _SOUND_BPS
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=rate)

    def _put_sound(self, frame: Any) -> None:
        if self._voice is not None and self._resampler is not None:
            for ready in self._resampler.resample(frame):
                self._target.mux(self._voice.encode(ready))

    def _end(self) -> None:
        if self._encoder is not None:
            self._target.mux(self._encoder.encode(None))
        if self._voice is not None:
            self._put_sound(None)
            self._target.mux(self._voice.encode(None))


def _mapped(number: int, frame: VideoFrame, base: Fraction, first_ns: int) -> Mapped:
    pts = frame.pts or 0
    return Mapped(number, pts, first_ns + round(pts * base * NS_PER_S))
