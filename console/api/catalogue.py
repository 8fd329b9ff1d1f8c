"""The catalogue (违法事项清单) and the list of powers (权责清单): seen, edited, confirmed, used."""

import hashlib
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from console.api.models import CommandOut, Given, Moment
from console.api.outward import outward
from console.context import Context, Ctx, Monitor, Reviewer, Viewer
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.clock import local_day
from core.config.catalogue import Authority, CatalogueRow
from core.errors import WardwatchError
from core.lawbook import (
    LawError,
    amend,
    clashes,
    confirm,
    disposal,
    empower,
    end_power,
    finding,
    on,
    ruling,
    versions,
)
from core.messages import COMMANDS, Action, Command
from core.powers import Confirmation, PaperKind, Power, RowVersion
from core.store.unit import Unit
from core.store.users import Role
from core.value import Text, new_id

router = APIRouter(prefix="/catalogue", tags=["catalogue"])
incident = APIRouter(prefix="/incidents", tags=["catalogue"])

Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S.*\S")]


class FindingOut(BaseModel):
    by: str
    office: str
    at: Moment
    confirmed: bool
    basis: str


class VersionOut(BaseModel):
    id: str
    row: str
    version: int
    valid_from: date
    made: Moment | None = Field(description="None: read from the file, not stored.")
    made_by: str
    reason: str
    content: CatalogueRow
    finding: FindingOut | None
    judging: bool = Field(description="It judges acts of the day asked for.")


class PowerOut(BaseModel):
    id: str
    row: str
    authority: Authority
    document: str
    delegator: str
    valid_from: date
    valid_to: date | None
    made: Moment
    made_by: str
    reason: str
    ended_by: str
    ended_why: str
    holds: bool


class DisposalOut(BaseModel):
    way: Literal["act", "transfer", "unknown"]
    why: Text
    department: Text
    power: PowerOut | None


class RowOut(BaseModel):
    row: str
    versions: list[VersionOut] = Field(description="Newest first.")
    powers: list[PowerOut]
    disposal: DisposalOut


class CatalogueBook(BaseModel):
    day: date
    rows: list[RowOut]
    clashes: list[str]
    may_edit: bool


class EditIn(Given):
    content: CatalogueRow
    reason: Reason
    valid_from: date
    seen: int = Field(ge=0, description="Number of the newest version the editor saw.")


class ConfirmIn(Given):
    office: str = Field(min_length=1, max_length=80)
    confirmed: bool
    basis: str = Field(min_length=2, max_length=2000)


class PowerIn(Given):
    authority: Literal["own", "assigned", "delegated"]
    document: str = Field(min_length=2, max_length=300)
    delegator: str = Field(default="", max_length=200)
    valid_from: date
    valid_to: date | None = None
    reason: Reason


class EndIn(Given):
    last: date
    reason: Reason


class BasisOut(BaseModel):
    """What judged an incident, what else could, and whose business it is."""

    judged: VersionOut | None
    choice_by: str
    choice_reason: str
    choice_at: Moment | None
    others: list[VersionOut]
    disposal: DisposalOut
    papers: list[PaperKind]
    may_choose: bool
    may_transfer: bool


class ChooseIn(Given):
    row: str = Field(max_length=63)
    reason: Reason


class TransferIn(Given):
    to: str = Field(min_length=2, max_length=200)
    reason: Reason


@router.get("")
def catalogue(ctx: Ctx, signed: Viewer, day: date | None = None) -> CatalogueBook:
    """All rows with their versions and powers, and what holds on a day (today by default)."""
    services = ctx.services
    at = day or local_day(services.clock.utc_ns(), services.site.zone_info)
    with services.store.read() as unit:
        found = versions(unit, services.site.catalogue)
        judging = {one.row: one for one in on(found, at)}
        rows = [
            RowOut(
                row=name,
                versions=[_version(unit, one, judging.get(name)) for one in reversed(mine)],
                powers=[_power(one, at) for one in unit.powers.find(row=name)],
                disposal=_disposal(unit, judging.get(name), at),
            )
            for name, mine in _by_row(found).items()
        ]
    return CatalogueBook(
        day=at, rows=rows, clashes=clashes(found), may_edit=signed.may(Role.REVIEWER)
    )


@router.post("/rows/{row}", status_code=201)
def edit(row: str, given: EditIn, ctx: Ctx, signed: Reviewer) -> VersionOut:
    """Make the next version of a row; the ones before stay."""
    if given.content.id != row:
        raise ProblemError(422, "row", "Another row", f"The content is of {given.content.id}.")
    services = ctx.services
    try:
        with services.store.begin() as unit:
            made = amend(
                unit,
                services.site.catalogue,
                given.content,
                signed.user.name,
                given.reason,
                given.valid_from,
                services.clock.utc_ns(),
                seen=given.seen,
            )
            return _version(unit, made, made)
    except LawError as error:
        raise _refused(error) from None


@router.post("/versions/{version}/confirmations", status_code=201)
def confirm_version(version: str, given: ConfirmIn, ctx: Ctx, signed: Reviewer) -> FindingOut:
    """Record what a legal officer found about a version."""
    try:
        with ctx.services.store.begin() as unit:
            made = confirm(
                unit,
                version,
                signed.user.name,
                given.office,
                given.confirmed,
                given.basis,
                ctx.services.clock.utc_ns(),
            )
    except LawError as error:
        raise _refused(error) from None
    return _finding(made)


@router.post("/rows/{row}/powers", status_code=201)
def add_power(row: str, given: PowerIn, ctx: Ctx, signed: Reviewer) -> PowerOut:
    """Put a row on the township's list."""
    try:
        with ctx.services.store.begin() as unit:
            made = empower(
                unit,
                row,
                Authority(given.authority),
                given.document,
                given.valid_from,
                signed.user.name,
                given.reason,
                ctx.services.clock.utc_ns(),
                delegator=given.delegator,
                valid_to=given.valid_to,
            )
    except LawError as error:
        raise _refused(error) from None
    return _power(made, given.valid_from)


@router.post("/powers/{power}/end")
def end(power: str, given: EndIn, ctx: Ctx, signed: Reviewer) -> PowerOut:
    """End an item of the list; it stays for the acts of its days."""
    try:
        with ctx.services.store.begin() as unit:
            made = end_power(unit, power, given.last, signed.user.name, given.reason)
    except LawError as error:
        raise _refused(error) from None
    return _power(made, given.last)


@incident.get("/{incident_id}/basis")
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
            judged=_version(unit, law, law) if law else None,
            choice_by=found.basis.by if found.basis else "",
            choice_reason=found.basis.reason if found.basis else "",
            choice_at=outward(found.basis)["at"] if found.basis else None,
            others=[
                _version(unit, one, one) for one in others if law is None or one.row != law.row
            ],
            disposal=_disposal(unit, law, day),
            papers=list(PaperKind) if law and services.papers and signed.may(Role.MONITOR) else [],
            may_choose=signed.may(Role.REVIEWER),
            may_transfer=signed.may(Role.MONITOR)
            and found.state.value not in ("closed", "dismissed", "transferred"),
        )


@incident.post("/{incident_id}/basis", status_code=202)
def choose(incident_id: str, given: ChooseIn, ctx: Ctx, signed: Reviewer) -> CommandOut:
    """Choose the row that applies, with a reason; what becomes of it is told by the events."""
    return _command(ctx, signed, incident_id, Action.CHOOSE, given.reason, row=given.row)


@incident.post("/{incident_id}/transfer", status_code=202)
def transfer(incident_id: str, given: TransferIn, ctx: Ctx, signed: Monitor) -> CommandOut:
    """Hand a case over (移送); the transfer letter is named as its paper."""
    paper = f"{incident_id}-{PaperKind.TRANSFER.value}"
    return _command(
        ctx, signed, incident_id, Action.TRANSFER, given.reason, to=given.to, paper=paper
    )


@incident.get("/{incident_id}/papers/{kind}", response_class=Response)
def paper(incident_id: str, kind: PaperKind, ctx: Ctx, signed: Monitor) -> Response:
    """A paper as PDF, made anew from what is known now; that it was made is in the audit log."""
    if ctx.services.papers is None:
        raise ProblemError(503, "no-papers", "Papers cannot be made here")
    try:
        made = ctx.services.papers.paper(incident_id, kind, signed.user.name)
    except WardwatchError as error:
        raise ProblemError(409, "paper", "It cannot be made", str(error)) from None
    digest = hashlib.sha256(made).hexdigest()
    with ctx.services.store.begin() as unit:
        unit.audit.append(
            signed.user.name, "paper.made", incident_id, "", {"kind": kind.value, "sha256": digest}
        )
    name = f"{incident_id}-{kind.value}.pdf"
    return Response(
        made,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}"',
            "cache-control": "private, no-store",
        },
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
    with ctx.services.store.begin() as unit:
        if unit.incidents.get(incident_id) is None:
            raise not_found("incident", incident_id)
        detail = {"command": command.id, "row": row, "to": command.to}
        unit.audit.append(
            signed.user.name, f"command.{action.value}", incident_id, command.reason, detail
        )
    try:
        ctx.services.send(COMMANDS, command)
    except Exception as error:
        with ctx.services.store.begin() as unit:
            unit.audit.append("system", "command.failed", incident_id, str(error), detail)
        raise ProblemError(
            503, "bus", "The command could not be handed over", "Try again.", {"retry-after": "5"}
        ) from None
    ctx.metrics.commands.labels(action.value).inc()
    return CommandOut(command=command.id)


def _by_row(found: list[RowVersion]) -> dict[str, list[RowVersion]]:
    rows: dict[str, list[RowVersion]] = {}
    for one in found:
        rows.setdefault(one.row, []).append(one)
    return rows


def _version(unit: Unit, one: RowVersion, judging: RowVersion | None) -> VersionOut:
    fields = outward(one)
    newest = finding(unit, one.id)
    fields |= {
        "id": one.id,
        "made": fields["made"] if one.version else None,
        "finding": _finding(newest) if newest else None,
        "judging": judging is not None and judging.id == one.id,
    }
    del fields["kind"]
    return VersionOut.model_validate(fields)


def _finding(one: Confirmation) -> FindingOut:
    fields = outward(one)
    return FindingOut.model_validate({name: fields[name] for name in FindingOut.model_fields})


def _power(one: Power, day: date) -> PowerOut:
    return PowerOut.model_validate({**outward(one), "holds": one.holds(day)})


def _disposal(unit: Unit, one: RowVersion | None, day: date) -> DisposalOut:
    found = disposal(unit, one, day)
    return DisposalOut(
        way=found.way,
        why=found.why,
        department=found.department,
        power=_power(found.power, day) if found.power else None,
    )


def _refused(error: LawError) -> ProblemError:
    return ProblemError(409, "law", "Not to be recorded", str(error))
