"""Movie fragments (ISO/IEC 14496-12 §8.8): a picture for live viewers, a group for recordings.

FFmpeg's muxer writes a fragment only when it sees the next picture, which costs live viewers a
picture's time of delay. It puts the first sound of a file, and of each fragment after a hole,
where it thinks the sound before has ended. And it wants to be called for every picture, which
costs a recorder of many cameras more than all else it does in Python. A fragment is few fields,
so it is written here.
"""

import struct
from collections.abc import Sequence
from itertools import pairwise

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
    pictures = [(duration, len(data), keyframe, shown_after)]
    return fragment_head(pictures, sequence=sequence, track=track, dts=dts) + data


def fragment_head(
    pictures: Sequence[tuple[int, int, bool, int]], *, sequence: int, track: int, dts: int
) -> bytes:
    """moof, and the header of the mdat that the pictures' octets follow.

    Args:
        pictures: of each its duration, its octets, whether decoding can start there, and its
            presentation minus its decoding time; times in the track's time scale.
        sequence: number of the fragment, rising.
        track: id of the track in the init segment.
        dts: decoding time of the first in the track's time scale.
    """
    header = _full(b"tfhd", 0, 0x020000, struct.pack(">I", track))  # default-base-is-moof
    start = _full(b"tfdt", 1, 0, struct.pack(">Q", dts))
    moof_size = 8 + 16 + 8 + len(header) + len(start) + 20 + 16 * len(pictures)
    table: list[int] = []
    size = 8
    for duration, octets, key, shown_after in pictures:
        size += octets
        table += (duration, octets, _SYNC if key else _NOT_SYNC, shown_after & 0xFFFFFFFF)
    # data offset; of each duration, size, flags, composition offset; §8.8.8
    fields = struct.pack(f">II{len(table)}I", len(pictures), moof_size + 8, *table)
    run = _full(b"trun", 1, 0x000F01, fields)
    return _moof(sequence, header + start + run) + struct.pack(">I4s", size, b"mdat")


def sound_fragment(
    samples: Sequence[tuple[int, bytes]], last_duration: int, *, sequence: int, track: int
) -> bytes:
    """moof and mdat for pieces of sound, of which each lasts until the next.

    Args:
        samples: decoding times in the track's time scale, rising, and octets.
        last_duration: of the last sample, in the same units.
        sequence: number of the fragment, rising.
        track: id of the sound's track in the file.
    """
    times = [at for at, _ in samples]
    lasts = [after - at for at, after in pairwise(times)] + [last_duration]
    header = _full(b"tfhd", 0, 0x020020, struct.pack(">II", track, _SYNC))
    start = _full(b"tfdt", 1, 0, struct.pack(">Q", times[0]))
    moof_size = 8 + 16 + 8 + len(header) + len(start) + 20 + 8 * len(samples)
    table = b"".join(
        struct.pack(">II", duration, len(data))
        for duration, (_, data) in zip(lasts, samples, strict=True)
    )
    # data offset; duration and size of each
    run = _full(b"trun", 0, 0x000301, struct.pack(">Ii", len(samples), moof_size + 8) + table)
    moof = _moof(sequence, header + start + run)
    return moof + _box(b"mdat", b"".join(data for _, data in samples))


def _moof(sequence: int, track_fragment: bytes) -> bytes:
    number = _full(b"mfhd", 0, 0, struct.pack(">I", sequence))
    return _box(b"moof", number + _box(b"traf", track_fragment))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _full(kind: bytes, version: int, flags: int, body: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + body)
