"""Any loudspeaker that plays a file posted to it: IP amplifiers, PA servers, own gateways.

The address may hold ``{camera}``, ``{seconds}``, ``{volume}`` and ``{sha256}``. The device plays by
itself and cannot be called back, so the talk lasts as long as the sound does.
"""

import threading
from string import Formatter
from urllib.parse import quote, urlsplit

from broadcast.audio import Audio, sha256
from broadcast.base import Delivery, SpeakerDriver
from broadcast.errors import SpeakerError, StoppedError
from broadcast.http_device import HttpDevice
from broadcast.recordings import MIME, Format, encoded
from core.clock import NS_PER_S, Clock

PLACEHOLDERS = ("camera", "seconds", "volume", "sha256")


class HttpSpeaker(SpeakerDriver):
    """Posts each warning as one file.

    Args:
        url: address with placeholders.
        kind: of file.
        expect: words that a good answer holds; None: any answer of 200 to 299 is good.
        volume: for ``{volume}``; 100 when None.
    """

    name = "http"

    def __init__(
        self,
        camera: str,
        url: str,
        device: HttpDevice,
        clock: Clock,
        *,
        kind: Format = "wav",
        expect: str | None = None,
        volume: int | None = None,
    ) -> None:
        self._camera, self._url = camera, url
        self._device, self._clock = device, clock
        self._kind: Format = kind
        self._expect, self._volume = expect, volume
        self.sets_volume = "{volume}" in url

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        if stop.is_set():
            raise StoppedError(f"camera {self._camera}: stopped")
        data = encoded(audio, self._kind)
        path = self._path(audio, data)
        answer = self._device.ask("POST", path, data, {"Content-Type": MIME[self._kind]})
        said = " ".join(answer.text.split())[:80]
        if not answer.ok:
            raise SpeakerError(f"camera {self._camera}: POST answered {answer} {said}".rstrip())
        if self._expect is not None and self._expect not in answer.text:
            raise SpeakerError(
                f"camera {self._camera}: POST answered {answer} without {self._expect!r}: {said!r}"
            )
        done.started_ns = self._clock.utc_ns()
        done.bytes_sent = len(data)
        done.reply(f"POST {answer} {said}".rstrip())
        begun_ns = self._clock.monotonic_ns()
        stopped = self._clock.wait(stop, audio.seconds)
        passed_s = (self._clock.monotonic_ns() - begun_ns) / NS_PER_S
        done.seconds = min(audio.seconds, passed_s) if stopped else audio.seconds
        if stopped:
            raise StoppedError(
                f"camera {self._camera}: stopped after {done.seconds:.1f} s; the device was given "
                "the whole warning and may say the rest"
            )
        return done

    def _path(self, audio: Audio, data: bytes) -> str:
        filled = fill(
            self._url,
            camera=self._camera,
            seconds=f"{audio.seconds:.1f}",
            volume=str(self._volume or 100),
            sha256=sha256(data),
        )
        parts = urlsplit(filled)
        return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def fill(template: str, **values: str) -> str:
    """Put values into an address, quoted.

    Raises:
        SpeakerError: it holds another placeholder, or one in the name of the host.
    """
    written = []
    try:
        for words, name, form, conversion in Formatter().parse(template):
            written.append(words)
            if name is None:
                continue
            if name not in values or form or conversion:
                known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
                raise SpeakerError(f"speaker.url: unknown placeholder {{{name}}}; use {known}")
            written.append(quote(values[name], safe=""))
    except ValueError as error:
        raise SpeakerError(f"speaker.url: {template!r}: {error}") from None
    return "".join(written)


def base(template: str) -> str:
    """Scheme, host and port of an address with placeholders in its path."""
    parts = urlsplit(template)
    if "{" in parts.netloc:
        raise SpeakerError("speaker.url: the host cannot be a placeholder")
    return f"{parts.scheme}://{parts.netloc}"
