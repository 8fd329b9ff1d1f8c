"""Which row of the catalogue applies, when a legal reviewer chooses between statutes."""

from alerts import respond, words
from alerts.catalogue import act_day
from alerts.lifecycle import ENDS
from alerts.work import Work
from core.cases import BasisChoice, Incident, Severity
from core.lawbook import on, versions
from core.messages import Command
from core.powers import RowVersion, version_id
from core.store.users import Role
from core.value import Text


def candidates(work: Work, incident: Incident) -> list[RowVersion]:
    """The versions a reviewer may choose from: those in force on the day of the act."""
    day = act_day(incident.started_ns, work.site.zone_info)
    return on(versions(work.unit, work.site.catalogue, incident.kind), day)


def why_not(work: Work, incident: Incident, command: Command) -> Text | None:
    """Why a choice is refused; None when it stands."""
    user = work.unit.users.get(command.user)
    if user is None or not user.role.includes(Role.REVIEWER):
        return words.only_reviewers_choose()
    if not command.reason.strip():
        return words.reason_needed()
    if all(one.row != command.row for one in candidates(work, incident)):
        return words.row_not_in_force(command.row)
    return None


def choose_row(work: Work, incident: Incident, command: Command) -> Incident:
    """Let the row that was chosen judge the incident; it becomes serious by it, never minor."""
    (law,) = [one for one in candidates(work, incident) if one.row == command.row]
    before = (
        version_id(incident.catalogue_row, incident.catalogue_version or 0)
        if incident.catalogue_row
        else None
    )
    choice = BasisChoice(
        by=command.user, at_ns=work.now_ns, reason=command.reason.strip(), instead_of=before
    )
    changes: dict[str, object] = {
        "catalogue_row": law.row,
        "catalogue_version": law.version,
        "basis": choice,
    }
    worse = law.content.severity is Severity.SERIOUS and not work.serious(incident)
    if worse:
        changes["severity"] = Severity.SERIOUS
    incident = work.save(incident.model_copy(update=changes))
    facts = {"row": law.id, "instead_of": before}
    work.note("incident.basis", incident.id, command.reason, facts, command.user)
    if worse and incident.state not in ENDS:
        incident = respond.got_worse(work, incident)
    return incident
