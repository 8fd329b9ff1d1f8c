"""The codecs of streamed speech: G.711 and G.722, 64 kbit/s all of them.

Every one gives 160 octets for 20 ms, and for every one the RTP clock counts 160 for them:
G.722 samples at 16 kHz, yet RFC 3551, section 4.5.2, keeps an old error and counts 8000 a second.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import av
import numpy as np

from broadcast import g711
from broadcast.audio import Pcm

OCTETS = 160
"""Of 20 ms."""
CLOCK_HZ = 8000
"""What RTP timestamps and SDP count in, for all of them."""

Encode = Callable[[Pcm], bytes]


@dataclass(frozen=True, eq=False)
class Voice:
    """A codec of speech.

    Attributes:
        name: encoding name of RFC 3551.
        payload_type: static payload type of RFC 3551, table 4.
        rate: samples a second that it takes.
        encoder: makes a function for one talk; G.722 remembers what came before.
    """

    name: str
    payload_type: int
    rate: int
    encoder: Callable[[], Encode]


def _g722() -> Encode:
    context = av.CodecContext.create("g722", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = 16000, "mono", "s16"
    context.open()

    def encode(pcm: Pcm) -> bytes:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = 16000
        return b"".join(bytes(packet) for packet in context.encode(frame))

    return encode


def _g711(codec: g711.Codec) -> Voice:
    def encoder() -> Encode:
        return lambda pcm: codec.encode(np.ascontiguousarray(pcm))

    return Voice(codec.name, codec.payload_type, g711.RATE_HZ, encoder)


PCMU, PCMA = _g711(g711.PCMU), _g711(g711.PCMA)
G722 = Voice("G722", 9, 16000, _g722)
VOICES: dict[str, Voice] = {voice.name: voice for voice in (G722, PCMA, PCMU)}
"""Best first: G.722 carries consonants that telephone sound has lost."""


def offered(choice: str) -> tuple[Voice, ...]:
    """Those to offer for a `codec` of the configuration."""
    return tuple(VOICES.values()) if choice == "auto" else (VOICES[choice],)


def decode_g722(data: Iterable[bytes]) -> Pcm:
    """G.722 packets back to (N,) int16 at 16 kHz."""
    context = av.CodecContext.create("g722", "r")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout = 16000, "mono"
    pieces = [
        frame.to_ndarray().reshape(-1)
        for packet in data
        for frame in context.decode(av.Packet(packet))
    ]
    return np.concatenate([np.zeros(0, np.int16), *pieces])
