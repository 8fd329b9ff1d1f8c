"""Cutting a clip out of the recordings without touching a byte of a picture.

Whole groups of pictures are copied: a cut inside one would need re-encoding, and would tear
the camera's own signatures (ONVIF Media Signing chains them by group). The range asked for is
kept beside the clip, not cut into it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
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

HOLE_NS = NS_PER_S // 2


@dataclass(frozen=True)
class Cut:
    """A clip that was cut.

    Attributes:
        first_ns, last_ns: UTC of the first picture and of the end of the last one.
        frames: pictures in the clip.
        segments: files it was cut from.
        gaps: parts of the range asked for that are not in the clip, with the reason.
        path: the clip, an MP4 that plays while it is downloaded.
    """

    path: Path
    first_ns: int
    last_ns: int
    frames: int
    segments: tuple[Path, ...]
    gaps: tuple[Gap, ...]


@dataclass
class _Piece:
    """What is taken of one segment; times in the video track's units."""

    segment: Segment
    complete_bytes: int
    timescale: int
    fragments: list[Fragment]
    extradata: bytes = field(default=b"")

    @property
    def first_ns(self) -> int:
        return self.segment.utc_ns(self.fragments[0].first_dts, self.timescale)

    @property
    def last_ns(self) -> int:
        return self.segment.utc_ns(self.fragments[-1].end_dts, self.timescale)


def cut(recordings: Path, camera: str, first_ns: int, last_ns: int, out: Path) -> Cut:
    """Copy the groups of pictures that cover a range into one MP4.

    Works across segments and reads the one that is still growing as far as it is complete.
    The stream parameters must be the same throughout; when a camera was reconfigured within
    the range, the longer part is taken and the rest is reported as a gap.

    Raises:
        NothingRecordedError: no picture of the range is on disk; says what the ledger knows.
        RecorderError: the clip cannot be written.
    """
    if last_ns <= first_ns:
        raise RecorderError(
            f"camera {camera}: the range ends ({iso(last_ns)}) before it starts ({iso(first_ns)})"
        )
    pieces = list(_pieces(recordings, camera, first_ns, last_ns))
    ledger = read_gaps(recordings, camera, first_ns, last_ns)
    if not pieces:
        known = ", ".join(sorted({gap.reason for gap in ledger})) or "no reason in the ledger"
        raise NothingRecordedError(
            f"camera {camera}: nothing recorded from {iso(first_ns)} to {iso(last_ns)} ({known})"
        )
    kept = _same_stream(pieces)
    temporary = out.with_name(out.name + ".part")
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        frames = _copy(kept, temporary)
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
    )


def _pieces(root: Path, camera: str, first_ns: int, last_ns: int) -> Iterator[_Piece]:
    for segment in segments(root, camera, first_ns, last_ns):
        try:
            found = segment.scan()
        except RecorderError:
            continue  # nothing readable in it; shows up as a gap
        wanted: list[Fragment] = []
        for group in _groups(found.fragments):
            start_ns = segment.utc_ns(group[0].first_dts, found.timescale)
            end_ns = segment.utc_ns(group[-1].end_dts, found.timescale)
            if start_ns < last_ns and end_ns > first_ns:
                wanted += group
        if wanted:
            yield _Piece(segment, found.complete_bytes, found.timescale, wanted)


def _groups(fragments: tuple[Fragment, ...]) -> Iterator[list[Fragment]]:
    """Fragments by group of pictures: one each, unless a group was too long for one."""
    group: list[Fragment] = []
    for fragment in fragments:
        if not fragment.samples:
            continue
        if fragment.key and group:
            yield group
            group = []
        if fragment.key or group:
            group.append(fragment)
    if group:
        yield group


def _same_stream(pieces: list[_Piece]) -> list[_Piece]:
    runs: list[list[_Piece]] = []
    for piece in pieces:
        with av.open(CompletePart(piece.segment.path, piece.complete_bytes), mode="r") as source:
            piece.extradata = source.streams.video[0].codec_context.extradata or b""
        if runs and runs[-1][0].extradata == piece.extradata:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return max(runs, key=lambda run: run[-1].last_ns - run[0].first_ns)


def _copy(pieces: list[_Piece], out: Path) -> int:
    zero_ns = pieces[0].first_ns
    frames = 0
    with av.open(str(out), mode="w", format="mp4", options={"movflags": "faststart"}) as target:
        target.metadata["creation_time"] = iso(zero_ns)
        outputs: dict[str, Stream] = {}
        last_dts: dict[str, int] = {}
        for piece in pieces:
            part = CompletePart(piece.segment.path, piece.complete_bytes)
            with av.open(part, mode="r") as source:
                inputs = (source.streams.video[0], *source.streams.audio[:1])
                if not outputs:
                    for stream in inputs:
                        outputs[stream.type] = target.add_stream_from_template(stream, opaque=True)
                    outputs["video"].time_base = TIME_BASE
                shift_ns = piece.segment.start_ns - zero_ns
                frames += _copy_piece(
                    piece, shift_ns, source.demux(inputs), target, outputs, last_dts
                )
    return frames


def _copy_piece(
    piece: _Piece,
    shift_ns: int,
    packets: "Iterator[av.Packet[Stream]]",
    target: OutputContainer,
    outputs: dict[str, Stream],
    last_dts: dict[str, int],
) -> int:
    first = piece.fragments[0].first_dts * NS_PER_S // piece.timescale
    last = piece.fragments[-1].end_dts * NS_PER_S // piece.timescale
    frames = 0
    for packet in packets:
        out = outputs.get(packet.stream.type)
        if out is None or packet.dts is None or packet.pts is None or packet.is_corrupt:
            continue
        dts_ns = round(packet.dts * packet.time_base * NS_PER_S)
        if not first - 1000 <= dts_ns < last - 1000:
            continue
        delay_ns = round((packet.pts - packet.dts) * packet.time_base * NS_PER_S)
        duration_ns = round((packet.duration or 0) * packet.time_base * NS_PER_S)
        dts = max(_units(dts_ns + shift_ns), last_dts.get(out.type, -1) + 1)
        last_dts[out.type] = dts
        copy = av.Packet(bytes(packet))
        copy.stream = out
        copy.time_base = TIME_BASE
        copy.dts, copy.pts = dts, dts + _units(delay_ns)
        copy.duration = _units(duration_ns)
        copy.is_keyframe = packet.is_keyframe
        target.mux_one(copy)
        frames += out.type == "video"
    return frames


def _units(ns: int) -> int:
    return round(ns * TIME_BASE.denominator / NS_PER_S)


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
