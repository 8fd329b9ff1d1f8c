"""The desk: the single owner of incidents.

Every message is handled in one transaction that holds the state, the audit entries and what
follows from it (announcements, orders, evidence wanted); that is sent after the commit. The desk
keeps nothing in memory that the next one could not read from the store, timers included, so a
restart in the middle of a story goes on with it.

Times of the scene are frame times: whether somebody complied is decided by what was seen when,
not by when the desk heard of it. The clock serves the waits for loudspeakers, officers and
evidence alone.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from alerts import (
    chasing,
    commands,
    dispatch,
    evidence,
    ground,
    live_talk,
    repeats,
    replies,
    resolution,
    respond,
    speech,
    suppression,
    tips,
    triage,
    words,
)
from alerts.commands import Refusal
from alerts.errors import TransitionError
from alerts.lifecycle import ENDS, OPEN, since_ns
from alerts.outbox import Letter, Outbox, Send
from alerts.roads.graph import Roads
from alerts.work import Patience, WarningWords, Work
from core.cases import EvidenceItem, Incident, IncidentState, OfficerPosition, Receipt, Repeat
from core.clock import NS_PER_S, Clock
from core.config.site import Site
from core.messages import INCIDENTS, Command, IncidentChanged, OrderReply
from core.places import cells_around
from core.seeing import Phase, Sighting
from core.store.database import Store
from core.store.unit import Home
from core.tips import TipDecision
from core.value import Text

_log = structlog.get_logger()

RESUMABLE = frozenset({IncidentState.COMPLIED, IncidentState.CHECKED, IncidentState.CLOSED})
"""States that the program itself reopens when the act is seen again."""


class Desk:
    """Incidents from the first sighting to the end.

    The handlers may be called from several threads and with the same message more than once.

    Args:
        send: puts a message on a stream; called after the commit, in order. If it raises, the
            message is kept and tried again at the next call of any handler.
        warning_text: words of a warning, see :data:`alerts.work.WarningWords`.
        patience: how long the desk waits for the others.
        roads: the road map that ways are reckoned on; None: straight lines.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        clock: Clock,
        send: Send,
        warning_text: WarningWords,
        *,
        patience: Patience | None = None,
        roads: Roads | None = None,
    ) -> None:
        self._site = site
        self._store = store
        self._clock = clock
        self._words = warning_text
        self._patience = patience or Patience()
        self._roads = roads
        self._outbox = Outbox(send)
        self._lock = threading.RLock()  # a bus within the process answers while it is sent to
        self._reminded_ns: int | None = None  # a new desk looks at once: nobody is told twice

    def use(self, site: Site, warning_text: WarningWords) -> None:
        """Take another configuration for what comes next, and the words that go with it.

        Incidents of a camera that is no longer in it go on without loudspeaker.
        """
        with self._lock:
            self._site, self._words = site, warning_text

    def resume(self) -> int:
        """Send again what a crash may have kept from leaving; call once before the handlers.

        Returns:
            The number of open incidents that are gone on with.
        """
        with self._lock:
            again = self._outbox.recover(
                self._store, self._clock.utc_ns(), self._patience.receipt_s
            )
            with self._store.read() as unit:
                open_ones = list(unit.incidents.every(state=[state.value for state in OPEN]))
            news = [Letter(INCIDENTS, IncidentChanged(incident=one)) for one in open_ones]
            self._outbox.add(news)
            self._outbox.flush()
            self._outbox.strike_out(self._store)
        _log.info("incidents resumed", open=len(open_ones), sent_again=again)
        return len(open_ones)

    def on_sighting(self, sighting: Sighting) -> None:
        """A behaviour fired, goes on or has ended."""
        with self._work() as work:
            known = work.unit.sightings.get(sighting.id)
            if not triage.is_news(known, sighting):
                return
            sighting = triage.remembered(known, sighting)
            work.unit.sightings.put(sighting)
            incident = self._home(work, sighting)
            if incident is None:
                repeat = repeats.before(work, sighting)
                if suppression.hold_back(work, sighting, repeat) is not None:
                    return
                incident = self._open(work, sighting, repeat)
            else:
                incident = self._absorb(work, incident, sighting)
            if sighting.phase is Phase.ENDED and not incident.active:
                resolution.ended(work, incident, sighting)

    def on_receipt(self, receipt: Receipt) -> None:
        """A loudspeaker spoke, or did not."""
        with self._work() as work:
            known = work.unit.receipts.get(receipt.announcement)
            if known is not None:
                if known.hearing is None and receipt.hearing is not None:
                    work.unit.receipts.put(receipt)
                    said = receipt.hearing.model_dump(mode="json")
                    work.note("announcement.hearing", receipt.announcement, "", said)
                return
            work.unit.receipts.put(receipt)
            facts = {
                "incident": receipt.incident,
                "ok": receipt.ok,
                "driver": receipt.driver,
                "seconds": receipt.seconds,
                "audio_sha256": receipt.audio_sha256,
            }
            error = receipt.error or ""
            work.note("announcement.receipt", receipt.announcement, error, facts)
            incident = work.unit.incidents.get(receipt.incident)
            if incident is not None:
                incident = live_talk.counted(work, incident, receipt)
                respond.warning_failed(work, work.save(incident))

    def on_evidence(self, item: EvidenceItem) -> None:
        """The vault sealed a file."""
        with self._work() as work:
            if work.unit.evidence.get(item.id) is not None:
                return
            work.unit.evidence.put(item)
            facts = {"incident": item.incident, "role": item.role, "sha256": item.sha256}
            work.note("evidence.sealed", item.id, item.note, facts)
            incident = work.unit.incidents.get(item.incident)
            if incident is None:
                return
            items = (*incident.evidence, item.id)
            incident = work.save(incident.model_copy(update={"evidence": items}))
            resolution.close_when_due(work, incident)

    def on_order_reply(self, reply: OrderReply) -> None:
        """An officer answered an order."""
        with self._work() as work:
            replies.take(work, reply)

    def on_position(self, position: OfficerPosition) -> None:
        """An officer's device says where it is. A late report never replaces a newer one."""
        with self._work() as work:
            known = work.unit.positions.get(position.officer)
            if known is None or known.at_ns <= position.at_ns:
                work.unit.positions.put(position)

    def on_command(self, command: Command) -> Refusal | None:
        """A person decided something; the refusal says why it was not carried out."""
        try:
            with self._work() as work:
                if not work.unit.first_time(f"command:{command.id}"):
                    return None
                return commands.carry_out(work, command)
        except TransitionError as error:
            # All of the command was rolled back; only the refusal is stored.
            with self._work() as work:
                work.unit.first_time(f"command:{command.id}")
                return commands.refuse(work, command, commands.refusal_of(error))

    def on_tip_decision(self, decision: TipDecision) -> Text | None:
        """A person decided about a tip of the public; the words say why it was not carried out."""
        with self._work() as work:
            if not work.unit.first_time(f"tip-decision:{decision.id}"):
                return None
            return tips.decide(work, decision)

    def tick(self) -> None:
        """Look at every open incident for waits that are over; about once a second.

        Each incident has its own transaction: one that cannot be handled is logged and the
        others go on. The oldest comes first, so that it gets the next officer who is free.
        """
        with self._store.read() as unit:
            names = unit.incidents.ids("started_ns", state=[state.value for state in OPEN])
        for name in names:
            try:
                with self._work() as work:
                    incident = work.unit.incidents.get(name)
                    if incident is not None and incident.state not in ENDS:
                        self._look_after(work, incident)
            except Exception:
                _log.exception("incident could not be looked after", incident=name)
        self._remind()
        with self._lock:
            self._outbox.flush()
            self._outbox.strike_out(self._store)

    def _remind(self) -> None:
        """Say which tips of the public wait too long."""
        now_ns = self._clock.utc_ns()
        last_ns = self._reminded_ns
        if last_ns is not None and 0 <= now_ns - last_ns < tips.REMIND_EVERY_NS:
            return
        self._reminded_ns = now_ns
        try:
            with self._work() as work:
                tips.remind(work)
        except Exception:
            _log.exception("tips that wait could not be told of")

    @contextmanager
    def _work(self) -> Iterator[Work]:
        """One transaction; its messages leave after the commit, none of them if it fails."""
        with self._lock:
            now_ns = self._clock.utc_ns()
            with self._store.begin() as unit:
                work = Work(self._site, unit, now_ns, self._patience, self._words, self._roads)
                yield work
                tips.follow(work)
                letters = self._outbox.write(unit, now_ns, work.finish())
            self._outbox.add(letters)
            self._outbox.flush()

    def _home(self, work: Work, sighting: Sighting) -> Incident | None:
        """The incident that a sighting has been part of, else one that it fits."""
        known = work.unit.homes.get(sighting.id)
        if known is not None:
            return work.unit.incidents.get(known.incident)
        neighbours = self._neighbours(work, sighting)
        recall = work.unit.sightings_of
        return triage.home(self._site, neighbours, sighting, recall)

    def _neighbours(self, work: Work, sighting: Sighting) -> list[Incident]:
        """Incidents of the same kind, of the same cameras or near its place."""
        cameras: list[str] = []
        cells: list[str] = []
        if sighting.source != "tip":
            zones = self._site.same_ground(sighting.camera, sighting.zone)
            cameras = sorted({camera for camera, _ in zones})
        places = self._site.places
        if sighting.place is not None and ground.usable(places, sighting):
            cells = cells_around(sighting.place, ground.reach_m(places, sighting))
        # Whatever is over and was seen last before this belongs to no new sighting.
        since_ns = sighting.started_ns - round(self._site.warnings.merge_s * NS_PER_S)
        around = work.unit.incidents.around
        return around(sighting.kind.value, since_ns, cameras=cameras, cells=cells)

    def _open(self, work: Work, sighting: Sighting, repeat: Repeat | None) -> Incident:
        incident = triage.open_incident(self._site, sighting, work.judge, repeat)
        incident = work.save(incident)
        work.unit.homes.put(Home(sighting=sighting.id, incident=incident.id))
        seen = {"sighting": sighting.id, "model": sighting.model, "source": sighting.source}
        work.note_detected(incident, **seen)
        evidence.want_clip(work, incident, sighting)
        return respond.respond(work, incident)

    def _absorb(self, work: Work, before: Incident, sighting: Sighting) -> Incident:
        others = [one for one in work.unit.sightings_of(before) if one.id != sighting.id]
        incident = triage.absorb(self._site, before, sighting, others, work.judge)
        work.save(incident)
        if sighting.id not in before.sightings:
            work.unit.homes.put(Home(sighting=sighting.id, incident=incident.id))
            facts = {
                "sighting": sighting.id,
                "camera": sighting.camera,
                "source": sighting.source,
                "cues": list(sighting.cues),
            }
            work.note("incident.merged", incident.id, sighting.why.text, facts)
            if sighting.camera != before.camera and not _begins_anew(before, incident, sighting):
                evidence.want_clip(work, incident, sighting)
        dispatch.follow_place(work, before, incident)
        if _begins_anew(before, incident, sighting):
            incident = self._again(work, incident, sighting)
        if work.serious(incident) and not work.serious(before):
            work.note("incident.severity", incident.id, words.worse(incident.cues))
            incident = respond.got_worse(work, incident)
        return respond.watch(work, incident) if incident.active else incident

    def _again(self, work: Work, incident: Incident, sighting: Sighting) -> Incident:
        """The act goes on after it had ended; what a person dismissed stays dismissed."""
        if incident.state in ENDS - RESUMABLE:
            return incident
        evidence.want_clip(work, incident, sighting)
        if incident.state in RESUMABLE:
            incident = work.step(
                incident, IncidentState.REOPENED, words.came_back(), at_ns=sighting.fired_ns
            )
            return respond.respond(work, incident)
        return incident

    def _look_after(self, work: Work, incident: Incident) -> None:
        incident = chasing.look_after(work, incident)
        if dispatch.waits_for_officer(work, incident):
            incident = dispatch.send_officer(work, incident, incident.history[-1].reason)
        incident = dispatch.send_support(work, incident, incident.history[-1].reason)
        if speech.in_warning(incident):
            incident = respond.warning_failed(work, incident)
            if work.serious(incident):
                incident = respond.got_worse(work, incident)
            respond.say_unseen(work, incident)
        if incident.active or work.serious(incident):
            incident = respond.respond(work, incident)
        resolution.say_still_there(work, incident)
        resolution.close_when_due(work, incident)


def _begins_anew(before: Incident, incident: Incident, sighting: Sighting) -> bool:
    """True when the act had ended, or its incident was settled, before this sighting began."""
    if not incident.active:
        return False
    settled = before.state in RESUMABLE and sighting.id not in before.sightings
    return not before.active or (settled and sighting.started_ns > since_ns(before))
