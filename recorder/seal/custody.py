"""Who had evidence in hand, and what they did with it."""

from dataclasses import dataclass
from typing import Any

from core.custody import Handled
from recorder.seal.check.canonical import canonical
from recorder.seal.check.chain import Custody, event_hash
from recorder.seal.check.times import utc_ns_of, utc_text


@dataclass(frozen=True)
class Act:
    """What somebody did.

    Attributes:
        action: ``sealed``, ``adopted``, ``copied``, ``viewed``, ``exported``, ``shared``,
            ``locked``, ``released`` …
        actor: user name, or ``system``.
        unit: the unit the person acts for.
        reason: as the access register asks for it (Order 799, art. 16).
        object: path below the incident, or empty for the incident as a whole.
        before: SHA-256 of the object before; None where it was not there or did not change.
        after: SHA-256 of what came to be.
    """

    action: str
    actor: str = "system"
    unit: str = ""
    reason: str = ""
    object: str = ""
    before: str | None = None
    after: str | None = None


def line_of(act: Act, behind: Custody, incident: str, utc_ns: int) -> tuple[bytes, str]:
    """The event as a line behind a chain, and its hash.

    Raises:
        UnreadableError: a text in it cannot be written.
    """
    event = {
        "seq": len(behind.events) + 1,
        "prev_hash": behind.head,
        "at": utc_text(utc_ns),
        "incident": incident,
        "actor": act.actor,
        "unit": act.unit,
        "action": act.action,
        "reason": act.reason,
        "object": act.object,
        "before": act.before,
        "after": act.after,
    }
    event["hash"] = event_hash(event)
    return canonical(event) + b"\n", str(event["hash"])


def handled_of(event: dict[str, Any]) -> Handled:
    """An event of a chain that was read, for people."""
    return Handled(
        seq=event["seq"],
        at_ns=utc_ns_of(event["at"]),
        actor=event["actor"],
        unit=event["unit"],
        action=event["action"],
        reason=event["reason"],
        object=event["object"],
        sha256=event["after"] or event["before"],
    )
