"""What came of a warning (喊话): whether it was heeded, in which way, and after how long.

Read from the record alone: the incident's own history, its warnings and their receipts, and how
its sightings were seen to end. Where nobody saw that, it is inferred from the kind of act: an
angler is gone from the zone, goods are packed up, what was dumped is taken away.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import Field

from core.cases import Announcement, Incident, IncidentState, Receipt
from core.clock import NS_PER_S
from core.seeing import Ending, Kind, Sighting
from core.store.figures import IncidentRow
from core.store.unit import Unit
from core.value import Value

Outcome = Literal[
    "left",
    "left_picture",
    "moved",
    "packed_up",
    "removed",
    "lost",
    "allowed",
    "persisted",
    "unheard",
    "watching",
]

_USUAL: Mapping[Kind, Outcome] = {
    Kind.FISHING: "left",
    Kind.OCCUPATION: "packed_up",
    Kind.DUMPING: "removed",
}
_SEEN: Mapping[Ending | None, Outcome] = {
    Ending.LEFT_ZONE: "left",
    Ending.LEFT_PICTURE: "left_picture",
    Ending.MOVED: "moved",
    Ending.LOST: "lost",
    Ending.ALLOWED: "allowed",
}
_PROVES = (
    Ending.ALLOWED,
    Ending.LOST,
    None,
    Ending.MOVED,
    Ending.LEFT_PICTURE,
    Ending.LEFT_ZONE,
    Ending.THING_GONE,
)
"""How much an ending proves, least first."""


class Answer(StrEnum):
    """What a warned incident counts as. Only what was seen says whether warnings work."""

    COMPLIED = "complied"  # seen to leave, or what stood or lay there was seen to be gone
    UNSEEN = "unseen"  # the act ended, but nobody saw how: lost from view, or inferred
    HOURS_OVER = "hours_over"  # the rule no longer forbade it
    STAYED = "stayed"  # seen to be still there, or somebody had to be sent
    UNHEARD = "unheard"  # no warning went out
    UNKNOWN = "unknown"  # not known yet


def answer_of(ending: Ending | None) -> Answer:
    """What an act counts as that ended so after a warning."""
    match ending:
        case None | Ending.LOST:
            return Answer.UNSEEN
        case Ending.ALLOWED:
            return Answer.HOURS_OVER
    return Answer.COMPLIED


def least_known(endings: Iterable[Ending | None]) -> Ending | None:
    """The ending that proves least; of several subjects it is the one that counts."""
    return min(endings, key=_PROVES.index, default=None)


class Compliance(Value):
    """What came of the warnings of one incident."""

    outcome: Outcome = Field(
        description="left (the zone), left_picture, moved (within the zone), packed_up, removed: "
        "heeded; lost: lost from view, which is no proof of it; allowed: the rule's hours ended; "
        "persisted: still there after the time given, or somebody had to be sent; unheard: no "
        "warning went out; watching: not known yet."
    )
    inferred: bool = Field(
        default=False,
        description="Nobody saw in which way it was heeded: it follows from the kind of act.",
    )
    warnings: int = Field(description="Warnings that went out until then.")
    seconds: float | None = Field(
        default=None, description="From the first sound of the first warning to the end of the act."
    )

    @property
    def answer(self) -> Answer:
        """What the incident counts as."""
        return Answer.UNSEEN if self.inferred else _COUNTS[self.outcome]


_COUNTS: Mapping[Outcome, Answer] = {
    "left": Answer.COMPLIED,
    "left_picture": Answer.COMPLIED,
    "moved": Answer.COMPLIED,
    "packed_up": Answer.COMPLIED,
    "removed": Answer.COMPLIED,
    "lost": Answer.UNSEEN,
    "allowed": Answer.HOURS_OVER,
    "persisted": Answer.STAYED,
    "unheard": Answer.UNHEARD,
    "watching": Answer.UNKNOWN,
}


def compliance(
    incident: Incident,
    announcements: Iterable[Announcement],
    receipts: Iterable[Receipt],
    sightings: Iterable[Sighting],
) -> Compliance | None:
    """What came of the warnings; None where none was asked for.

    Only the first answer counts: that an officer handled it later does not make it heeded, and
    neither does a return after it was heeded undo it. Of several subjects, the one of whom least
    is known counts.

    Args:
        sightings: the incident's, as they were last heard.
    """
    names = {one.id for one in announcements}
    if not names:
        return None
    begun = sorted(
        one.started_ns
        for one in receipts
        if one.announcement in names and one.ok and one.started_ns is not None
    )
    if not begun:
        waits = incident.state is IncidentState.WARNING
        return Compliance(outcome="watching" if waits else "unheard", warnings=0)
    for step in incident.history:
        if step.at_ns < begun[0]:
            continue
        said = sum(at_ns <= step.at_ns for at_ns in begun)
        if step.state == IncidentState.COMPLIED:
            seconds = round((step.at_ns - begun[0]) / NS_PER_S, 1)
            how = _how(sightings, begun[0], step.at_ns)
            outcome = _SEEN.get(how, _USUAL[incident.kind])
            return Compliance(outcome=outcome, inferred=how is None, warnings=said, seconds=seconds)
        if step.state in (IncidentState.PERSISTING, IncidentState.DISPATCHED):
            return Compliance(outcome="persisted", warnings=said)
    return Compliance(outcome="watching", warnings=len(begun))


def _how(sightings: Iterable[Sighting], first_ns: int, last_ns: int) -> Ending | None:
    """How the acts ended that went on when the first warning began to sound."""
    return least_known(
        one.ending
        for one in sightings
        if one.source != "tip" and one.ended_ns is not None and first_ns <= one.ended_ns <= last_ns
    )


class Answered(NamedTuple):
    """What came of the first warning, when it was said and when that was answered."""

    answer: Answer
    warned_ns: int = 0
    at_ns: int = 0


_UNKNOWN = Answered(Answer.UNKNOWN)
_AT_ONCE = 500
"""So many incidents wait for how they were seen to end."""


def answered(
    unit: Unit, incidents: Iterable[IncidentRow]
) -> Iterator[tuple[IncidentRow, Answered]]:
    """Incidents and what came of their first warning.

    Those that ended after it wait until the endings of many can be read at once.
    """
    waiting: list[tuple[IncidentRow, Answered]] = []
    for incident in incidents:
        answer = _answer(incident.steps)
        if answer.answer is not Answer.COMPLIED:
            yield incident, answer
            continue
        waiting.append((incident, answer))
        if len(waiting) == _AT_ONCE:
            yield from _as_seen(unit, waiting)
            waiting.clear()
    yield from _as_seen(unit, waiting)


def _as_seen(
    unit: Unit, complied: list[tuple[IncidentRow, Answered]]
) -> Iterator[tuple[IncidentRow, Answered]]:
    """The same, by how the acts were seen to end."""
    endings = unit.figures.endings(
        [name for incident, _ in complied for name in incident.sightings]
    )
    for incident, answer in complied:
        known = (endings[name] for name in incident.sightings if name in endings)
        how = least_known(
            Ending.of(fact) for ns, fact in known if answer.warned_ns <= ns <= answer.at_ns
        )
        yield incident, answer._replace(answer=answer_of(how))


def _answer(steps: list[tuple[str, int]]) -> Answered:
    """What came of the first warning by the incident's states alone."""
    warned_ns: int | None = None
    for state, at_ns in steps:
        if warned_ns is None:
            if state == "warning":
                warned_ns = at_ns
        elif state == "complied":
            return Answered(Answer.COMPLIED, warned_ns, at_ns)
        elif state in ("persisting", "dispatched"):
            return Answered(Answer.STAYED, warned_ns, at_ns)
    return _UNKNOWN
