"""Writing a camera's packets to disk as they came, in fragmented MP4 (or QuickTime, its elder).

Goals: at most one group of pictures is lost when the process or the power goes; what lies on
disk can be read at any time; not one byte of a picture is changed. Each fragment is one group
of pictures, handed to the kernel in a single write (:mod:`recorder.writer`).
"""

import contextlib
import io
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
from recorder.writer import Writer, WrittenFile

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
    """Collects what the muxer writes and hands it to the volume's writer in one go.

    The file is made with its first fragment, so that none is ever without.
    """

    def __init__(self, path: Path, writer: Writer) -> None:
        self.path = path
        self.out: WrittenFile | None = None
        self._writer = writer
        self._pending = bytearray()
        self._fragments = 0

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def commit(self, end_ns: int | None = None) -> None:
        """Hand over what has collected, which must be whole boxes.

        Args:
            end_ns: UTC up to which there are pictures then; None: no farther than before.

        Raises:
            OSError: this or something before it could not be written.
        """
        if not self._pending:
            return
        self._number()
        data = bytes(self._pending)
        self._pending.clear()
        if self.out is None:
            self.out = self._writer.open(self.path)
        self.out.put(data, end_ns)

    @property
    def has_fragment(self) -> bool:
        """More than a header has collected."""
        if self.out is not None or not self._pending:
            return bool(self._pending)
        kinds = (atom.kind for atom in atoms(io.BytesIO(self._pending), 0, len(self._pending)))
        return b"moof" in kinds

    def _number(self) -> None:
        """The fragments' sequence numbers (ISO/IEC 14496-12 §8.8.5), as two write them."""
        for atom in atoms(io.BytesIO(self._pending), 0, len(self._pending)):
            if atom.kind == b"moof":  # its first box is mfhd
                self._fragments += 1
                struct.pack_into(">I", self._pending, atom.body + 12, self._fragments)

    def close(self) -> None:
        """Nothing: the muxer calls this, and sound may still come."""

    def release(self) -> None:
        """No more will come."""
        if self.out is not None:
            self.out.close()


class SegmentFile:
    """One file: takes samples from a key frame on.

    The muxer writes the pictures; behind each of its fragments the sound that came meanwhile is
    written. What comes after the file was closed, but was heard before its end, is still added:
    until :meth:`release`.
    """

    def __init__(
        self, path: Path, video: Stream, sound: Sound | None, start_ns: int, writer: Writer
    ) -> None:
        self.path, self.start_ns = path, start_ns
        self.end_ns = start_ns
        self._sound = sound
        self._file = GrowingFile(path, writer)
        self._last_dts: dict[str, int] = {}
        self._heard: list[tuple[int, bytes]] = []
        self._heard_until = 0
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
        reached_ns, self.end_ns = self.end_ns, max(self.end_ns, sample.dts_ns + duration_ns)
        if self._file.has_fragment:  # of the pictures before this one
            self._write_sound()
            self._file.commit(reached_ns)

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
        """What reached the file so far."""
        return self._file.out.bytes_written if self._file.out else 0

    @property
    def durable_ns(self) -> int | None:
        """UTC up to which its pictures are safe from a power cut; None before the first are."""
        return self._file.out.durable_ns if self._file.out else None

    @property
    def error(self) -> OSError | None:
        """Why not all of it was written."""
        return self._file.out.error if self._file.out else None

    def settled(self, timeout_s: float = 0.0) -> bool:
        """Whether all was written and synced or given up, after a release; may wait for it."""
        return self._file.out is None or self._file.out.settled.wait(timeout_s)

    def close(self) -> None:
        """Hand over the last fragment. Raises OSError; then the file is released, too."""
        try:
            self._container.close()
            self._write_sound()
            self._file.commit(self.end_ns)
        except BaseException:
            self._file.release()
            raise

    def release(self) -> None:
        """Hand over the sound that came late and let go of the closed file. Raises OSError."""
        try:
            self._write_sound()
            self._file.commit()
        finally:
            self._file.release()

    def abandon(self) -> None:
        """Close after a failed write: what is not handed over is given up."""
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()
        self._file.release()

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
