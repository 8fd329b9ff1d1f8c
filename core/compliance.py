"""What came of a warning (喊话): whether it was heeded, in which way, and after how long.

Read from the record alone: the incident's own history, its warnings and their receipts. What the
end of an act looks like follows from its kind: an angler is gone from the zone, goods are packed
up, what was dumped is taken away.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from core.cases import Announcement, Incident, IncidentState, Receipt
from core.clock import NS_PER_S
from core.seeing import Kind
from core.value import Value

Outcome = Literal["left", "packed_up", "removed", "persisted", "unheard", "watching"]

_HEEDED: Mapping[Kind, Outcome] = {
    Kind.FISHING: "left",
    Kind.OCCUPATION: "packed_up",
    Kind.DUMPING: "removed",
}


class Compliance(Value):
    """What came of the warnings of one incident."""

    outcome: Outcome = Field(
        description="left, packed_up, removed: heeded; persisted: still there after the time "
        "given, or somebody had to be sent; unheard: no warning went out; watching: not known yet."
    )
    inferred: bool = Field(
        default=False,
        description="In which way it was heeded follows from the kind of act; nobody has seen it.",
    )
    warnings: int = Field(description="Warnings that went out until then.")
    seconds: float | None = Field(
        default=None, description="From the first sound of the first warning to the end of the act."
    )


def compliance(
    incident: Incident, announcements: Iterable[Announcement], receipts: Iterable[Receipt]
) -> Compliance | None:
    """What came of the warnings; None where none was asked for.

    Only the first answer counts: that an officer handled it later does not make it heeded, and
    neither does a return after it was heeded undo it.
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
            outcome = _HEEDED[incident.kind]
            return Compliance(outcome=outcome, inferred=True, warnings=said, seconds=seconds)
        if step.state in (IncidentState.PERSISTING, IncidentState.DISPATCHED):
            return Compliance(outcome="persisted", warnings=said)
    return Compliance(outcome="watching", warnings=len(begun))
