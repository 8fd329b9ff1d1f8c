"""Recordings and clips: played live for a camera, or read as fast as possible for a replay."""

import random
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.clock import NS_PER_S, Clock
from core.video import Frame
from ingest.base import Source, wanted_streams
from ingest.burst import Arrived
from ingest.errors import CorruptFileError, IngestError, RefusedError
from ingest.events import Lost
from ingest.health import OnHealth
from ingest.nal import PictureSniffer
from ingest.picture import frame_of
from ingest.rate import Sampler
from ingest.timeline import nominal_rate


class FileSource(Source):
    """A file played at its own pace as if it were a camera; again and again if ``loop``."""

    def __init__(
        self,
        camera: str,
        path: Path,
        clock: Clock,
        *,
        loop: bool = False,
        process: Literal["recorder", "analyst"] = "recorder",
        on_health: OnHealth | None = None,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(camera, clock, process=process, on_health=on_health, rng=rng)
        self.path = path
        self._loop = loop

    def open(self) -> InputContainer:
        return _open(self.path)

    def explain(self, error: Exception) -> IngestError:
        return _corrupt(self.path, str(getattr(error, "strerror", None) or error))

    def after_session(self, lost: Lost) -> bool:
        return self._loop and lost.reason == "ended"

    def arrivals(self, packets: "Iterator[Packet[Stream]]") -> Iterator[Arrived]:
        """A file never makes one wait: it is read as it is paced."""
        return ((packet, self.utc_ns()) for packet in packets)

    def pace(self, time_ns: int, stop: threading.Event) -> bool:
        ahead_ns = time_ns - self.utc_ns()
        return ahead_ns <= 0 or not self.clock.wait(stop, ahead_ns / NS_PER_S)


def file_frames(path: Path, camera: str, fps: float, start_ns: int = 0) -> Iterator[Frame]:
    """Pictures of a file at the analysis rate, in order, none dropped, the same every time.

    Args:
        path: any file FFmpeg reads.
        camera: id written into the frames.
        fps: analysis rate in pictures a second; all pictures if the file has fewer.
        start_ns: UTC of the file's first picture.

    Raises:
        IngestError: at once, when the file is missing or has no readable video.
        CorruptFileError: after the last good picture, when the rest cannot be decoded.
    """
    container = _open(path)
    try:
        stream = wanted_streams(container)[0]
        pictures = _pictures(container, stream, path)
        first = next(pictures, None)
        if first is None:
            raise _corrupt(path, "not one picture can be decoded")
    except BaseException:
        container.close()
        raise
    return _frames(container, stream, first, pictures, camera, fps, start_ns)


def _frames(
    container: InputContainer,
    stream: Stream,
    first: VideoFrame,
    pictures: Iterator[VideoFrame],
    camera: str,
    fps: float,
    start_ns: int,
) -> Generator[Frame, None, None]:
    rate = nominal_rate(stream)
    sampler = Sampler(fps, float(rate) if rate else None)
    index = 0

    def place(picture: VideoFrame) -> int:
        if picture.pts is None or first.pts is None or picture.time_base is None:
            return start_ns
        return start_ns + round((picture.pts - first.pts) * picture.time_base * NS_PER_S)

    try:
        if sampler.wants(start_ns):
            yield frame_of(first, camera, start_ns, index)
            index += 1
        for picture in pictures:
            time_ns = place(picture)
            if sampler.wants(time_ns):
                yield frame_of(picture, camera, time_ns, index)
                index += 1
    finally:
        container.close()


def _pictures(container: InputContainer, stream: Stream, path: Path) -> Iterator[VideoFrame]:
    """All pictures from the first key frame on; raises at the first that is damaged."""
    assert isinstance(stream, VideoStream)
    stream.thread_type = "AUTO"
    sniffer = PictureSniffer(stream.codec_context.name, stream.codec_context.extradata)
    packets = 0
    reached_s = 0.0
    started = False
    try:
        for packet in container.demux(stream):
            if packet.size:
                packets += 1
            if packet.is_corrupt:
                raise _corrupt(path, f"damaged data after {reached_s:.1f} s")
            if packet.size and not sniffer.has_picture(bytes(packet)):
                continue
            for picture in packet.decode():
                if picture.is_corrupt:
                    if not started:
                        continue  # the file begins between two key frames; wait for the next
                    raise _corrupt(path, f"a damaged picture after {reached_s:.1f} s")
                started = True
                reached_s = picture.time if picture.pts is not None else reached_s
                yield picture
    except (av.error.FFmpegError, OSError) as error:
        if not started:
            raise _corrupt(path, "not one picture can be decoded") from error
        raise _corrupt(path, f"cannot be decoded after {reached_s:.1f} s") from error
    length_s = 0.0
    if stream.duration and stream.time_base:
        length_s = float(stream.duration * stream.time_base)
    if packets < stream.frames and reached_s < length_s - 1.0:
        raise _corrupt(
            path, f"ends after {reached_s:.1f} s: {packets} of {stream.frames} pictures are there"
        )


def _open(path: Path) -> InputContainer:
    if not path.is_file():
        raise RefusedError(f"{path}: no such file; check the path")
    try:
        container = av.open(str(path), mode="r")
    except (av.error.FFmpegError, OSError) as error:
        raise _corrupt(
            path, f"no video can be read from it ({getattr(error, 'strerror', error)})"
        ) from error
    if not container.streams.video:
        container.close()
        raise IngestError(f"{path}: no video in this file; choose one with pictures")
    return container


def _corrupt(path: Path, what: str) -> CorruptFileError:
    return CorruptFileError(f"{path}: {what}; the file is damaged, copy it from its source again")
