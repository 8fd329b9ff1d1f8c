"""Writing a camera's packets to disk as they came, in fragmented MP4 (or QuickTime, its elder).

Goals: at most one group of pictures is lost when the process or the power goes; what lies on
disk can be read at any time; not one byte of a picture is changed. Each fragment is one group
of pictures, handed to the kernel in a single write (:mod:`recorder.writer`).
"""

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.stream import Stream

from core.clock import NS_PER_S
from recorder.boxes import atoms
from recorder.fragment import fragment_head, sound_fragment
from recorder.lengths import Chunk, put_lengths
from recorder.sound import Sound
from recorder.source import Sample
from recorder.writer import Writer, WrittenFile

TIME_BASE = Fraction(1, 90_000)
GOP_MOST_BYTES = 16 << 20
FIRST_DURATION_NS = NS_PER_S // 25

_Picture = tuple[int, int, int, bool, int]
"""Decoding time and duration in the track's units, octets, key, presentation minus decoding."""

_HEAD_OPTIONS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer"}

PICTURE_TRACK, SOUND_TRACK = 1, 2  # in the order they are added to the header
# A fragment and a sync for every picture would be too many.
_EVERY_PICTURE_IS_KEY = frozenset({"mjpeg"})
_JPEG_FRAGMENT_TICKS = 90_000
# Their pictures have NAL units, and files want those behind lengths (ISO/IEC 14496-15).
_WITH_UNITS = frozenset({"h264", "hevc"})


class GrowingFile:
    """A file on its way to the volume's writer, made with its first fragment."""

    def __init__(self, path: Path, writer: Writer, head: bytes) -> None:
        self.path = path
        self.out: WrittenFile | None = None
        self._writer = writer
        self._head = head

    def commit(self, chunks: Sequence[Chunk], end_ns: int | None = None) -> None:
        """Hand over whole boxes in one go.

        Args:
            end_ns: UTC up to which there are pictures then; None: no farther than before.

        Raises:
            OSError: this or something before it could not be written.
        """
        if self.out is None:
            chunks = (self._head, *chunks)
            self.out = self._writer.open(self.path)
        self.out.put(b"".join(chunks), end_ns)

    def release(self) -> None:
        """No more will come."""
        if self.out is not None:
            self.out.close()


class SegmentFile:
    """One file: takes samples from a key frame on.

    A group of pictures is collected and becomes a fragment; behind it the sound that came
    meanwhile is written. What comes after the file was closed, but was heard before its end, is
    still added: until :meth:`release`.
    """

    def __init__(
        self, path: Path, video: Stream, sound: Sound | None, start_ns: int, writer: Writer
    ) -> None:
        self.path, self.start_ns = path, start_ns
        self.end_ns = start_ns
        self._sound = sound
        self._file = GrowingFile(path, writer, _head(video, sound))
        self._fragments = 0
        self._last_dts: dict[str, int] = {}
        self._heard: list[tuple[int, bytes]] = []
        self._heard_until = 0
        codec, extradata = video.codec_context.name, video.codec_context.extradata or b""
        # Without parameter sets FFmpeg writes no description, and lengths would mean nothing.
        self._annex_b = codec in _WITH_UNITS and extradata[:1] not in (b"", b"\1")
        self._least_ticks = _JPEG_FRAGMENT_TICKS if codec in _EVERY_PICTURE_IS_KEY else 0
        self._pictures: list[_Picture] = []
        self._chunks: list[Chunk] = []
        self._group_bytes = 0

    def put(self, sample: Sample, duration_ns: int) -> None:
        """Append a picture. Raises OSError when the disk does not take it."""
        dts = self._dts(sample, TIME_BASE.denominator)
        if dts is None:
            return
        pictures = self._pictures
        reached_ns, self.end_ns = self.end_ns, max(self.end_ns, sample.dts_ns + duration_ns)
        ended: list[Chunk] = []
        if pictures and (
            (sample.keyframe and dts - pictures[0][0] >= self._least_ticks)
            # A camera that never sends a second key frame must not fill the memory.
            or self._group_bytes > GOP_MOST_BYTES
        ):
            ended = self._fragment(dts)
        if self._annex_b:
            size = put_lengths(sample.data, self._chunks)
        else:
            self._chunks.append(sample.data)
            size = len(sample.data)
        after = 0
        if sample.time_ns > sample.dts_ns:
            after = max(0, _units(sample.time_ns - self.start_ns, TIME_BASE.denominator) - dts)
        lasts = max(1, _units(duration_ns, TIME_BASE.denominator))
        pictures.append((dts, lasts, size, sample.keyframe, after))
        self._group_bytes += size
        if ended:
            self._file.commit(ended, reached_ns)

    def _fragment(self, next_dts: int | None) -> list[Chunk]:
        """The pictures collected, as a fragment, and the sound that came meanwhile."""
        pictures, chunks = self._pictures, self._chunks
        table = [
            (after[0] - dts, size, key, shown_after)
            for (dts, _, size, key, shown_after), after in pairwise(pictures)
        ]
        dts, lasts, size, key, shown_after = pictures[-1]
        table.append((lasts if next_dts is None else next_dts - dts, size, key, shown_after))
        self._fragments += 1
        head = fragment_head(
            table, sequence=self._fragments, track=PICTURE_TRACK, dts=pictures[0][0]
        )
        ended = [head, *chunks, *self._sound_fragment()]
        pictures.clear()
        chunks.clear()
        self._group_bytes = 0
        return ended

    def put_sound(self, sample: Sample) -> None:
        """Append sound; it is written with the pictures around it."""
        if self._sound is None:
            return
        dts = self._dts(sample, self._sound.rate_hz)
        if dts is not None:
            self._heard.append((dts, sample.data))
            self._heard_until = dts + max(1, _units(sample.duration_ns, self._sound.rate_hz))

    def _sound_fragment(self) -> list[Chunk]:
        if not self._heard:
            return []
        lasts = self._heard_until - self._heard[-1][0]
        self._fragments += 1
        made = sound_fragment(self._heard, lasts, sequence=self._fragments, track=SOUND_TRACK)
        self._heard.clear()
        return [made]

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
            if self._pictures:
                self._file.commit(self._fragment(None), self.end_ns)
        except BaseException:
            self._file.release()
            raise

    def release(self) -> None:
        """Hand over the sound that came late and let go of the closed file. Raises OSError."""
        try:
            if self._heard and self._file.out is not None:
                self._file.commit(self._sound_fragment())
        finally:
            self._file.release()

    def abandon(self) -> None:
        """Close after a failed write: what is not handed over is given up."""
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


def _head(video: Stream, sound: Sound | None) -> bytes:
    """What a file begins with (ftyp, moov), by FFmpeg's muxer."""
    buffer = io.BytesIO()
    container = av.open(
        buffer, mode="w", format=sound.format if sound else "mp4", options=_HEAD_OPTIONS
    )
    container.add_stream_from_template(video, opaque=True).time_base = TIME_BASE
    if sound is not None:
        sound.add_to(container).time_base = Fraction(1, sound.rate_hz)
    container.start_encoding()
    container.close()
    written = buffer.getvalue()
    found = atoms(io.BytesIO(written), 0, len(written))
    return b"".join(written[a.start : a.end] for a in found if a.kind in (b"ftyp", b"moov"))


def _units(ns: int, rate_hz: int) -> int:
    return round(ns * rate_hz / NS_PER_S)
