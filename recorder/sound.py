"""How a camera's sound is kept: as it came where a file can hold it, else as plain PCM.

MP4 has no place for G.711, which is what most cameras speak; QuickTime, the format MP4 was made
from, has (``ulaw`` and ``alaw``), and what reads the one reads the other. So a camera with G.711
is recorded in QuickTime files, octet for octet. No such file holds G.726: it is decoded, as ITU-T
G.726 prescribes to the bit, and kept as 16-bit PCM.
"""

from typing import Literal

import av
import structlog
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream

from core.clock import NS_PER_S
from recorder.source import Sample

Format = Literal["mp4", "mov"]

COPIED: dict[str, Format] = {
    **dict.fromkeys(("aac", "ac3", "eac3", "mp2", "mp3", "mp3float", "opus"), "mp4"),
    **dict.fromkeys(("flac", "alac"), "mp4"),
    **dict.fromkeys(("pcm_mulaw", "pcm_alaw", "pcm_s16be", "pcm_s16le"), "mov"),
}
"""Sound that is copied octet for octet, and the format of files that hold it."""
DECODED = frozenset({"g726", "g726le"})
_PCM = "pcm_s16le"

log = structlog.get_logger()


class Sound:
    """The sound of one session."""

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        self.codec = _PCM if context.name in DECODED else context.name
        self.format: Format = COPIED[self.codec]
        self.rate_hz = context.sample_rate
        self._stream = stream

    def add_to(self, container: OutputContainer) -> Stream:
        """The track for it in a file."""
        if self._stream.codec_context.name in DECODED:
            return container.add_stream(_PCM, rate=self.rate_hz, layout="mono")
        return container.add_stream_from_template(self._stream, opaque=True)

    def keep(self, sample: Sample) -> Sample | None:
        """What of a sample goes into the file; None when nothing can be made of it.

        Call it with every sample in order: decoding G.726 is a matter of the whole past.
        """
        context = self._stream.codec_context
        if context.name not in DECODED:
            return sample
        try:
            frames = context.decode(av.Packet(sample.data))
        except av.error.FFmpegError:
            return None
        data = b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in frames)
        lasts_ns = len(data) // 2 * NS_PER_S // self.rate_hz
        return sample._replace(data=data, duration_ns=lasts_ns) if data else None


def sound_of(streams: tuple[Stream, ...], camera: str) -> Sound | None:
    """The sound of a session that can be recorded, if it has any."""
    for stream in streams:
        if not isinstance(stream, AudioStream):
            continue
        name = stream.codec_context.name
        if stream.codec_context.sample_rate and (name in COPIED or name in DECODED):
            return Sound(stream)
        log.info("sound is not recorded", camera=camera, codec=name, why="no file can hold it")
    return None
