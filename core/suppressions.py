"""Undo the holding back of a false alarm; the desk, the console and the command line agree here."""

from core.cases import Suppression
from core.store.unit import Unit

LIFTED = "suppression.removed"
"""Action in the audit log."""


def lift(unit: Unit, name: str, actor: str, reason: str) -> Suppression | None:
    """Judge such sightings again from now on; an act that goes on opens an incident at once.

    Args:
        name: id of the rule.
        actor: who decided it.

    Returns:
        The rule as it was; None: there is no such rule (any more), and nothing was written.
    """
    found = unit.suppressions.get(name)
    if found is None:
        return None
    unit.suppressions.remove(name)
    facts = {
        "incident": found.incident,
        "camera": found.camera,
        "zone": found.zone,
        "kind": found.kind.value,
        "hits": found.hits,
    }
    unit.audit.append(actor, LIFTED, name, reason, facts)
    return found
