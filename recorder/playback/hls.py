"""HLS media playlists (RFC 8216) over recorded segments: addresses, no media."""

import math
from collections.abc import Iterator, Sequence

from core.clock import NS_PER_S, iso
from recorder.playback.pieces import Group, Piece

PART_NS = 4 * NS_PER_S
"""Groups of pictures are asked for together up to about this long."""
_HOLE_NS = NS_PER_S // 2


def playlist(pieces: Sequence[Piece], epoch_ns: int) -> str:
    """The playlist of some pieces, in order.

    A hole is a segment marked as a gap (EXT-X-GAP), so that positions in the playlist agree with
    media time and several cameras stay in step. Where the stream's parameters change, a
    discontinuity and the new header follow.
    """
    lines: list[str] = []
    longest_ns = NS_PER_S
    likeness = ""
    shown_ns = pieces[0].first_ns if pieces else 0
    for part in _parts(pieces):
        if part.first_ns - shown_ns > _HOLE_NS:
            lines += ["#EXT-X-GAP", _lasts(part.first_ns - shown_ns), "gap.m4s"]
            longest_ns = max(longest_ns, part.first_ns - shown_ns)
        if part.known.likeness != likeness:
            if likeness:
                lines.append("#EXT-X-DISCONTINUITY")
            likeness = part.known.likeness
            lines.append(f'#EXT-X-MAP:URI="header/{part.known.segment.start_ns}.mp4"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{iso(part.first_ns)}")
        lines += [_lasts(part.last_ns - part.first_ns), f"{_address(part)}?epoch={epoch_ns}"]
        longest_ns = max(longest_ns, part.last_ns - part.first_ns)
        shown_ns = part.last_ns
    head = [
        "#EXTM3U",
        "#EXT-X-VERSION:8",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest_ns / NS_PER_S)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    return "\n".join([*head, *lines, "#EXT-X-ENDLIST", ""])


def _parts(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """What a player asks for at once: neighbouring groups of one segment."""
    for piece in pieces:
        run: list[Group] = []
        for group in piece.groups:
            if run and group.last_ns - run[0].first_ns > PART_NS:
                yield Piece(piece.known, tuple(run))
                run = []
            run.append(group)
        yield Piece(piece.known, tuple(run))


def _address(part: Piece) -> str:
    first, end = part.octets
    return f"media/{part.known.segment.start_ns}/{first}-{end}.m4s"


def _lasts(ns: int) -> str:
    return f"#EXTINF:{ns / NS_PER_S:.6f},"
