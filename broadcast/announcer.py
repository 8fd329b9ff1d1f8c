"""From an announcement to a receipt: rules, words to sound, one talker at a time, evidence."""

import os
import threading
from collections import defaultdict
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from broadcast import drivers
from broadcast.audio import sha256
from broadcast.base import Delivery, SpeakerDriver
from broadcast.errors import BroadcastError
from broadcast.journal import Begun, Journal
from broadcast.rules import Policy
from broadcast.speech import Speech
from core.cases import Announcement, Receipt
from core.clock import NS_PER_S, Clock
from core.config.cameras import Camera
from core.config.site import Site
from core.credentials import credentials_of
from core.networks import Networks

log = structlog.get_logger()

WAIT_FOR_SPEAKER_S = 30.0
"""Whoever asked gets an answer within a minute, the talk included."""
MAX_TALK_S = 60.0


class Announcer:
    """Speaks announcements. :meth:`handle` may be called from as many threads as one likes.

    Args:
        site: cameras with their loudspeakers, and the rules.
        clock: injected time.
        audio_dir: keeps the rendered audio (evidence) and the journal of receipts.
        build: makes the driver of a camera; :func:`broadcast.drivers.build` when absent.
        clips: directory of approved recordings, see :func:`broadcast.speech.clip_name`.

    Raises:
        BroadcastError: ``audio_dir`` cannot be used.
    """

    def __init__(
        self,
        site: Site,
        *,
        clock: Clock,
        audio_dir: Path,
        build: drivers.Build | None = None,
        clips: Path | None = None,
    ) -> None:
        self._site = site
        self._clock = clock
        self._audio_dir = audio_dir
        self._build = build or self._driver
        self._speech = Speech(clips)
        self._policy = Policy(site.warnings, site.zone_info, clock)
        self._journal = Journal(audio_dir / "receipts.jsonl")
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._running: dict[str, Future[Receipt]] = {}
        self._speakers: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._recall()

    def use(self, site: Site) -> None:
        """Take another configuration of the cameras for what comes next."""
        self._site = site

    def _driver(self, camera: Camera) -> SpeakerDriver:
        site = self._site
        return drivers.build(camera, self._clock, credentials_of(site), Networks(site.networks))

    def stop(self) -> None:
        """Break off what is being said and refuse what comes; for shutdown."""
        self._stop.set()

    def handle(self, announcement: Announcement) -> Receipt:
        """Speak, and say what became of it. Never raises for anything a device may do.

        The same announcement id always gives the same receipt and is spoken once, also after a
        restart, also when two threads bring it at the same moment.
        """
        with self._guard:
            known = self._journal.receipts.get(announcement.id)
            if known is not None:
                return known
            running = self._running.get(announcement.id)
            mine: Future[Receipt] | None = None
            if running is None:
                mine = self._running[announcement.id] = Future()
        if running is not None:
            return running.result()
        assert mine is not None
        try:
            receipt = self._answer(announcement)
            self._keep(receipt)
            mine.set_result(receipt)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._guard:
                self._running.pop(announcement.id, None)
        return receipt

    def _answer(self, announcement: Announcement) -> Receipt:
        camera = self._site.camera(announcement.camera)
        if camera is None:
            return _refused(announcement, f"no camera {announcement.camera!r} is configured")
        if camera.speaker is None:
            return _refused(announcement, f"camera {camera.id}: has no loudspeaker")
        speaker = drivers.identity(camera)
        with self._guard:
            lock = self._speakers[speaker]
        if not lock.acquire(timeout=WAIT_FOR_SPEAKER_S):
            return _refused(
                announcement,
                f"camera {camera.id}: loudspeaker busy for more than {WAIT_FOR_SPEAKER_S:.0f} s",
                camera.speaker.driver,
            )
        try:
            return self._take_turn(announcement, camera, speaker)
        finally:
            lock.release()

    def _take_turn(self, announcement: Announcement, camera: Camera, speaker: str) -> Receipt:
        driver = camera.speaker.driver if camera.speaker else ""
        if self._stop.is_set():
            return _refused(announcement, "shutting down", driver)
        refusal = self._policy.refusal(announcement, speaker)
        if refusal is not None:
            log.info("warning.refused", announcement=announcement.id, why=refusal)
            return _refused(announcement, f"camera {camera.id}: not spoken: {refusal}", driver)
        delivery = Delivery()
        try:
            receipt = self._speak(announcement, camera, speaker, delivery)
        finally:
            self._policy.finished(announcement, speaker, spoke=delivery.started_ns is not None)
        return receipt

    def _speak(
        self, announcement: Announcement, camera: Camera, speaker: str, delivery: Delivery
    ) -> Receipt:
        path: Path | None = None
        digest: str | None = None
        error: str | None = None
        try:
            audio = self._speech.render(announcement.text, announcement.language)
            if audio.seconds > MAX_TALK_S:
                raise BroadcastError(
                    f"the warning lasts {audio.seconds:.0f} s, at most {MAX_TALK_S:.0f} s; "
                    "shorten it"
                )
            wav = audio.wav()
            digest = sha256(wav)
            path = self._store(wav, digest)
            driver = self._build(camera)
            self._journal.begin(Begun(announcement, speaker, self._clock.utc_ns()))
            driver.speak(audio, self._stop, delivery)
        except BroadcastError as problem:
            error = str(problem)
            log.warning("warning.failed", announcement=announcement.id, error=error)
        except Exception as problem:
            # A defect in a driver must not take the other loudspeakers with it.
            error = f"camera {camera.id}: {type(problem).__name__}: {problem}"
            log.exception("warning.crashed", announcement=announcement.id, camera=camera.id)
        return Receipt(
            announcement=announcement.id,
            incident=announcement.incident,
            camera=announcement.camera,
            ok=error is None,
            driver=camera.speaker.driver if camera.speaker else "",
            text=announcement.text,
            started_ns=delivery.started_ns,
            seconds=round(delivery.seconds, 3),
            bytes_sent=delivery.bytes_sent,
            device_reply=delivery.device_reply,
            audio_path=None if path is None else str(path),
            audio_sha256=digest,
            error=error,
        )

    def _store(self, wav: bytes, digest: str) -> Path:
        """Keep the rendered audio under its own hash; the same words are kept once a day."""
        day = datetime.fromtimestamp(self._clock.utc_ns() // NS_PER_S, UTC)
        path = self._audio_dir / f"{day:%Y-%m-%d}" / f"{digest}.wav"
        if path.exists() and sha256(path.read_bytes()) == digest:
            return path
        part = path.with_suffix(f".{threading.get_ident()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(wav)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as problem:
            raise BroadcastError(f"{path}: cannot keep the audio: {problem.strerror}") from None
        finally:
            with suppress(OSError):
                part.unlink()
        return path

    def _keep(self, receipt: Receipt) -> None:
        try:
            self._journal.end(receipt)
        except BroadcastError as error:
            # It is in memory, so it is not spoken twice; after a restart the begin is there.
            log.error(
                "warning.receipt_not_kept", announcement=receipt.announcement, error=str(error)
            )

    def _recall(self) -> None:
        """Take over rules and interrupted talks from the journal."""
        for begun in self._journal.interrupted():
            one = begun.announcement
            log.warning("warning.interrupted", announcement=one.id, camera=one.camera)
            self._policy.remember(one.incident, begun.speaker, begun.at_ns)
            self._keep(
                _refused(
                    one,
                    f"camera {one.camera}: the program ended while this was spoken; "
                    "it may have been heard in part and is not repeated",
                )
            )
        for receipt in self._journal.receipts.values():
            camera = self._site.camera(receipt.camera)
            if receipt.started_ns is not None and camera is not None:
                ended_ns = receipt.started_ns + round(receipt.seconds * NS_PER_S)
                self._policy.remember(receipt.incident, drivers.identity(camera), ended_ns)


def _refused(announcement: Announcement, why: str, driver: str = "") -> Receipt:
    """A receipt for something of which nothing was sent."""
    return Receipt(
        announcement=announcement.id,
        incident=announcement.incident,
        camera=announcement.camera,
        ok=False,
        driver=driver,
        text=announcement.text,
        error=why,
    )
