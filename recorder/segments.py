"""Writing a camera's packets to disk as they came, in fragmented MP4 (or QuickTime, its elder).

Goals: at most one group of pictures is lost when the process or the power goes; what lies on
disk can be read at any time; not one byte of a picture is changed. Each fragment is one group
of pictures, handed to the kernel in a single write and synced to the disk.
"""

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import av
from av.stream import Stream

from core.clock import NS_PER_S
from recorder.fragment import fragment
from recorder.sound import Sound
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

SOUND_TRACK = 2  # the picture is added first
_LATE_SEQUENCE = 1_000_000  # above what the muxer counted to; numbers must rise (§8.8.5)
# A fragment and a sync for every picture would be too many.
_EVERY_PICTURE_IS_KEY = frozenset({"mjpeg"})


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
    """One file: takes samples from a key frame on.

    Sound arrives later than the picture it belongs to. What comes after the file was closed, but
    was heard before its end, is added by :meth:`put_late`; :meth:`release` is its last word.
    """

    def __init__(
        self, path: Path, video: Stream, sound: Sound | None, start_ns: int, *, sync: bool
    ) -> None:
        self.path, self.start_ns = path, start_ns
        self.end_ns = start_ns
        self.sound = sound
        self._file = GrowingFile(path, sync=sync)
        self._last: dict[str, int] = {}
        self._bases = {"video": TIME_BASE}
        self._late = 0
        try:
            self._container = av.open(
                self._file,
                mode="w",
                format=sound.format if sound else "mp4",
                options=_options(video),
            )
            self._out = {"video": self._container.add_stream_from_template(video, opaque=True)}
            self._out["video"].time_base = TIME_BASE
            if sound is not None:
                self._bases["audio"] = Fraction(1, sound.rate_hz)
                self._out["audio"] = sound.add_to(self._container)
                self._out["audio"].time_base = self._bases["audio"]
        except BaseException:
            self._file.release()
            raise

    def put(self, sample: Sample, duration_ns: int) -> None:
        """Append a sample. Raises OSError when the disk does not take it."""
        out = self._out.get(sample.kind)
        dts = self._dts(sample)
        if out is None or dts is None:
            return
        packet = av.Packet(sample.data)
        packet.stream = out
        packet.time_base = self._bases[sample.kind]
        packet.dts = dts
        packet.pts = max(dts, self._units(sample.kind, sample.time_ns - self.start_ns))
        packet.duration = max(1, self._units(sample.kind, duration_ns))
        packet.is_keyframe = sample.keyframe
        self._container.mux_one(packet)
        if sample.kind == "video":
            self.end_ns = max(self.end_ns, sample.dts_ns + duration_ns)
        self._file.commit()

    def put_late(self, sample: Sample) -> None:
        """Append sound to a closed file, as fragments of its own."""
        dts = self._dts(sample) if self.sound is not None else None
        if dts is None:
            return
        self._late += 1
        self._file.write(
            fragment(
                sample.data,
                sequence=_LATE_SEQUENCE + self._late,
                track=SOUND_TRACK,
                dts=dts,
                duration=max(1, self._units("audio", sample.duration_ns)),
                shown_after=0,
                keyframe=True,
            )
        )

    @property
    def bytes_written(self) -> int:
        return self._file.bytes_written

    def close(self) -> None:
        """Write the last picture's fragment. Raises OSError; then the file is released, too."""
        try:
            self._container.close()
            self._file.commit()
        except BaseException:
            self._file.release()
            raise

    def release(self) -> None:
        """Write the late sound and let go of the closed file. Raises OSError."""
        try:
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

    def _dts(self, sample: Sample) -> int | None:
        """Decoding time in the track's units; None for sound from before the first picture."""
        dts = self._units(sample.kind, sample.dts_ns - self.start_ns)
        last = self._last.get(sample.kind)
        if last is None and dts < 0:
            return None
        dts = dts if last is None else max(dts, last + 1)
        self._last[sample.kind] = dts
        return dts

    def _units(self, kind: str, ns: int) -> int:
        return round(ns * self._bases[kind].denominator / NS_PER_S)


def _options(video: Stream) -> dict[str, str]:
    if video.codec_context.name not in _EVERY_PICTURE_IS_KEY:
        return _OPTIONS
    return {**_OPTIONS, "min_frag_duration": "1000000"}


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
