"""A live source for tests: loops a real H.264 stream as fragmented MP4 at its own speed."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import av

from console.services import PartKind
from tests.console import fake_scenes


@dataclass(frozen=True)
class Part:
    """A piece of the stream; satisfies ``console.services.LivePart``."""

    kind: PartKind
    codec: str
    data: bytes


class _Pipe(io.RawIOBase):
    """Collects what the muxer writes until it is taken."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # narrower on purpose
        self._written += bytes(data)
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


def codec_string(extradata: bytes) -> str:
    """RFC 6381 name of an avcC record or of Annex B parameter sets."""
    sps = extradata[1:4] if extradata[:1] == b"\x01" else _sps(extradata)
    return f"avc1.{sps.hex()}"


def _sps(annex_b: bytes) -> bytes:
    start = annex_b.index(b"\0\0\1") + 3
    return annex_b[start + 1 : start + 4]


# Cameras whose stream breaks off, for tests of what a viewer then sees.
BROKEN: set[str] = set()


async def live(camera: str, speed: float = 1.0) -> AsyncIterator[Part]:
    """Endless stream of one camera, one fragment a frame, paced by the wall clock."""
    source = await asyncio.to_thread(fake_scenes.clip, camera)
    pipe = _Pipe()
    container = av.open(pipe, "w", format="mp4", options={
        "movflags": "empty_moov+default_base_moof+frag_every_frame+skip_trailer",
        "flush_packets": "1",
    })  # fmt: skip
    with av.open(io.BytesIO(source)) as loop:
        stream = loop.streams.video[0]
        packets = [p for p in loop.demux(stream) if p.dts is not None]
        output = container.add_stream_from_template(stream)
        container.start_encoding()
        codec = codec_string(bytes(stream.codec_context.extradata or b""))
        ticks = int(1 / stream.time_base / fake_scenes.FPS)
        data, kind, count = pipe.take(), None, 0
        while True:
            for packet in packets:
                if camera in BROKEN:
                    raise ConnectionError(f"camera {camera}: gone")
                copy = av.Packet(bytes(packet))
                copy.time_base, copy.is_keyframe = stream.time_base, packet.is_keyframe
                copy.pts = copy.dts = count * ticks
                copy.duration = ticks
                copy.stream = output
                container.mux(copy)
                data += pipe.take()
                at = data.find(b"moof") - 4
                if kind is None and at >= 0:
                    yield Part("init", codec, data[:at])
                    data = data[at:]
                elif kind is None and data and b"moof" not in data:
                    yield Part("init", codec, data)
                    data = b""
                if data:
                    yield Part(kind or "key", "", data)
                    data = b""
                kind = "key" if packet.is_keyframe else "delta"
                count += 1
                await asyncio.sleep(1 / fake_scenes.FPS / speed)
