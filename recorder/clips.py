"""Cutting a clip out of the recordings without touching a byte of a picture.

Whole groups of pictures are copied: a cut inside one would need re-encoding, and would tear
the camera's own signatures (ONVIF Media Signing chains them by group). Where there are such, one
group or more after the range are copied, for they hold the signatures of those before. The range
asked for is kept beside the clip, not cut into it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.stream import Stream

from core.clock import NS_PER_S, iso
from recorder.boxes import Fragment
from recorder.errors import NothingRecordedError, RecorderError
from recorder.ledger import Gap, read_gaps
from recorder.segments import TIME_BASE
from recorder.shelf import CompletePart, Segment, segments
from recorder.signing.file import may_be_signed
from recorder.sound import COPIED

HOLE_NS = NS_PER_S // 2
NEXT_FILE_NS = 30 * NS_PER_S
"""How much later than the range the file may start that holds the group after it."""


@dataclass(frozen=True)
class Cut:
    """A clip that was cut.

    Attributes:
        first_ns, last_ns: UTC of the first picture and of the end of the last one.
        frames: pictures in the clip.
        segments: files it was cut from.
        gaps: parts of the range asked for that are not in the clip, with the reason.
        silent: parts of the clip without its sound, because the camera sent none or another.
        signed: the camera may sign its video.
        after: groups of pictures in it from after the range.
        path: the clip, an MP4 (QuickTime with G.711 sound) that plays while it is downloaded.
    """

    path: Path
    first_ns: int
    last_ns: int
    frames: int
    segments: tuple[Path, ...]
    gaps: tuple[Gap, ...]
    silent: tuple[tuple[int, int], ...] = ()
    signed: bool = False
    after: int = 0


@dataclass
class _Piece:
    """What is taken of one segment; times in the video track's units."""

    segment: Segment
    complete_bytes: int
    timescale: int
    fragments: list[Fragment]
    picture: tuple[object, ...] = ()
    sound: tuple[object, ...] = ()
    """What the streams' players must be told; only pieces that agree can share a track."""
    after: int = 0
    """Groups of it from after the range."""

    @property
    def first_ns(self) -> int:
        return self.segment.utc_ns(self.fragments[0].first_dts, self.timescale)

    @property
    def last_ns(self) -> int:
        return self.segment.utc_ns(self.fragments[-1].end_dts, self.timescale)


def cut(
    recordings: Path, camera: str, first_ns: int, last_ns: int, out: Path, *, after: int = 1
) -> Cut:
    """Copy the groups of pictures that cover a range into one MP4.

    Works across segments and reads the one that is still growing as far as it is complete.
    The stream parameters must be the same throughout; when a camera was reconfigured within
    the range, the longer part is taken and the rest is reported as a gap.

    Args:
        after: of a camera that signs, so many groups after the range come along, if there are.

    Raises:
        NothingRecordedError: no picture of the range is on disk; says what the ledger knows.
        RecorderError: the clip cannot be written.
    """
    if last_ns <= first_ns:
        raise RecorderError(
            f"camera {camera}: the range ends ({iso(last_ns)}) before it starts ({iso(first_ns)})"
        )
    pieces = list(_pieces(recordings, camera, first_ns, last_ns, after))
    ledger = read_gaps(recordings, camera, first_ns, last_ns)
    if not pieces:
        known = ", ".join(sorted({gap.reason for gap in ledger})) or "no reason in the ledger"
        raise NothingRecordedError(
            f"camera {camera}: nothing recorded from {iso(first_ns)} to {iso(last_ns)} ({known})"
        )
    kept = _same_picture(pieces)
    sound = _longest_sound(kept)
    temporary = out.with_name(out.name + ".part")
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        frames = _copy(kept, sound, temporary)
        temporary.replace(out)
    except (av.error.FFmpegError, OSError) as error:
        raise RecorderError(
            f"{out}: the clip cannot be written ({getattr(error, 'strerror', error)})"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return Cut(
        path=out,
        first_ns=kept[0].first_ns,
        last_ns=max(piece.last_ns for piece in kept),
        frames=frames,
        segments=tuple(piece.segment.path for piece in kept),
        gaps=tuple(_gaps(kept, len(kept) < len(pieces), ledger, first_ns, last_ns)),
        silent=tuple((p.first_ns, p.last_ns) for p in kept if sound and p.sound != sound),
        signed=any(piece.after for piece in kept) or _signed(kept[-1].segment.path),
        after=sum(piece.after for piece in kept),
    )


def _pieces(
    root: Path, camera: str, first_ns: int, last_ns: int, most_after: int
) -> Iterator[_Piece]:
    """What covers the range; of a camera that signs, and groups after it."""
    end_ns: int | None = None
    after = 0
    for segment in segments(root, camera, first_ns, last_ns + NEXT_FILE_NS):
        try:
            found = segment.scan()
        except RecorderError:
            continue  # nothing readable in it; shows up as a gap
        piece = _Piece(segment, found.complete_bytes, found.timescale, [])
        for group in found.groups():
            start_ns = segment.utc_ns(group[0].first_dts, found.timescale)
            end_of_group_ns = segment.utc_ns(group[-1].end_dts, found.timescale)
            if start_ns >= last_ns:
                if end_ns is None or start_ns - end_ns > HOLE_NS or after >= most_after:
                    break
                if not after and not _signed(segment.path):
                    break
                after += 1
                piece.after += 1
            if end_of_group_ns > first_ns:
                piece.fragments += group
                end_ns = end_of_group_ns
        if piece.fragments:
            yield piece


def _signed(path: Path) -> bool:
    try:
        return may_be_signed(path)
    except RecorderError:
        return False  # then there is nothing to take of it either


def _same_picture(pieces: list[_Piece]) -> list[_Piece]:
    runs: list[list[_Piece]] = []
    for piece in pieces:
        with av.open(CompletePart(piece.segment.path, piece.complete_bytes), mode="r") as source:
            video = source.streams.video[0].codec_context
            piece.picture = (video.name, video.width, video.height, video.extradata)
            for stream in source.streams.audio[:1]:
                heard = stream.codec_context
                piece.sound = (heard.name, heard.sample_rate, heard.channels, heard.extradata)
        if runs and runs[-1][0].picture == piece.picture:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return max(runs, key=lambda run: run[-1].last_ns - run[0].first_ns)


def _longest_sound(pieces: list[_Piece]) -> tuple[object, ...]:
    """The sound of most of the clip; empty when there is none."""
    lasts_ns: dict[tuple[object, ...], int] = {}
    for piece in pieces:
        if piece.sound:
            before_ns = lasts_ns.get(piece.sound, 0)
            lasts_ns[piece.sound] = before_ns + piece.last_ns - piece.first_ns
    return max(lasts_ns, key=lambda one: lasts_ns[one], default=())


def _copy(pieces: list[_Piece], sound: tuple[object, ...], out: Path) -> int:
    quicktime = bool(sound) and COPIED.get(str(sound[0])) == "mov"
    # The plain form of QuickTime cannot say that sound is missing somewhere: all that follows
    # would be heard too early. Fragments each have a time of their own.
    fragmented = "frag_keyframe+delay_moov+default_base_moof+global_sidx"
    flags = fragmented if quicktime else "faststart"
    with av.open(
        str(out), mode="w", format="mov" if quicktime else "mp4", options={"movflags": flags}
    ) as target:
        return _Copying(pieces, sound, target).run()


class _Copying:
    """Packets of the pieces on their way into one file."""

    def __init__(
        self, pieces: list[_Piece], sound: tuple[object, ...], target: OutputContainer
    ) -> None:
        self._pieces, self._sound, self._target = pieces, sound, target
        self._zero_ns = pieces[0].first_ns
        self._outputs: dict[str, Stream] = {}
        self._bases: dict[str, Fraction] = {}
        self._last_dts: dict[str, int] = {}
        target.metadata["creation_time"] = iso(self._zero_ns)

    def run(self) -> int:
        """Copy all; returns the number of pictures."""
        self._make_tracks()
        frames = 0
        for piece, following in zip(self._pieces, [*self._pieces[1:], None], strict=True):
            # Sound goes on to the next piece's first picture, where that follows at once.
            heard_until_ns = piece.last_ns
            if following is not None and abs(following.first_ns - piece.last_ns) < HOLE_NS:
                heard_until_ns = following.first_ns
            frames += self._copy(piece, heard_until_ns)
        return frames

    def _make_tracks(self) -> None:
        wanted = [("video", self._pieces[0])]
        wanted += [("audio", p) for p in self._pieces if self._sound and p.sound == self._sound][:1]
        for kind, piece in wanted:
            part = CompletePart(piece.segment.path, piece.complete_bytes)
            with av.open(part, mode="r") as source:
                stream = source.streams.get({kind: 0})[0]
                base = TIME_BASE if kind == "video" else stream.time_base or TIME_BASE
                self._outputs[kind] = self._target.add_stream_from_template(stream, opaque=True)
                self._outputs[kind].time_base = self._bases[kind] = base

    def _copy(self, piece: _Piece, heard_until_ns: int) -> int:
        start_ns = piece.segment.start_ns
        ends_ns = {"video": piece.last_ns, "audio": heard_until_ns}
        frames = 0
        part = CompletePart(piece.segment.path, piece.complete_bytes)
        with av.open(part, mode="r") as source:
            inputs: list[Stream] = [source.streams.video[0]]
            if self._sound and piece.sound == self._sound:
                inputs += source.streams.audio[:1]
            for packet in source.demux(inputs):
                if packet.dts is None or packet.is_corrupt:
                    continue
                kind = packet.stream.type
                dts_ns = start_ns + round(packet.dts * packet.time_base * NS_PER_S)
                # A time may be rounded down by a microsecond.
                if piece.first_ns - 1000 <= dts_ns < ends_ns[kind] - 1000:
                    self._put(packet, kind, dts_ns - self._zero_ns)
                    frames += kind == "video"
        return frames

    def _put(self, packet: "av.Packet[Stream]", kind: str, dts_ns: int) -> None:
        base = self._bases[kind]
        last = self._last_dts.get(kind, -1)
        dts = self._last_dts[kind] = max(_units(dts_ns, base), last + 1)
        delay = 0 if packet.pts is None or packet.dts is None else packet.pts - packet.dts
        delay_ns = round(delay * packet.time_base * NS_PER_S)
        copy = av.Packet(bytes(packet))
        copy.stream = self._outputs[kind]
        copy.time_base = base
        copy.dts, copy.pts = dts, dts + _units(delay_ns, base)
        copy.duration = _units(round((packet.duration or 0) * packet.time_base * NS_PER_S), base)
        copy.is_keyframe = packet.is_keyframe
        self._target.mux_one(copy)


def _units(ns: int, base: Fraction) -> int:
    return round(ns * base.denominator / (base.numerator * NS_PER_S))


def _gaps(
    kept: list[_Piece], changed: bool, ledger: list[Gap], first_ns: int, last_ns: int
) -> Iterator[Gap]:
    """The holes of the clip within the range, each with the ledger's reason if it has one."""
    covered_ns = first_ns
    holes = []
    for piece in kept:
        if piece.first_ns > covered_ns + HOLE_NS:
            holes.append((covered_ns, piece.first_ns))
        covered_ns = max(covered_ns, piece.last_ns)
    if covered_ns < last_ns:
        holes.append((covered_ns, last_ns))
    for start_ns, end_ns in holes:
        found = [gap for gap in ledger if gap.overlaps(start_ns, end_ns)]
        if found:
            reason, detail = found[0].reason, found[0].detail
        elif changed:
            reason, detail = "stream_changed", "the camera was reconfigured within the range"
        else:
            reason, detail = "not_on_disk", "not yet written, or deleted"
        yield Gap(first_ns=start_ns, last_ns=end_ns, reason=reason, detail=detail)
