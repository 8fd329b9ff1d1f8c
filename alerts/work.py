"""One transaction of the desk: what is stored, what is logged and what is to be sent after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from alerts.catalogue import Judge, judge
from alerts.lifecycle import SYSTEM, advance, has_been
from alerts.outbox import Letter
from alerts.roads.graph import Roads
from core.cases import Incident, IncidentState, Severity
from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.config.people import Officer
from core.config.site import Site
from core.config.zones import Response
from core.messages import INCIDENTS, IncidentChanged
from core.presence import Presence, phones, presence
from core.store.unit import Unit
from core.value import NO_WORDS, Text, Value
from core.wording import Wording

WarningWords = Callable[[Unit, Incident, Camera, int, int], Wording]
"""Gives the words of a warning: the database, incident, camera, number of the attempt from 1, and
the moment in UTC nanoseconds."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Patience:
    """How long the desk waits for the others before it goes on without them, in seconds.

    For officers see ``dispatch.patience`` of the configuration.

    Attributes:
        receipt_s: for the receipt of an announcement.
        evidence_s: for the evidence of afterwards, beyond the clip's own length.
        silence_s: for news of the scene after the compliance deadline, before it is said that
            nobody looked.
        handled_s: after an officer handled it, before it is said that the act still goes on.
    """

    receipt_s: float = 60
    evidence_s: float = 60
    silence_s: float = 30
    handled_s: float = 120


@dataclass
class Work:
    """What the parts of the desk share within one transaction.

    ``outgoing`` is sent after the commit, and only then; the changed incidents are added to it
    once each, in their last version.
    """

    site: Site
    unit: Unit
    now_ns: int
    patience: Patience
    writer: WarningWords
    roads: Roads | None = None
    outgoing: list[Letter] = field(default_factory=list)
    _changed: dict[str, Incident] = field(default_factory=dict)
    _phones: frozenset[str] | None = None

    def send(self, stream: str, message: Value) -> None:
        """Send after the commit."""
        self.outgoing.append(Letter(stream, message))

    def save(self, incident: Incident) -> Incident:
        """Store the incident and let everybody know after the commit."""
        self.unit.incidents.put(incident)
        self._changed[incident.id] = incident
        return incident

    def step(
        self,
        incident: Incident,
        to: IncidentState,
        reason: Text = NO_WORDS,
        *,
        actor: str = SYSTEM,
        at_ns: int | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Incident:
        """Bring an incident into another state: life cycle, store and audit log.

        Raises:
            TransitionError: the life cycle does not allow it.
        """
        after = advance(incident, to, self.now_ns if at_ns is None else at_ns, actor, reason)
        if after is incident:
            return incident
        words = self.say(reason)
        self.unit.audit.append(
            actor,
            "incident.state",
            incident.id,
            words,
            {"from": incident.state.value, "to": to.value, **(detail or {})},
        )
        _log.info(
            "incident",
            incident=incident.id,
            camera=incident.camera,
            state=to.value,
            actor=actor,
            reason=words,
        )
        return self.save(after)

    def note(
        self,
        action: str,
        object_id: str,
        reason: Text | str = "",
        detail: Mapping[str, Any] | None = None,
        actor: str = SYSTEM,
    ) -> None:
        """Write down something that happened without changing a state."""
        words = self.say(reason)
        self.unit.audit.append(actor, action, object_id, words, detail)
        _log.info(action, object=object_id, actor=actor, reason=words)

    def note_detected(self, incident: Incident, actor: str = SYSTEM, **more: object) -> None:
        """Write down that an incident was opened, by what it was judged, and what it repeats."""
        facts = {
            "camera": incident.camera,
            "zone": incident.zone,
            "kind": incident.kind.value,
            "severity": incident.severity.value,
            "catalogue_row": incident.catalogue_row,
            "catalogue_version": incident.catalogue_version,
            "cues": list(incident.cues),
            "place_error_m": incident.place_error_m,
            "repeat_of": list(incident.repeat.earlier) if incident.repeat else [],
        }
        self.note("incident.detected", incident.id, incident.why, {**facts, **more}, actor)

    def note_once(self, key: str, action: str, object_id: str, reason: Text) -> None:
        """Like :meth:`note`, but only the first time for this key, over restarts too."""
        if self.unit.first_time(f"said:{key}"):
            self.note(action, object_id, reason)

    def say(self, words: Text | str) -> str:
        """Words for people in the language of the site."""
        return words if isinstance(words, str) else words[self.site.language]

    def changed(self) -> list[Incident]:
        """The incidents changed so far, in their last version."""
        return list(self._changed.values())

    def finish(self) -> list[Letter]:
        """Everything that is to leave once the transaction is committed."""
        changed = (Letter(INCIDENTS, IncidentChanged(incident=i)) for i in self._changed.values())
        return [*self.outgoing, *changed]

    @property
    def judge(self) -> Judge:
        """Which version of which row of the catalogue applies to an act."""
        return judge(self.unit, self.site.catalogue)

    def wording(self, incident: Incident, camera: Camera) -> Wording:
        """The words of the next warning, or why there are none."""
        attempt = len(incident.announcements) + 1
        return self.writer(self.unit, incident, camera, attempt, self.now_ns)

    def camera(self, incident: Incident) -> Camera | None:
        """The camera of an incident, None when the configuration no longer has it."""
        return self.site.camera(incident.camera)

    def presence(self, officer: Officer) -> Presence:
        """Whether the officer is on duty."""
        if self._phones is None:
            self._phones = phones(self.unit)
        return presence(self.unit, self.site, officer, self.now_ns, self._phones)

    def may_act(self, incident: Incident) -> bool:
        """True when the program may warn and dispatch by itself.

        Zones decide (automatic, confirm, off). Without a row of the catalogue in force, and for
        a zone that the configuration does not know, a person must have confirmed.
        """
        camera = self.camera(incident)
        zone = camera.zone(incident.zone) if camera else None
        response = zone.response if zone else Response.CONFIRM
        if response is Response.OFF:
            return False
        if response is Response.AUTOMATIC and incident.catalogue_row is not None:
            return True
        return has_been(incident, IncidentState.CONFIRMED)

    @staticmethod
    def serious(incident: Incident) -> bool:
        return incident.severity is Severity.SERIOUS

    def told_only(self, incident: Incident) -> bool:
        """True when no camera saw the act: all that is known was told by the public."""
        if not incident.tips:
            return False
        return all(one.source == "tip" for one in self.unit.sightings_of(incident))

    def ago_s(self, moment_ns: int) -> float:
        """Seconds since a moment, by the wall clock."""
        return (self.now_ns - moment_ns) / NS_PER_S
