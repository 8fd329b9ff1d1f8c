"""What came of a warning (喊话): whether it was heeded, in which way, and after how long.

Read from the record alone: the incident's own history, its warnings and their receipts, and how
its sightings were seen to end. Where nobody saw that, it is inferred from the kind of act: an
angler is gone from the zone, goods are packed up, what was dumped is taken away.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from core.cases import Announcement, Incident, IncidentState, Receipt
from core.clock import NS_PER_S
from core.seeing import Ending, Kind, Sighting
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
    endings = [
        one.ending
        for one in sightings
        if one.source != "tip" and one.ended_ns is not None and first_ns <= one.ended_ns <= last_ns
    ]
    return min(endings, key=_PROVES.index, default=None)
