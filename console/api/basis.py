"""Which row of the catalogue applies to an incident, and handing it over (移送)."""

from fastapi import APIRouter

from console.api.law_models import BasisOut, ChooseIn, TransferIn, disposal_out, version_out
from console.api.models import CommandOut
from console.api.outward import outward
from console.commanding import hand_over
from console.context import Context, Ctx, Monitor, Reviewer, Viewer
from console.errors import not_found
from console.sessions import Signed
from core.clock import local_day
from core.lawbook import on, ruling, versions
from core.messages import Action, Command
from core.powers import PaperKind
from core.store.users import Role
from core.value import new_id

router = APIRouter(prefix="/incidents", tags=["catalogue"])


@router.get("/{incident_id}/basis")
def basis(incident_id: str, ctx: Ctx, signed: Viewer) -> BasisOut:
    """Which row judged an incident, which others were in force, and who is competent."""
    services = ctx.services
    with services.store.read() as unit:
        found = unit.incidents.get(incident_id)
        if found is None:
            raise not_found("incident", incident_id)
        day = local_day(found.started_ns, services.site.zone_info)
        law = ruling(unit, services.site.catalogue, found)
        others = on(versions(unit, services.site.catalogue, found.kind), day)
        return BasisOut(
            judged=version_out(unit, law, law) if law else None,
            choice_by=found.basis.by if found.basis else "",
            choice_reason=found.basis.reason if found.basis else "",
            choice_at=outward(found.basis)["at"] if found.basis else None,
            others=[
                version_out(unit, one, one) for one in others if law is None or one.row != law.row
            ],
            disposal=disposal_out(unit, law, day),
            papers=list(PaperKind) if law and services.papers and signed.may(Role.MONITOR) else [],
            may_choose=signed.may(Role.REVIEWER),
            may_transfer=signed.may(Role.MONITOR)
            and found.state.value not in ("closed", "dismissed", "transferred"),
        )


@router.post("/{incident_id}/basis", status_code=202)
def choose(incident_id: str, given: ChooseIn, ctx: Ctx, signed: Reviewer) -> CommandOut:
    """Choose the row that applies, with a reason; what becomes of it is told by the events."""
    return _command(ctx, signed, incident_id, Action.CHOOSE, given.reason, row=given.row)


@router.post("/{incident_id}/transfer", status_code=202)
def transfer(incident_id: str, given: TransferIn, ctx: Ctx, signed: Monitor) -> CommandOut:
    """Hand a case over (移送); the transfer letter is named as its paper."""
    paper = f"{incident_id}-{PaperKind.TRANSFER.value}"
    return _command(
        ctx, signed, incident_id, Action.TRANSFER, given.reason, to=given.to, paper=paper
    )


def _command(
    ctx: Context,
    signed: Signed,
    incident_id: str,
    action: Action,
    reason: str,
    *,
    row: str = "",
    to: str = "",
    paper: str = "",
) -> CommandOut:
    command = Command(
        id=new_id("cmd"),
        incident=incident_id,
        action=action,
        user=signed.user.name,
        at_ns=ctx.services.clock.utc_ns(),
        reason=reason.strip(),
        row=row,
        to=to.strip(),
        documents=(paper,) if paper else (),
    )
    with ctx.services.store.read() as unit:
        if unit.incidents.get(incident_id) is None:
            raise not_found("incident", incident_id)
    return hand_over(ctx, signed, command, {"row": row, "to": command.to})
