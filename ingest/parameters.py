"""Parameter sets inside the stream: noticing that a camera's picture is now another one.

An SDP (or an MP4 header) describes the picture as it was when the session began. When somebody
changes the resolution, many cameras just go on in the same session with new parameter sets in
front of the next key picture; FFmpeg's client never tells. Some cameras' SDP is wrong from the
start, which looks the same.
"""

import io
from fractions import Fraction

import av
from av.stream import Stream

from ingest.nal import leading_units

_DEMUXER = {"h264": "h264", "hevc": "hevc"}
_SEQUENCE = {"h264": 7, "hevc": 33}  # SPS_NUT: H.264 table 7-1, H.265 table 7-1
# Units that the described codec never has and the other always, as far as FFmpeg lets them through.
# TRAIL_N, TRAIL_R and VPS_NUT with the second header byte (H.265 §7.3.1.2) are in H.264 types 0,
# unspecified, and 2, a data partition of the Extended profile. H.264's timing and user data (SEI,
# D.1) are in H.265 TSA_R of temporal layers 0, which is forbidden, and 4, which no camera has.
_FOREIGN = {
    "h264": frozenset((b"\0\1", b"\2\1", b"\x40\1")),
    "hevc": frozenset((b"\x06\1", b"\x06\5")),
}
_FIRST_SLICES = {"h264": range(1, 6), "hevc": range(32)}


class ParameterWatch:
    """Compares each key picture's sequence parameter sets with those the session began with.

    Only byte streams (H.264 and H.265 annex B, what RTP gives) are looked at. Picture parameter
    sets alone do not count: some encoders alternate them, and they travel with the pictures.
    """

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._codec = codec
        # avcC and hvcC begin with version 1 (ISO/IEC 14496-15); byte streams with a start code.
        self._active = codec in _SEQUENCE and (not extradata or extradata[0] == 0)
        self._known = self._sequence_sets(extradata or b"") if self._active else frozenset()

    def changed(self, key_picture: bytes) -> bool:
        """Whether this picture brings other sequence parameter sets; they are known from then on.

        A picture without any changes nothing.
        """
        if not self._active:
            return False
        found = self._sequence_sets(key_picture)
        if not found or found == self._known:
            return False
        self._known = found
        return True

    def other_codec(self, data: bytes) -> bool:
        """Whether a session described as H.264 now brings H.265, or the other way round.

        H.264 without SEI in an H.265 session never comes here: the session falls silent.
        The first units of the new codec hang on the last picture of the old, so all of it counts.
        """
        if not self._active:
            return False
        foreign = _FOREIGN[self._codec]
        at = data.find(b"\0\0\1")
        while at >= 0:
            if data[at + 3 : at + 5] in foreign:
                return True
            at = data.find(b"\0\0\1", at + 3)
        return False

    def _sequence_sets(self, data: bytes) -> frozenset[bytes]:
        """The sets in front of the first slice, without trailing zeros (they mean nothing)."""
        sets = set()
        for unit in leading_units(data):
            kind = unit[0] & 0x1F if self._codec == "h264" else (unit[0] >> 1) & 0x3F
            if kind in _FIRST_SLICES[self._codec]:
                break
            if kind == _SEQUENCE[self._codec]:
                sets.add(unit)
        return frozenset(sets)


def described_by(key_picture: bytes, codec: str, rate: Fraction | None) -> Stream | None:
    """A stream with the parameters that a key picture itself carries.

    Args:
        key_picture: annex B, parameter sets in front.
        codec: ``h264`` or ``hevc``.
        rate: pictures a second, which a single picture cannot tell.

    Returns:
        None when FFmpeg cannot make sense of it; then the old description has to do.
    """
    options = {"framerate": str(rate)} if rate else {}
    try:
        container = av.open(
            io.BytesIO(key_picture), mode="r", format=_DEMUXER[codec], options=options
        )
    except (av.error.FFmpegError, OSError, ValueError):
        return None
    video = next(iter(container.streams.video), None)
    if video is None or not video.codec_context.width or not video.codec_context.extradata:
        container.close()
        return None
    return video
