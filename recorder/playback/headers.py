"""What players are told before the fragments: which tracks there are and what is in them."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.stream import Stream

from recorder.boxes import timescales
from recorder.codec import codec_string, head_for
from recorder.errors import RecorderError

_HEARD = {"aac": "mp4a.40.2", "opus": "opus", "flac": "fLaC"}
"""Sound that browsers play from MP4 (ISO Base Media byte stream format registry)."""


@dataclass(frozen=True)
class Header:
    """ftyp and moov for one kind of player.

    Attributes:
        timescales: by id of each track that is announced, its units a second. Fragments of other
            tracks must not be sent.
        codecs: RFC 6381 strings, comma separated.
    """

    data: bytes
    timescales: Mapping[int, int]
    codecs: str


def recorded(head: bytes) -> Header:
    """The header as it was recorded, all tracks, for files.

    Raises:
        RecorderError: it has no track.
    """
    return Header(head, timescales(head), "")


def playable(head: bytes) -> Header:
    """A header for browsers: without sound that none of them plays, H.265 named as they want it.

    Raises:
        RecorderError: the picture cannot be played from MP4.
    """
    with _opened(head) as source:
        streams: list[Stream] = [source.streams.video[0]]
        streams += [s for s in source.streams.audio[:1] if s.codec_context.name in _HEARD]
        data = head_for(streams)
        codecs = [
            codec_string(streams[0].codec_context.name, streams[0].codec_context.extradata or b"")
        ]
        codecs += [_HEARD[stream.codec_context.name] for stream in streams[1:]]
    theirs, ours = timescales(head), timescales(data)
    if any(theirs.get(track) != units for track, units in ours.items()):
        raise RecorderError(
            f"a track's time scale is {theirs} in the recording, {ours} for players"
        )
    return Header(data, ours, ",".join(codecs))


def _opened(head: bytes) -> InputContainer:
    try:
        return av.open(io.BytesIO(head), mode="r", format="mov")
    except av.error.FFmpegError as error:
        raise RecorderError(f"the segment's header cannot be read ({error.strerror})") from error
