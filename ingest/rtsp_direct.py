"""RTP over the RTSP connection (RFC 2326 §10.12), a whole burst a call.

FFmpeg's client asks the kernel six times for every RTP packet, and Python's lock as often when
PyAV watches over its time: that costs a recorder more than all else. So FFmpeg opens the session
(it knows what cameras make of RTSP and of SDP, and describes the streams) through a gateway that
signs in; from then on the packets are read here and put together as FFmpeg would. What is unusual
is left to FFmpeg alone (``rtsp_plan``).
"""

import contextlib
import re
import secrets
import socket
import struct
from collections.abc import Callable, Iterable, Iterator

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.container.streams import StreamContainer
from av.packet import Packet
from av.stream import Stream

from core.clock import NS_PER_S, Clock
from ingest.clock import NTP_EPOCH_S, SenderReport, reference_time, report_of
from ingest.errors import IngestError
from ingest.rtp import receiver_report, sender_report, steps
from ingest.rtp_pictures import Pictures
from ingest.rtp_sound import SoundPieces
from ingest.rtsp_opening import Opening
from ingest.rtsp_sign import Message

READ_BYTES = 1 << 16
READ_EVERY_S = 0.1
"""The kernel collects what comes for so long, or until it would fill a read, before it wakes us:
a call for some pictures instead of one for each packet. Pictures wait half as long on average."""
FIRST_READ_S = 0.01
FIRST_S = 2.0
"""A session begins with short waits: its first packets tie the camera's times to our clock."""
TOLD_EVERY_S = 0.15
"""So often a picture is told the camera's own time; of a second the best reading counts."""
REPORT_S = 5.0
GOODBYE_S = 0.3
_TEXT_MOST_BYTES = 1 << 17
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length\s*:\s*(\d{1,6})\s*$")
_SEQUENCE = re.compile(rb"(?im)^cseq\s*:\s*(\d{1,9})")


class _Track:
    """One stream: who puts its packets together, and what the camera's reports say of its time."""

    def __init__(
        self, cut: Pictures | SoundPieces, stream: Stream, now_ns: Callable[[], int]
    ) -> None:
        assert stream.time_base is not None
        self._now_ns = now_ns
        self.cut, self.stream, self.time_base = cut, stream, stream.time_base
        self._first = True
        self.early: dict[int, SenderReport] = {}
        self._fresh: tuple[SenderReport, int] | None = None  # and how many went before it
        self.last: tuple[SenderReport, int] | None = None
        self._zero: tuple[int, int] | None = None  # a time stamp and the camera's UTC then
        self._told, self._tell_ticks = 0, round(TOLD_EVERY_S / self.time_base)
        self._tick = (self.time_base.numerator * NS_PER_S, self.time_base.denominator)

    def reported(self, report: SenderReport) -> None:
        """A sender report on this stream came."""
        # It counts what was sent before it: it goes with the packet that was under way then.
        self._fresh, self.last = (report, len(self.cut.ready)), (report, self._now_ns())
        stamp = self.cut.stamp
        if stamp is not None:
            self._zero = (self.cut.time + steps(stamp, report.rtp_timestamp), report.utc_ns)

    def packet(self, data: bytes, timestamp: int, duration: int, *, key: bool) -> "Packet[Stream]":
        """As FFmpeg would give it."""
        made: Packet[Stream] = av.Packet(data)
        made.stream, made.time_base = self.stream, self.time_base
        made.duration, made.is_keyframe = duration, key
        if self.early:
            known = self.early.get(self.cut.source)
            self.early = {}
            if known is not None and self._zero is None:
                self.reported(known)
                self._fresh = (known, 0)
        if self._fresh is not None:
            report, before = self._fresh
            if before > 0:
                self._fresh = (report, before - 1)
            else:
                self._fresh = None
                made.set_sidedata(report_of(report), move=True)
        if self._first:
            # It may be of a time line that the server gives up at once, as GStreamer's does; the
            # base dates what has no time by what follows. So does FFmpeg.
            self._first = False
            return made
        made.pts = made.dts = timestamp
        if self._zero is not None and not 0 <= timestamp - self._told < self._tell_ticks:
            self._told = timestamp
            at, utc_ns = self._zero
            numerator, denominator = self._tick
            camera_ns = utc_ns + (timestamp - at) * numerator // denominator
            made.set_sidedata(reference_time(camera_ns), move=True)
        return made


class DirectSession:
    """An open session, as the base of all sources reads a container.

    Args:
        container: FFmpeg's side of the session, with the streams.
        opening: the gateway it was opened through, which has let go of the connection.
        stall_s: so long without a packet is a stall.
    """

    def __init__(
        self, container: InputContainer, opening: Opening, clock: Clock, stall_s: float
    ) -> None:
        plan = opening.plan
        assert plan is not None
        self._container, self._opening, self._clock = container, opening, clock
        self._camera = opening.camera
        self._stall_ns = round(stall_s * NS_PER_S)
        self._pictures = Pictures(plan.codec, plan.picture.payload_type)
        self._picture_type = plan.picture.payload_type
        self._picture = _Track(self._pictures, container.streams.video[0], clock.monotonic_ns)
        self._sound: _Track | None = None
        self._pieces: SoundPieces | None = None
        if plan.sound is not None and container.streams.audio:
            stream = container.streams.audio[0]
            self._pieces = SoundPieces(
                plan.sound.payload_type, _octets_a_sample(stream), aac=_is_aac(stream)
            )
            self._sound = _Track(self._pieces, stream, clock.monotonic_ns)
        self._own = secrets.randbits(32)
        self._report_channel: int | None = None
        self._alive_ns = clock.monotonic_ns() + opening.alive_ns
        self._report_ns = clock.monotonic_ns()
        self._settled_ns: int | None = clock.monotonic_ns() + round(FIRST_S * NS_PER_S)
        self._camera.settimeout(None)
        self._camera.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, READ_BYTES)
        self._camera.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(stall_s))
        self._camera.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(FIRST_READ_S))

    @property
    def streams(self) -> StreamContainer:
        """The streams as FFmpeg describes them."""
        return self._container.streams

    def demux(self, streams: Iterable[Stream]) -> "Iterator[Packet[Stream]]":  # noqa: ARG002 (all)
        """Packets of picture and sound as they come, until the camera hangs up.

        Raises:
            av.error.ExitError: none came for as long as a stall lasts.
            OSError: the connection broke.
            IngestError: what comes is no RTSP.
        """
        data, self._opening.passed = self._opening.passed, b""
        came_ns = self._clock.monotonic_ns()
        while True:
            rest = self._cut(data)
            if self._pictures.ready or (self._pieces and self._pieces.ready):
                yield from self._packets()
                came_ns = self._clock.monotonic_ns()
            data = self._receive(came_ns)
            if not data:
                self._pictures.end()
                yield from self._packets()
                return
            if rest:
                data = rest + data

    def close(self) -> None:
        """End the session."""
        self._container.close()
        with contextlib.suppress(OSError):
            self._camera.settimeout(GOODBYE_S)
            self._camera.sendall(self._opening.farewell())
            self._camera.shutdown(socket.SHUT_WR)
            # Unread octets would make the kernel reset the connection before that is read.
            until_ns = self._clock.monotonic_ns() + round(GOODBYE_S * NS_PER_S)
            while self._camera.recv(READ_BYTES) and self._clock.monotonic_ns() < until_ns:
                pass
        self._camera.close()

    def _cut(self, data: bytes) -> bytes:
        """Take all whole messages; returns what is left."""
        at, size = 0, len(data)
        pictures, picture_type, pieces = self._pictures, self._picture_type, self._pieces
        while True:
            at = pictures.frames(data, at)
            if at + 6 > size:
                break
            if data[at] != 0x24:  # '$'
                after = self._text(data, at)
                if after is None:
                    break
                at = after
                continue
            end = at + 4 + (data[at + 2] << 8 | data[at + 3])
            if end > size:
                break
            kind = data[at + 5]
            if kind & 0x7F == picture_type:
                pictures.take(data, at + 4, end)
            elif 200 <= kind <= 204:  # RTCP; no payload type is like that (RFC 5761 §4)
                self._reported(data[at + 1], data[at + 4 : end])
            elif pieces is not None:
                pieces.take(data, at + 4, end)
            at = end
        return data[at:]

    def _packets(self) -> "Iterator[Packet[Stream]]":
        pieces, sound = self._pieces, self._sound
        if pieces is not None and sound is not None and pieces.ready:
            heard, pieces.ready = pieces.ready, []
            for piece in heard:
                yield sound.packet(piece.data, piece.timestamp, piece.duration, key=True)
        seen, self._pictures.ready = self._pictures.ready, []
        for picture in seen:
            yield self._picture.packet(picture.data, picture.timestamp, 0, key=picture.key)

    def _receive(self, came_ns: int) -> bytes:
        """What comes next, with what comes right behind it; empty at the end."""
        while True:
            now_ns = self._clock.monotonic_ns()
            if now_ns - came_ns >= self._stall_ns:
                raise av.error.ExitError(0, "no packet in time")
            if now_ns >= min(self._alive_ns, self._report_ns):
                self._show_life(now_ns)
            if self._settled_ns is not None and now_ns >= self._settled_ns:
                self._settled_ns = None
                often = _timeval(READ_EVERY_S)
                self._camera.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, often)
            with contextlib.suppress(BlockingIOError):
                return self._camera.recv(READ_BYTES)

    def _reported(self, channel: int, packet: bytes) -> None:
        self._report_channel = channel
        report = sender_report(packet)
        if report is None:
            return
        tracks = [one for one in (self._picture, self._sound) if one is not None]
        for track in tracks:
            # A report may come before its stream: then it is kept until that tells who it is.
            if track.cut.stamp is None:
                track.early[report.ssrc] = report
            elif track.cut.source == report.ssrc:
                track.reported(report)

    def _show_life(self, now_ns: int) -> None:
        """Tell the camera that we are there, by RTCP and by RTSP."""
        if now_ns >= self._report_ns:
            self._report_ns = now_ns + round(REPORT_S * NS_PER_S)
            last, cut = self._picture.last, self._pictures
            if last is not None and self._report_channel is not None:
                ntp = report_middle(last[0])
                ago_s = (now_ns - last[1]) / NS_PER_S
                packet = receiver_report(self._own, cut.source, cut.sequence, ntp, ago_s)
                frame = bytes((0x24, self._report_channel)) + len(packet).to_bytes(2, "big")
                self._camera.sendall(frame + packet)
        if now_ns >= self._alive_ns:
            self._alive_ns = now_ns + self._opening.alive_ns
            self._camera.sendall(self._opening.alive())

    def _text(self, data: bytes, at: int) -> int | None:
        """Between the frames; returns where it ends, None when that has not come yet."""
        if not 0x41 <= data[at] <= 0x5A:  # neither a method nor an answer: look for a frame
            following = data.find(b"$", at)
            return following if following >= 0 else len(data)
        head_end = _HEAD_END.search(data, at)
        if head_end is None:
            if len(data) - at > _TEXT_MOST_BYTES:
                raise IngestError("an RTSP message without an end")
            return None
        head = data[at : head_end.start()]
        length = _LENGTH.search(head)
        end = head_end.end() + (int(length[1]) if length else 0)
        if end - at > _TEXT_MOST_BYTES:
            raise IngestError(f"an RTSP message of {end - at} bytes")
        if end > len(data):
            return None
        if head.startswith(b"RTSP/"):
            again = self._opening.again(Message(head, b""))
            if again is not None:
                self._camera.sendall(again)
        else:
            asked = _SEQUENCE.search(head)
            number = asked[1] if asked else b"0"
            self._camera.sendall(b"RTSP/1.0 501 Not Implemented\r\nCSeq: %s\r\n\r\n" % number)
        return end


def _timeval(seconds: float) -> bytes:
    whole, rest = divmod(round(seconds * 1_000_000), 1_000_000)
    return struct.pack("@ll", whole, rest)


def report_middle(report: SenderReport) -> int:
    """The middle 32 bits of a report's NTP time, as a receiver names it (RFC 3550 §6.4.1)."""
    seconds, rest_ns = divmod(report.utc_ns, NS_PER_S)
    return ((seconds + NTP_EPOCH_S) & 0xFFFF) << 16 | (rest_ns << 16) // NS_PER_S


def _is_aac(stream: AudioStream) -> bool:
    return stream.codec_context.name == "aac"


def _octets_a_sample(stream: AudioStream) -> int:
    name, channels = stream.codec_context.name, stream.codec_context.channels
    return {"pcm_mulaw": 1, "pcm_alaw": 1, "pcm_s16be": 2}.get(name, 0) * channels
