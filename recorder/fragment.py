"""One picture as one movie fragment (ISO/IEC 14496-12 §8.8), for live viewers.

FFmpeg's muxer writes a fragment only when it sees the next picture, which costs a picture's
time of delay; a fragment of a single sample is sixteen fields, so it is written here.
"""

import struct

_SYNC = 0x02000000  # depends on no other sample (§8.8.3.1)
_NOT_SYNC = 0x01010000  # depends on others, is no sync sample


def fragment(
    data: bytes,
    *,
    sequence: int,
    track: int,
    dts: int,
    duration: int,
    shown_after: int,
    keyframe: bool,
) -> bytes:
    """moof and mdat for one sample.

    Args:
        data: the sample as the track's sample entry says (length-prefixed NAL units).
        sequence: number of the fragment, rising.
        track: id of the track in the init segment.
        dts: decoding time in the track's time scale.
        duration: in the same units.
        shown_after: presentation minus decoding time.
        keyframe: decoding can start here.
    """
    header = _full(b"tfhd", 0, 0x020000, struct.pack(">I", track))  # default-base-is-moof
    start = _full(b"tfdt", 1, 0, struct.pack(">Q", dts))
    flags = _SYNC if keyframe else _NOT_SYNC
    # data offset, duration, size, flags, composition offset; §8.8.8
    moof_size = 8 + 16 + 8 + len(header) + len(start) + 36
    run = _full(
        b"trun",
        1,
        0x000F01,
        struct.pack(">IiIIIi", 1, moof_size + 8, duration, len(data), flags, shown_after),
    )
    moof = _box(
        b"moof",
        _full(b"mfhd", 0, 0, struct.pack(">I", sequence)) + _box(b"traf", header + start + run),
    )
    return moof + struct.pack(">I4s", len(data) + 8, b"mdat") + data


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _full(kind: bytes, version: int, flags: int, body: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + body)
