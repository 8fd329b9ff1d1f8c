"""What a player must be told of a video stream: RFC 6381 codec string and init segment."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
from av.stream import Stream
from av.video.stream import VideoStream

from recorder.boxes import atoms, video_track
from recorder.errors import RelayError
from recorder.lengths import Chunk, put_lengths
from recorder.segments import TIME_BASE


@dataclass(frozen=True)
class Initialisation:
    """The beginning of a fragmented MP4 stream.

    Attributes:
        data: ftyp and moov boxes.
        codec: RFC 6381 string for ``MediaSource.isTypeSupported``, e.g. ``avc1.42C01E``.
        width, height: pixels.
        track: id of the video track.
        timescale: units a second of its times.
        annex_b: packets carry start codes and must be rewritten with lengths.
    """

    data: bytes
    codec: str
    width: int
    height: int
    track: int
    timescale: int
    annex_b: bool


def initialisation(stream: Stream) -> Initialisation:
    """Make the init segment of a video stream.

    Raises:
        RelayError: the codec cannot be played from MP4, or its parameters are unknown.
    """
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    extradata = context.extradata or b""
    if context.name not in ("h264", "hevc", "mjpeg"):
        raise RelayError(f"{context.name} video cannot be shown live; set the camera to H.264")
    if not extradata and context.name != "mjpeg":
        raise RelayError("the camera sent no parameter sets, its picture cannot be shown live")
    head = head_for([stream])
    track, timescale = _track_of(head)
    return Initialisation(
        data=head,
        codec=codec_string(context.name, extradata),
        width=context.width,
        height=context.height,
        track=track,
        timescale=timescale,
        annex_b=context.name != "mjpeg" and extradata[0] != 1,
    )


def head_for(streams: Sequence[Stream]) -> bytes:
    """ftyp and moov of a fragmented MP4 with copies of these streams, the picture first."""
    buffer = io.BytesIO()
    container = av.open(
        buffer,
        mode="w",
        format="mp4",
        options={"movflags": "frag_custom+empty_moov+default_base_moof+skip_trailer"},
    )
    for stream in streams:
        out = container.add_stream_from_template(stream, opaque=True)
        out.time_base = TIME_BASE if isinstance(stream, VideoStream) else stream.time_base
        if stream.codec_context.name == "hevc":
            out.codec_context.codec_tag = "hvc1"  # Safari and Chromium refuse hev1 in places
    container.start_encoding()
    container.close()
    written = buffer.getvalue()
    return b"".join(
        written[a.start : a.end]
        for a in atoms(io.BytesIO(written), 0, len(written))
        if a.kind in (b"ftyp", b"moov")
    )


def codec_string(codec: str, extradata: bytes) -> str:
    """The codec as browsers want it named, from its parameter sets.

    H.264: profile, constraints and level of the SPS (RFC 6381 §3.3). H.265: ISO/IEC 14496-15
    annex E.3. JPEG: MPEG-4 visual with object type 6C (ISO/IEC 14496-1 table 5), which no browser
    plays; the console says so and the analyst reads it.

    Raises:
        RelayError: there is no sequence parameter set.
    """
    if codec == "mjpeg":
        return "mp4v.6C"
    if codec == "h264":
        if extradata[0] == 1 and len(extradata) >= 4:
            return f"avc1.{extradata[1:4].hex().upper()}"
        for nal in split_annex_b(extradata):
            if nal[0] & 0x1F == 7 and len(nal) >= 4:
                return f"avc1.{nal[1:4].hex().upper()}"
    elif codec == "hevc":
        if extradata[0] == 1 and len(extradata) >= 13:
            return _hevc_string(extradata[1:13])
        for nal in split_annex_b(extradata):
            if (nal[0] >> 1) & 0x3F == 33 and len(nal) >= 15:
                # After the two header bytes and one byte of ids comes profile_tier_level.
                return _hevc_string(nal[3:].replace(b"\0\0\3", b"\0\0")[:12])
    raise RelayError("no sequence parameter set; the picture cannot be shown live")


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units between start codes (ITU-T H.264 annex B), without trailing zeros."""
    units = []
    start = data.find(b"\0\0\1")
    while start >= 0:
        start += 3
        following = data.find(b"\0\0\1", start)
        unit = data[start : following if following >= 0 else len(data)].rstrip(b"\0")
        if unit:
            units.append(unit)
        start = following
    return units


def with_lengths(data: bytes) -> bytes:
    """Start codes replaced by four-byte lengths (ISO/IEC 14496-15 §5.3.3)."""
    chunks: list[Chunk] = []
    put_lengths(data, chunks)
    return b"".join(chunks)


def _hevc_string(tier: bytes) -> str:
    space = ("", "A", "B", "C")[tier[0] >> 6]
    compatibility = int(f"{int.from_bytes(tier[1:5], 'big'):032b}"[::-1], 2)
    constraints = [f"{byte:X}" for byte in tier[5:11].rstrip(b"\0")]
    level = f"{'H' if tier[0] & 0x20 else 'L'}{tier[11]}"
    return ".".join(["hvc1", f"{space}{tier[0] & 0x1F}", f"{compatibility:X}", level, *constraints])


def _track_of(head: bytes) -> tuple[int, int]:
    for atom in atoms(io.BytesIO(head), 0, len(head)):
        if atom.kind == b"moov":
            track = video_track(head[atom.body : atom.end])
            if track is not None:
                return track.id, track.timescale
    raise RelayError("the init segment has no video track")
