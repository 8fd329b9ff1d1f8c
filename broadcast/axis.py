"""Axis loudspeakers and cameras by VAPIX.

``live``: one POST to ``transmit.cgi`` with an open-ended body of µ-law at real time; the device
plays while it comes and frees the channel when the connection ends. ``clip``: the warning is
uploaded (``mediaclip.cgi``), played and removed; sounds better, begins later.
"""

import re
import secrets
import threading
from contextlib import suppress

import structlog

from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver, StreamingDriver
from broadcast.codecs import PCMU
from broadcast.errors import SpeakerError, StoppedError
from broadcast.feed import Feed
from broadcast.http_device import Answer, HttpDevice
from broadcast.talk import Channel, say
from core.clock import Clock

log = structlog.get_logger()

TRANSMIT = "/axis-cgi/audio/transmit.cgi"
CLIPS = "/axis-cgi/mediaclip.cgi"
_HEADERS = {
    "Content-Type": "audio/basic",
    "Content-Length": "9999999",  # as VAPIX has it: the end is when the connection ends
    "Connection": "Keep-Alive",
    "Cache-Control": "no-cache",
}
CLOSE_TIMEOUT_S = 2.0


class AxisSpeaker(StreamingDriver):
    """An Axis device that plays what is sent to ``transmit.cgi``."""

    name = "axis"

    def __init__(self, camera: str, device: HttpDevice, clock: Clock) -> None:
        self._who = f"camera {camera}"
        self._device, self._clock = device, clock

    def stream(
        self, feed: Feed, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        # Asked without a body first: a digest cannot be answered in the middle of a talk.
        self._device.ask("GET", TRANSMIT)
        body = self._device.stream("POST", TRANSMIT, _HEADERS)

        def tend() -> None:
            answer = body.poll()
            if answer is None:
                return
            done.reply(f"transmit {answer}")
            if not answer.ok:
                raise SpeakerError(f"{self._who}: transmit answered {_refusal(answer)}")

        try:
            say(Channel(self._who, PCMU, body.send, tend), feed, self._clock, stop, done)
        finally:
            body.close()
        done.reply("PCMU")
        return done


class AxisClipSpeaker(SpeakerDriver):
    """An Axis device that is given the warning as a media clip.

    Args:
        volume: 1..100 for this clip; None leaves it to the device.
    """

    name = "axis"
    sets_volume = True

    def __init__(
        self, camera: str, device: HttpDevice, clock: Clock, *, volume: int | None = None
    ) -> None:
        self._who = f"camera {camera}"
        self._device, self._clock, self._volume = device, clock, volume

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        data = audio.wav()
        clip = self._upload(data)
        try:
            if stop.is_set():
                raise StoppedError(f"{self._who}: stopped")
            volume = "" if self._volume is None else f"&volume={self._volume}"
            answer = self._asked(f"{CLIPS}?action=play&clip={clip}{volume}")
            done.started_ns = self._clock.utc_ns()
            done.bytes_sent = len(data)
            done.reply(f"play {answer}: {' '.join(answer.text.split())[:80]}")
            begun_ns = self._clock.monotonic_ns()
            stopped = self._clock.wait(stop, audio.seconds)
            if stopped:
                done.seconds = min(
                    audio.seconds, (self._clock.monotonic_ns() - begun_ns) / 1_000_000_000
                )
                raise StoppedError(f"{self._who}: stopped after {done.seconds:.1f} s")
            done.seconds = audio.seconds
        finally:
            for action in (f"stop&clip={clip}", f"remove&clip={clip}"):
                with suppress(SpeakerError):
                    self._device.ask("GET", f"{CLIPS}?action={action}", timeout_s=CLOSE_TIMEOUT_S)
        return done

    def _upload(self, data: bytes) -> str:
        name, border = f"warning-{secrets.token_hex(4)}", secrets.token_hex(16)
        body = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}.wav"\r\n'
            "Content-Type: audio/wav\r\n\r\n"
        ).encode()
        body += data + f"\r\n--{border}--\r\n".encode()
        answer = self._asked(
            f"{CLIPS}?action=upload&media=audio&name={name}",
            body,
            {"Content-Type": f"multipart/form-data; boundary={border}"},
        )
        number = re.search(r"=\s*(\d{1,6})\b", answer.text)
        if number is None:
            raise SpeakerError(
                f"{self._who}: took the clip and named no number: {answer.text[:80]!r}"
            )
        return number[1]

    def _asked(self, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        answer = self._device.ask("POST" if body else "GET", path, body, headers)
        # VAPIX tells some errors with 200 and words.
        if not answer.ok or answer.text.lstrip().lower().startswith(("error", "# error")):
            raise SpeakerError(f"{self._who}: {path.partition('&')[0]} answered {_refusal(answer)}")
        return answer


def _refusal(answer: Answer) -> str:
    said = " ".join(answer.text.split())[:80]
    busy = "; another program may be talking through it" if answer.code in (409, 503) else ""
    return f"{answer}{f' ({said})' if said else ''}{busy}"
