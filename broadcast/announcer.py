"""From an announcement to a receipt: rules, words to sound, one talker at a time, evidence."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import structlog

from broadcast import drivers
from broadcast.base import Delivery, SpeakerDriver, StreamingDriver
from broadcast.drone import Link
from broadcast.errors import BroadcastError
from broadcast.feed import Feed, InStep, LiveFeed, Recording
from broadcast.groups import Place, Step, members
from broadcast.journal import Begun, Journal
from broadcast.live import hear_out
from broadcast.rules import Policy
from broadcast.shelf import Shelf
from broadcast.turns import Turn, Turns
from broadcast.voice import Voice
from broadcast.volume import Knob, Loud, loudness
from core.cases import Announcement, Hearing, Receipt
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
        drones: the way to drones, where there is one.
        knob: sets the volume of cameras' own loudspeakers; None: the sound is made softer.
        recordings: directory of approved recordings, see :class:`broadcast.voice.Voice`.

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
        recordings: Path | None = None,
        knob: Knob | None = None,
        drones: Link | None = None,
    ) -> None:
        self._drones, self._knob = drones, knob
        self._site = site
        self._clock = clock
        self._build = build or self._driver
        self._voice = Voice(recordings)
        self._shelf = Shelf(audio_dir, clock)
        self._policy = Policy(site.warnings, site.zone_info, clock)
        self._journal = Journal(audio_dir / "receipts.jsonl")
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._running: dict[str, Future[Receipt]] = {}
        self._turns = Turns(clock)
        self._recall()

    def use(self, site: Site) -> None:
        """Take another configuration of the cameras for what comes next."""
        self._site = site

    def _driver(self, camera: Camera, volume: int | None) -> SpeakerDriver:
        site = self._site
        return drivers.build(
            camera,
            self._clock,
            credentials_of(site),
            Networks(site.networks),
            volume=volume,
            drones=self._drones,
            directory=site.directory,
        )

    def stop(self) -> None:
        """Break off what is being said and refuse what comes; for shutdown."""
        self._stop.set()
        self._turns.stop()

    def handle_all(self, announcement: Announcement) -> list[Receipt]:
        """Speak at every loudspeaker of the announcement's group; a receipt for each.

        The first receipt carries the announcement's own id, the others ``id.2`` and so on.
        """
        asked = self.members(announcement)
        if len(asked) == 1:
            return [self.handle(asked[0])]
        step = Step(len(asked))
        with ThreadPoolExecutor(len(asked), thread_name_prefix="group") as talkers:
            return list(talkers.map(lambda one: self.handle(one, Place(step)), asked))

    def keep_hearing(self, receipt: Receipt, hearing: Hearing) -> Receipt:
        """The receipt with what a microphone heard, kept in place of the one before."""
        heard = receipt.model_copy(update={"hearing": hearing})
        self._keep(heard)
        return heard

    def members(self, announcement: Announcement) -> Sequence[Announcement]:
        """One announcement for each loudspeaker that is to speak."""
        return members(announcement, self._site, drivers.identity)

    def talker(self, camera_id: str) -> str:
        """The announcement that the loudspeaker of a camera says now; empty when none."""
        camera = self._site.camera(camera_id)
        return "" if camera is None else self._turns.talker(drivers.identity(camera))

    def handle(
        self,
        announcement: Announcement,
        place: Place | None = None,
        live: LiveFeed | None = None,
    ) -> Receipt:
        """Speak, and say what became of it. Never raises for anything a device may do.

        Args:
            place: in a group that begins together.
            live: what somebody says now, instead of the announcement's words.

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
            receipt = self._answer(announcement, place, live)
            self._keep(receipt)
            mine.set_result(receipt)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            if place is not None:
                place.leave()
            with self._guard:
                self._running.pop(announcement.id, None)
        return receipt

    def _answer(
        self, announcement: Announcement, place: Place | None, live: LiveFeed | None
    ) -> Receipt:
        camera = self._site.camera(announcement.camera)
        if camera is None:
            return _refused(announcement, f"no camera {announcement.camera!r} is configured")
        if camera.speaker is None:
            return _refused(announcement, f"camera {camera.id}: has no loudspeaker")
        speaker = drivers.identity(camera)
        # Who breaks another off is judged before: nobody is silenced for what is then refused.
        judged = self._turns.outranks(speaker, announcement.priority)
        if judged and (refusal := self._refusal(announcement, camera, speaker)) is not None:
            return refusal
        spoke = False
        delivery = Delivery()
        broken: Receipt | None = None
        try:
            while True:
                turn = self._turns.take(
                    speaker, announcement.id, announcement.priority, WAIT_FOR_SPEAKER_S
                )
                if turn is None:
                    if broken is not None:
                        return broken
                    return _refused(announcement, self._no_turn(camera), camera)
                try:
                    if not judged:
                        refusal = self._refusal(announcement, camera, speaker)
                        if refusal is not None:
                            return refusal
                        judged = True
                    delivery = Delivery(device_reply=delivery.device_reply)
                    receipt = self._speak(
                        announcement, camera, speaker, turn, delivery, place, live
                    )
                finally:
                    if delivery.started_ns is not None:
                        spoke = True
                        self._policy.ended(speaker)
                    self._turns.release(turn)
                if receipt.ok or not turn.broken_by:
                    return receipt
                said = f"broken off after {delivery.seconds:.1f} s by {turn.broken_by}"
                log.info("warning.broken_off", announcement=announcement.id, by=turn.broken_by)
                why = self._not_again(announcement) if live is None else "it was live"
                error = f"camera {camera.id}: {said}; not said again: {why or 'no turn came'}"
                broken = receipt.model_copy(update={"error": error})
                if why is not None:
                    return broken
                delivery.reply(f"{said}, said again")
        finally:
            if judged:
                self._policy.finished(announcement, speaker, spoke=spoke)

    def _refusal(self, announcement: Announcement, camera: Camera, speaker: str) -> Receipt | None:
        """A receipt when the rules forbid it; otherwise one repeat of the incident is taken."""
        if self._stop.is_set():
            return _refused(announcement, "shutting down", camera)
        refusal = self._policy.refusal(announcement, speaker)
        if refusal is None:
            return None
        log.info("warning.refused", announcement=announcement.id, why=refusal)
        return _refused(announcement, f"camera {camera.id}: not spoken: {refusal}", camera)

    def _no_turn(self, camera: Camera) -> str:
        if self._stop.is_set():
            return "shutting down"
        return f"camera {camera.id}: loudspeaker busy for more than {WAIT_FOR_SPEAKER_S:.0f} s"

    def _not_again(self, announcement: Announcement) -> str | None:
        if self._stop.is_set():
            return "shutting down"
        if self._site.warnings.broken_off == "drop":
            return "the township's rule"
        return self._policy.again(announcement)

    def _speak(
        self,
        announcement: Announcement,
        camera: Camera,
        speaker: str,
        turn: Turn,
        delivery: Delivery,
        place: Place | None,
        live: LiveFeed | None,
    ) -> Receipt:
        path: Path | None = None
        digest: str | None = None
        error: str | None = None
        played: tuple[str, ...] = ()
        volume = announcement.volume or (camera.speaker.volume if camera.speaker else None)
        loud = Loud(0.0, volume, "", "")
        try:
            driver = self._build(camera, volume)
            if live is None:
                audio, played = self._voice.render(announcement, MAX_TALK_S)
            elif live.closed:
                raise BroadcastError(f"camera {camera.id}: given up before its turn")
            with loudness(camera, driver, volume, self._knob) as loud:
                if live is None:
                    audio = audio.louder(loud.gain_db)
                    path, digest = self._shelf.keep(audio)
                    feed: Feed = Recording(audio)
                else:
                    live.gain = 10 ** (loud.gain_db / 20)
                    feed = live
                self._journal.begin(Begun(announcement, speaker, self._clock.utc_ns()))
                if place is not None:
                    feed = InStep(feed, place.ready)
                if isinstance(driver, StreamingDriver) and (live or place):
                    driver.stream(feed, turn.stop, delivery)
                elif live is not None:
                    driver.speak(hear_out(live, self._clock, turn.stop), turn.stop, delivery)
                else:
                    driver.speak(audio, turn.stop, delivery)
            if live is not None and not live.spoken:
                raise BroadcastError(f"camera {camera.id}: nothing was said: {live.ended}")
            if turn.lost:
                raise BroadcastError(f"camera {camera.id}: took too long; another one spoke")
        except BroadcastError as problem:
            error = str(problem)
            log.warning("warning.failed", announcement=announcement.id, error=error)
        except Exception as problem:
            # A defect in a driver must not take the other loudspeakers with it.
            error = f"camera {camera.id}: {type(problem).__name__}: {problem}"
            log.exception("warning.crashed", announcement=announcement.id, camera=camera.id)
        if live is not None and delivery.started_ns is not None:
            try:
                path, digest = self._shelf.keep(live.said())  # also of what broke off
            except BroadcastError as problem:
                error = error or str(problem)
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
            recordings=played,
            volume=loud.volume,
            volume_by=loud.by,
            volume_way=loud.way,
            error=error,
        )

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
            self._policy.remember(one.id, one.incident, begun.speaker, begun.at_ns)
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
                self._policy.remember(
                    receipt.announcement, receipt.incident, drivers.identity(camera), ended_ns
                )


def _refused(announcement: Announcement, why: str, camera: Camera | None = None) -> Receipt:
    """A receipt for something of which nothing was sent."""
    return Receipt(
        announcement=announcement.id,
        incident=announcement.incident,
        camera=announcement.camera,
        ok=False,
        driver=camera.speaker.driver if camera is not None and camera.speaker else "",
        text=announcement.text,
        error=why,
    )
