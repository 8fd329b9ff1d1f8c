"""Writing a camera's packets to disk as they came, in fragmented MP4.

Goals: at most one group of pictures is lost when the process or the power goes; what lies on
disk can be read at any time; not one byte of a picture is changed. Each fragment is one group
of pictures, handed to the kernel in a single write and synced to the disk.
"""

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import av
import structlog
from av.stream import Stream

from core.clock import NS_PER_S
from recorder.source import Sample

TIME_BASE = Fraction(1, 90_000)
GOP_MOST_BYTES = 16 << 20
FIRST_DURATION_NS = NS_PER_S // 25

_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    # A camera that never sends a second key frame must not fill the memory.
    "frag_size": str(GOP_MOST_BYTES),
    # Whole boxes leave the muxer with every packet, so that one commit is whole boxes.
    "flush_packets": "1",
    # A sound track that is announced and then silent must not hold back the pictures.
    "max_interleave_delta": "200000",
}

log = structlog.get_logger()


class GrowingFile:
    """Collects what the muxer writes and puts it on disk in one go."""

    def __init__(self, path: Path, *, sync: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self._sync = sync
        self._pending = bytearray()
        self.bytes_written = 0
        if sync:
            _sync_folder(path.parent)

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def commit(self) -> None:
        """Write and sync what has collected."""
        if not self._pending:
            return
        view = memoryview(bytes(self._pending))
        self._pending.clear()
        while view:
            done = os.write(self._fd, view)
            self.bytes_written += done
            view = view[done:]
        if self._sync:
            os.fdatasync(self._fd)

    def close(self) -> None:
        """The descriptor is released; the muxer calls this too, twice does no harm."""

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class SegmentFile:
    """One file: takes samples from a key frame on."""

    def __init__(
        self, path: Path, streams: tuple[Stream, ...], start_ns: int, *, sync: bool
    ) -> None:
        self.path, self.start_ns = path, start_ns
        self.end_ns = start_ns
        self._file = GrowingFile(path, sync=sync)
        self._last_dts: dict[str, int] = {}
        try:
            self._container = av.open(self._file, mode="w", format="mp4", options=_OPTIONS)
            self._out = {
                stream.type: self._container.add_stream_from_template(stream, opaque=True)
                for stream in streams
            }
            for stream in self._out.values():
                if stream.type == "video":
                    stream.time_base = TIME_BASE
        except BaseException:
            self._file.release()
            raise

    def put(self, sample: Sample, duration_ns: int) -> None:
        """Append a sample. Raises OSError when the disk does not take it."""
        out = self._out.get(sample.kind)
        if out is None:
            return
        dts = _units(sample.dts_ns - self.start_ns)
        last = self._last_dts.get(sample.kind)
        if last is None and dts < 0:
            return  # sound from before the first picture
        dts = dts if last is None else max(dts, last + 1)
        self._last_dts[sample.kind] = dts
        packet = av.Packet(sample.data)
        packet.stream = out
        packet.time_base = TIME_BASE
        packet.dts = dts
        packet.pts = max(dts, _units(sample.time_ns - self.start_ns))
        packet.duration = max(1, _units(duration_ns))
        packet.is_keyframe = sample.keyframe
        self._container.mux_one(packet)
        if sample.kind == "video":
            self.end_ns = max(self.end_ns, sample.dts_ns + duration_ns)
        self._file.commit()

    @property
    def bytes_written(self) -> int:
        return self._file.bytes_written

    def close(self) -> None:
        """Write the last fragment. Raises OSError; the descriptor is released anyway."""
        try:
            self._container.close()
            self._file.commit()
        finally:
            self._file.release()

    def abandon(self) -> None:
        """Close after a failed write: what cannot be written is given up."""
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()
        self._file.release()
        with contextlib.suppress(OSError):
            if self.path.stat().st_size == 0:
                self.path.unlink()


def storable(streams: tuple[Stream, ...], camera: str) -> tuple[Stream, ...]:
    """The streams that MP4 can hold; G.711 sound of many cameras is not among them."""
    kept = []
    for stream in streams:
        name = stream.codec_context.name
        if stream.type == "audio" and name not in _MP4_AUDIO:
            log.info("sound is not recorded", camera=camera, codec=name, why="not for MP4")
            continue
        kept.append(stream)
    return tuple(kept)


_MP4_AUDIO = frozenset({"aac", "ac3", "eac3", "mp3", "mp3float", "mp2", "opus", "flac", "alac"})


def _units(ns: int) -> int:
    return round(ns * TIME_BASE.denominator / NS_PER_S)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
