"""A loudspeaker that is a directory: every warning becomes a WAV file in it.

For places whose public-address system watches a folder, for trials and for tests.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver
from broadcast.errors import SpeakerError, StoppedError
from core.clock import Clock, iso


class FileSpeaker(SpeakerDriver):
    """Writes ``20260921T141320.123Z-<camera>-<n>.wav``; a file is there whole or not at all."""

    name = "file"

    def __init__(self, camera: str, directory: Path, clock: Clock) -> None:
        self._camera = camera
        self._directory = directory
        self._clock = clock

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        if stop.is_set():
            raise StoppedError(f"camera {self._camera}: stopped")
        now_ns = self._clock.utc_ns()
        stem = f"{iso(now_ns).replace('-', '').replace(':', '')}-{self._camera}"
        data = audio.wav()
        part = self._directory / f".{stem}-{os.getpid()}-{threading.get_ident()}.part"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            path = self._place(part, stem)
        except OSError as error:
            raise SpeakerError(
                f"camera {self._camera}: cannot write a warning into {self._directory}: "
                f"{error.strerror}"
            ) from None
        finally:
            with suppress(OSError):
                part.unlink()
        done.started_ns = now_ns
        done.seconds = audio.seconds
        done.bytes_sent = len(data)
        done.reply(f"wrote {path.name}")
        return done

    def _place(self, part: Path, stem: str) -> Path:
        """Give the finished file its name; never overwrite. One talker at a time writes here."""
        number = 1
        while (path := self._directory / f"{stem}-{number}.wav").exists():
            number += 1
        return part.replace(path)
