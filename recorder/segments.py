"""Writing a camera's packets to disk as they came, in fragmented MP4 (or QuickTime, its elder).

Goals: at most one group of pictures is lost when the process or the power goes; what lies on
disk can be read at any time; not one byte of a picture is changed. Each fragment is one group
of pictures, handed to the kernel in a single write and synced to the disk.
"""

import contextlib
import io
import os
import struct
from fractions import Fraction
from pathlib import Path

import av
from av.stream import Stream

from core.clock import NS_PER_S
from recorder.boxes import atoms
from recorder.fragment import sound_fragment
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
    # The sound goes past the muxer, which must not wait for it.
    "max_interleave_delta": "1",
}

SOUND_TRACK = 2  # the picture is added first
# A fragment and a sync for every picture would be too many.
_EVERY_PICTURE_IS_KEY = frozenset({"mjpeg"})


class GrowingFile:
    """Collects what the muxer writes and puts it on disk in one go."""

    def __init__(self, path: Path, *, sync: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self._sync = sync
        self._pending = bytearray()
        self._fragments = 0
        self.bytes_written = 0
        if sync:
            _sync_folder(path.parent)

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def commit(self) -> None:
        """Write and sync what has collected, which must be whole boxes."""
        if not self._pending:
            return
        self._number()
        view = memoryview(bytes(self._pending))
        self._pending.clear()
        while view:
            done = os.write(self._fd, view)
            self.bytes_written += done
            view = view[done:]
        if self._sync:
            os.fdatasync(self._fd)

    @property
    def pending(self) -> bool:
        """Something has collected."""
        return bool(self._pending)

    def _number(self) -> None:
        """The fragments' sequence numbers (ISO/IEC 14496-12 §8.8.5), as two write them."""
        for atom in atoms(io.BytesIO(self._pending), 0, len(self._pending)):
            if atom.kind == b"moof":  # its first box is mfhd
                self._fragments += 1
                struct.pack_into(">I", self._pending, atom.body + 12, self._fragments)

    def close(self) -> None:
        """The descriptor is released; the muxer calls this too, twice does no harm."""

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class SegmentFile:
    """One file: takes samples from a key frame on.

    The muxer writes the pictures; behind each of its fragments the sound that came meanwhile is
    written. What comes after the file was closed, but was heard before its end, is still added:
    until :meth:`release`.
    """

    def __init__(
        self, path: Path, video: Stream, sound: Sound | None, start_ns: int, *, sync: bool
    ) -> None:
        self.path, self.start_ns = path, start_ns
        self.end_ns = start_ns
        self._sound = sound
        self._file = GrowingFile(path, sync=sync)
        self._last_dts: dict[str, int] = {}
        self._heard: list[tuple[int, bytes]] = []
        self._heard_until = 0
        try:
            self._container = av.open(
                self._file,
                mode="w",
                format=sound.format if sound else "mp4",
                options=_options(video),
            )
            self._out = self._container.add_stream_from_template(video, opaque=True)
            self._out.time_base = TIME_BASE
            if sound is not None:
                sound.add_to(self._container).time_base = Fraction(1, sound.rate_hz)
        except BaseException:
            self._file.release()
            raise

    def put(self, sample: Sample, duration_ns: int) -> None:
        """Append a picture. Raises OSError when the disk does not take it."""
        dts = self._dts(sample, TIME_BASE.denominator)
        if dts is None:
            return
        packet = av.Packet(sample.data)
        packet.stream = self._out
        packet.time_base = TIME_BASE
        packet.dts = dts
        packet.pts = max(dts, _units(sample.time_ns - self.start_ns, TIME_BASE.denominator))
        packet.duration = max(1, _units(duration_ns, TIME_BASE.denominator))
        packet.is_keyframe = sample.keyframe
        self._container.mux_one(packet)
        self.end_ns = max(self.end_ns, sample.dts_ns + duration_ns)
        if self._file.pending:
            self._write_sound()
        self._file.commit()

    def put_sound(self, sample: Sample) -> None:
        """Append sound; it is written with the pictures around it."""
        if self._sound is None:
            return
        dts = self._dts(sample, self._sound.rate_hz)
        if dts is not None:
            self._heard.append((dts, sample.data))
            self._heard_until = dts + max(1, _units(sample.duration_ns, self._sound.rate_hz))

    def _write_sound(self) -> None:
        if self._heard:
            lasts = self._heard_until - self._heard[-1][0]
            self._file.write(sound_fragment(self._heard, lasts, sequence=0, track=SOUND_TRACK))
            self._heard.clear()

    @property
    def bytes_written(self) -> int:
        return self._file.bytes_written

    def close(self) -> None:
        """Write the last fragment. Raises OSError; then the file is released, too."""
        try:
            self._container.close()
            self._write_sound()
            self._file.commit()
        except BaseException:
            self._file.release()
            raise

    def release(self) -> None:
        """Write the sound that came late and let go of the closed file. Raises OSError."""
        try:
            self._write_sound()
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

    def _dts(self, sample: Sample, rate_hz: int) -> int | None:
        """Decoding time in the track's units; None for sound from before the first picture."""
        dts = _units(sample.dts_ns - self.start_ns, rate_hz)
        last = self._last_dts.get(sample.kind)
        if last is None and dts < 0:
            return None
        dts = dts if last is None else max(dts, last + 1)
        self._last_dts[sample.kind] = dts
        return dts


def _options(video: Stream) -> dict[str, str]:
    if video.codec_context.name not in _EVERY_PICTURE_IS_KEY:
        return _OPTIONS
    return {**_OPTIONS, "min_frag_duration": "1000000"}


def _units(ns: int, rate_hz: int) -> int:
    return round(ns * rate_hz / NS_PER_S)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
