"""Films with sound, sources that deliver sound early or late, and what is heard in a file."""

import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from core.clock import NS_PER_S, ManualClock
from ingest.events import Connected, Event, Lost, MediaPacket
from tests.recorder.conftest import CAMERA, make_mp4

RATE_HZ = 8000


def make_film(path: Path, codec: str, *, seconds: float = 10) -> Path:
    """The film of ``make_mp4`` with noise as sound, in packets of 20 ms where the codec may."""
    silent = make_mp4(path.with_suffix(".silent.mp4"), seconds=seconds)
    noise = np.random.default_rng(2).integers(-9000, 9000, round(seconds * RATE_HZ), np.int16)
    with av.open(str(silent)) as source, av.open(str(path), "w") as out:
        picture = out.add_stream_from_template(source.streams.video[0])
        sound = out.add_stream(codec, rate=RATE_HZ, layout="mono")
        sound.codec_context.open()
        step = sound.codec_context.frame_size or 160
        for at in range(0, len(noise) - step + 1, step):
            frame = av.AudioFrame.from_ndarray(noise[None, at : at + step], layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, at
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
    return path


class Shifted:
    """A film's packets all at once, sound later than its pictures, or earlier when negative."""

    def __init__(self, film: Path, clock: ManualClock, *, late_s: float = 0.0) -> None:
        self.camera = CAMERA
        self._film, self._clock = film, clock
        self._late_ns = round(late_s * NS_PER_S)

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        zero_ns = self._clock.utc_ns()
        with av.open(str(self._film)) as container:
            yield Connected(tuple(container.streams), zero_ns)
            media = [self._event(p, zero_ns) for p in container.demux() if p.size]
            media.sort(key=lambda e: e.dts_ns + (self._late_ns if e.kind == "audio" else 0))
            yield from media
            self._clock.advance((media[-1].dts_ns - zero_ns) / NS_PER_S + 0.2)
            yield Lost("ended", "", self._clock.utc_ns())

    @staticmethod
    def _event(packet: av.Packet, zero_ns: int) -> MediaPacket:
        kind = "video" if packet.stream.type == "video" else "audio"
        at_ns = zero_ns + round(packet.dts * packet.time_base * NS_PER_S)
        return MediaPacket(packet, kind, at_ns, at_ns, at_ns, packet.is_keyframe)


def octets(path: Path) -> bytes:
    """Everything that is in the sound track, undecoded."""
    with av.open(str(path)) as container:
        return b"".join(bytes(p) for p in container.demux(audio=0) if p.size)


def heard(path: Path) -> tuple[str, np.ndarray]:
    """Codec, and samples decoded to int16."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        frames = [f for one in container.decode(stream) for f in resampler.resample(one)]
        return stream.codec_context.name, np.concatenate([f.to_ndarray()[0] for f in frames])
