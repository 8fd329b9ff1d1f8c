"""Hikvision's two-way audio by ISAPI (``/ISAPI/System/TwoWayAudio``), live.

``close`` before ``open``: a channel that a crash left open answers *busy* until somebody closes
it. Then ``audioData``, whose connection takes bare G.711 after its 200, and ``close`` whatever
happens. Every request signs in with digest.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from xml.etree import ElementTree

import structlog

from broadcast.base import Delivery, StreamingDriver
from broadcast.codecs import PCMA, PCMU, Voice
from broadcast.errors import LevelError, SpeakerError
from broadcast.feed import Feed
from broadcast.http_device import Answer, BodyStream, HttpDevice
from broadcast.talk import Channel, say
from core.clock import Clock

log = structlog.get_logger()

CHANNELS = "/ISAPI/System/TwoWayAudio/channels"
CLOSE_TIMEOUT_S = 2.0
_ANSWER_S = 5.0
_CODECS: dict[str, Voice] = {"G.711ulaw": PCMU, "G.711alaw": PCMA}
_XML = {"Content-Type": "application/xml"}
_LEVEL = re.compile(rb"(<speakerVolume>\s*)(\d{1,3})(\s*</speakerVolume>)")


@dataclass(frozen=True)
class TalkChannel:
    """One channel of two-way audio as the device describes it."""

    id: str
    codec: str


class HikvisionSpeaker(StreamingDriver):
    """The loudspeaker of a Hikvision camera, or an amplifier on its line out.

    Args:
        camera: id of the camera, for messages.
        channel: number of the two-way channel, the first one when None.
    """

    name = "hikvision"

    def __init__(
        self,
        camera: str,
        device: HttpDevice,
        clock: Clock,
        *,
        channel: int | None = None,
    ) -> None:
        self._who = f"camera {camera}"
        self._device, self._clock = device, clock
        self._wanted = channel
        self._chosen: TalkChannel | None = None

    def stream(
        self, feed: Feed, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        channel = self._channel()
        voice = _CODECS.get(channel.codec)
        if voice is None:
            raise SpeakerError(
                f"{self._who}: its two-way audio is set to {channel.codec or 'no codec'}; set it "
                "to G.711ulaw or G.711alaw"
            )
        self._close(channel)
        data: BodyStream | None = None
        try:
            session = self._open(channel)
            data = self._audio(channel, session)
            say(Channel(self._who, voice, data.send, data.poll), feed, self._clock, stop, done)
        finally:
            if data is not None:
                data.close()
            done.reply(f"close {self._close(channel)}")
        done.reply(f"{voice.name} on channel {channel.id}")
        return done

    @contextmanager
    def held_at(self, volume: int) -> Iterator[str]:
        """``speakerVolume`` of the channel, where it has one.

        The other settings are sent back as they were told. Whatever happens after the first
        attempt to set it, it is put back.
        """
        channel = self._channel()
        path = f"{CHANNELS}/{channel.id}"
        told = self._level_answer("GET", path)
        found = _LEVEL.search(told)
        if found is None:
            raise LevelError(f"{self._who}: channel {channel.id} has no speakerVolume")
        before = int(found[2])
        try:
            if before != volume:
                louder = _LEVEL.sub(rb"\g<1>%d\g<3>" % volume, told, count=1)
                self._level_answer("PUT", path, louder)
            yield f"speakerVolume {volume}, before {before}"
        finally:
            if before != volume:
                self._put_back(path, told)

    def _level_answer(self, method: str, path: str, body: bytes = b"") -> bytes:
        try:
            answer = self._device.ask(method, path, body, _XML if body else None)
        except SpeakerError as error:
            raise LevelError(str(error)) from None
        if not answer.ok:
            raise LevelError(f"{self._who}: {method} of the channel answered {_words(answer)}")
        return answer.body

    def _put_back(self, path: str, body: bytes) -> None:
        """A failure here is told, never raised: the words are out."""
        try:
            answer = self._device.ask("PUT", path, body, _XML, timeout_s=CLOSE_TIMEOUT_S)
            trouble = "" if answer.ok else _words(answer)
        except SpeakerError as error:
            trouble = str(error)
        if trouble:
            log.warning("volume.not_put_back", device=self._who, error=trouble)

    def _channel(self) -> TalkChannel:
        """The channel of this talk; the device is asked for it once."""
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    def _choose(self) -> TalkChannel:
        answer = self._device.ask("GET", CHANNELS)
        if not answer.ok:
            raise SpeakerError(f"{self._who}: has no two-way audio ({_words(answer)})")
        found = channels(answer.body)
        if not found:
            raise SpeakerError(f"{self._who}: lists no channel of two-way audio")
        if self._wanted is None:
            return found[0]
        for channel in found:
            if channel.id == str(self._wanted):
                return channel
        names = ", ".join(channel.id for channel in found)
        raise SpeakerError(f"{self._who}: has no channel {self._wanted}, only {names}")

    def _open(self, channel: TalkChannel) -> str:
        answer = self._device.ask("PUT", f"{CHANNELS}/{channel.id}/open")
        if not answer.ok:
            raise SpeakerError(
                f"{self._who}: open answered {_words(answer)}; another program may be talking "
                "through it"
            )
        session = re.search(rb"<sessionId>\s*([^<\s]{1,64})", answer.body)
        return session[1].decode("ascii", "replace") if session else ""

    def _audio(self, channel: TalkChannel, session: str) -> BodyStream:
        """The connection that takes sound; its request has no body of its own."""
        query = f"?sessionId={session}" if session else ""
        data = self._device.stream(
            "PUT",
            f"{CHANNELS}/{channel.id}/audioData{query}",
            {"Content-Type": "application/octet-stream", "Content-Length": "0"},
        )
        try:
            answer = data.poll(_ANSWER_S)
            if answer is None:
                raise SpeakerError(f"{self._who}: no answer to audioData within {_ANSWER_S:g} s")
            if not answer.ok:
                raise SpeakerError(f"{self._who}: audioData answered {answer}")
        except SpeakerError:
            data.close()
            raise
        return data

    def _close(self, channel: TalkChannel) -> str:
        """Free the channel; a failure here is told, never raised: the words are out."""
        try:
            answer = self._device.ask(
                "PUT", f"{CHANNELS}/{channel.id}/close", timeout_s=CLOSE_TIMEOUT_S
            )
        except SpeakerError as error:
            log.warning("speaker.close_failed", device=self._who, error=str(error))
            return "without answer"
        return str(answer)


def channels(document: bytes) -> list[TalkChannel]:
    """The channels of a ``TwoWayAudioChannelList``, in whatever namespace; empty when broken."""
    try:
        root = ElementTree.fromstring(document)  # expat limits what entities can blow up
    except ElementTree.ParseError:
        return []
    found = []
    for element in root.iter():
        if element.tag.rpartition("}")[2] != "TwoWayAudioChannel":
            continue
        told = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        if re.fullmatch(r"[A-Za-z0-9]{1,16}", told.get("id", "")):
            found.append(TalkChannel(told["id"], told.get("audioCompressionType", "")))
    return found


def _words(answer: Answer) -> str:
    """An answer with what the device says in its ResponseStatus."""
    said = re.findall(rb"<(?:statusString|subStatusCode)>([^<]{1,60})<", answer.body)
    more = ", ".join(dict.fromkeys(one.decode("utf-8", "replace").strip() for one in said))
    return f"{answer} ({more})" if more else str(answer)
