"""Saying something over an open channel, on the beat: the same for every streamed protocol.

Silence before the words (amplifiers wake slowly, the first moments are often lost), the words,
silence after them, and a rest in which the device plays what it has still buffered. Whoever
opened the channel closes it, in ``finally``.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from broadcast import rtp
from broadcast.base import Delivery
from broadcast.codecs import CLOCK_HZ, OCTETS, Voice
from broadcast.errors import SpeakerError, StoppedError
from broadcast.feed import FRAME_S, Feed
from core.clock import NS_PER_S, Clock

LEAD_S = 0.5
TAIL_S = 0.2
DRAIN_S = 0.4
"""Between the last packet and the closing: the device still plays from its jitter buffer."""
GRACE_S = 10.0
"""A talk may take so much longer than its audio, then it is given up: a device that reads slower
than real time would hold the loudspeaker for ever."""


class Packetiser:
    """Puts RTP headers before what it is given.

    Sequence number, timestamp and source start at random (RFC 3550, section 5.1); the first
    packet of the talk carries the marker (RFC 3551, section 4.1).
    """

    def __init__(self, payload_type: int) -> None:
        self._payload_type = payload_type
        self._source = secrets.randbits(32)
        self._number, self._stamp = secrets.randbits(16), secrets.randbits(32)
        self._first = True

    def pack(self, payload: bytes) -> bytes:
        """The next packet of 20 ms."""
        packet = rtp.RtpPacket(
            payload_type=self._payload_type,
            sequence=self._number,
            timestamp=self._stamp,
            ssrc=self._source,
            payload=payload,
            marker=self._first,
        )
        self._first = False
        self._number = (self._number + 1) & 0xFFFF
        self._stamp = (self._stamp + OCTETS) & 0xFFFFFFFF
        return packet.pack()


@dataclass(frozen=True)
class Channel:
    """An open way to a device.

    Attributes:
        who: how errors name the device.
        voice: the codec agreed on.
        send: takes 160 octets; OSError and SpeakerError break the talk off.
        tend: called after every packet: read answers, keep the session alive, raise
            SpeakerError when the device has gone.
    """

    who: str
    voice: Voice
    send: Callable[[bytes], object]
    tend: Callable[[], object] = lambda: None


def say(channel: Channel, feed: Feed, clock: Clock, stop: threading.Event, done: Delivery) -> None:
    """Send a feed in real time; ``done`` is kept up to date on the way.

    Raises:
        StoppedError: told to stop.
        SpeakerError: the device went away, or takes the sound slower than real time.
    """
    feed.begin(channel.voice.rate)
    talk = _Talk(channel, clock, stop, done, feed.seconds)
    quiet = np.zeros(round(channel.voice.rate * FRAME_S), np.int16)
    try:
        for _ in range(round(LEAD_S / FRAME_S)):
            talk.send(quiet)
        while (frame := feed.frame()) is not None:
            talk.send(frame)
            heard_s = done.seconds + FRAME_S
            done.seconds = heard_s if feed.seconds is None else min(heard_s, feed.seconds)
        for _ in range(round(TAIL_S / FRAME_S)):
            talk.send(quiet)
        clock.wait(stop, rtp.PACKET_MS / 1000 + DRAIN_S)
        # A device that closes or complains at the very end has not been heard out.
        channel.tend()
    except StoppedError:
        raise
    except OSError as error:
        raise SpeakerError(
            f"{channel.who}: the connection broke ({error.strerror or error}) {talk.so_far}"
        ) from None
    except SpeakerError as error:
        raise type(error)(f"{error} {talk.so_far}") from None


class _Talk:
    """Beat, limit and account of one talk."""

    def __init__(
        self,
        channel: Channel,
        clock: Clock,
        stop: threading.Event,
        done: Delivery,
        seconds: float | None,
    ) -> None:
        self._channel, self._clock, self._done = channel, clock, done
        self._encode = channel.voice.encoder()
        self._pacer = rtp.Pacer(clock, stop)
        self._begun_ns = clock.monotonic_ns()
        self._sent = 0
        self._seconds = seconds

    @property
    def so_far(self) -> str:
        whole = "" if self._seconds is None else f" of {self._seconds:.1f} s"
        return f"after {self._done.seconds:.1f} s{whole}"

    def send(self, frame: np.ndarray) -> None:
        if self._pacer.wait():
            raise StoppedError(f"{self._channel.who}: stopped {self.so_far}")
        due_ns = round(self._sent * OCTETS / CLOCK_HZ * NS_PER_S)
        if self._clock.monotonic_ns() - self._begun_ns > due_ns + GRACE_S * NS_PER_S:
            raise SpeakerError(f"{self._channel.who}: takes the sound slower than real time")
        payload = self._encode(frame)
        if self._done.started_ns is None:
            self._done.started_ns = self._clock.utc_ns()
        self._channel.send(payload)
        self._sent += 1
        self._done.bytes_sent += len(payload)
        self._channel.tend()
