"""False alarms that are held back at their place: what they are, whose word it was, and undo."""

from fastapi import APIRouter

from console.api.evidence import evidence_out
from console.api.models import LiftIn, SuppressionList, SuppressionOut
from console.api.outward import outward
from console.context import Ctx, Monitor, Viewer
from console.errors import ProblemError, not_found
from core.cases import Incident, IncidentState, Suppression
from core.store.unit import Unit
from core.suppressions import lift
from core.value import NO_WORDS, Text

router = APIRouter(prefix="/suppressions", tags=["suppressions"])


@router.get("")
def suppressions(ctx: Ctx, _: Viewer) -> SuppressionList:
    """All rules in force, the newest first."""
    now_ns = ctx.services.clock.utc_ns()
    with ctx.services.store.read() as unit:
        rules = [one for one in unit.suppressions.find() if one.expires_ns > now_ns]
        rules.sort(key=lambda one: (-one.made_ns, one.id))
        return SuppressionList(items=[suppression_out(unit, one) for one in rules])


@router.post("/{rule_id}/lift")
def lifted(rule_id: str, given: LiftIn, ctx: Ctx, signed: Monitor) -> SuppressionOut:
    """Judge such sightings again from now on; an act that goes on opens an incident at once.

    Whoever may dismiss, and so make a rule, may also undo one.
    """
    reason = given.reason.strip()
    if not reason:
        raise ProblemError(422, "reason", "A reason is needed", "Say why you lift it.")
    with ctx.services.store.begin() as unit:
        found = lift(unit, rule_id, signed.user.name, reason)
        if found is None:
            raise not_found("suppression", rule_id)
        return suppression_out(unit, found)


def made_by(unit: Unit, incident: Incident, now_ns: int) -> SuppressionOut | None:
    """The rule in force that followed from dismissing this incident."""
    if incident.state is not IncidentState.DISMISSED:
        return None
    rules = unit.suppressions.find(
        camera=incident.camera, zone=incident.zone, kind=incident.kind.value
    )
    for one in rules:
        if one.incident == incident.id and one.expires_ns > now_ns:
            return suppression_out(unit, one)
    return None


def suppression_out(unit: Unit, rule: Suppression) -> SuppressionOut:
    """The rule as it leaves the house: with the words it was made for, and a picture."""
    snapshots = unit.evidence.find(incident=rule.incident, role="snapshot")
    fields = {
        **outward(rule),
        "reason": _reason(unit, rule).model_dump(),
        "snapshot": evidence_out(snapshots[0]).url if snapshots else None,
    }
    return SuppressionOut.model_validate(fields)


def _reason(unit: Unit, rule: Suppression) -> Text:
    incident = unit.incidents.get(rule.incident)
    if incident is None:
        return NO_WORDS
    dismissed = IncidentState.DISMISSED.value
    words = (step.reason for step in reversed(incident.history) if step.state == dismissed)
    return next(words, NO_WORDS)
