"""What the addresses of the catalogue and of an incident's basis give and take."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from console.api.outward import outward
from core.config.catalogue import Authority, CatalogueRow
from core.lawbook import disposal, finding
from core.powers import Confirmation, PaperKind, Power, RowVersion
from core.store.unit import Unit
from core.value import Text

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
    seen: int | None = Field(
        default=None, ge=0, description="Newest version the editor saw; None: a new row."
    )


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


def version_out(unit: Unit, one: RowVersion, judging: RowVersion | None) -> VersionOut:
    fields = outward(one)
    newest = finding(unit, one.id)
    fields |= {
        "id": one.id,
        "made": fields["made"] if one.version else None,
        "finding": finding_out(newest) if newest else None,
        "judging": judging is not None and judging.id == one.id,
    }
    del fields["kind"]
    return VersionOut.model_validate(fields)


def finding_out(one: Confirmation) -> FindingOut:
    fields = outward(one)
    return FindingOut.model_validate({name: fields[name] for name in FindingOut.model_fields})


def power_out(one: Power, day: date) -> PowerOut:
    return PowerOut.model_validate({**outward(one), "holds": one.holds(day)})


def disposal_out(unit: Unit, one: RowVersion | None, day: date) -> DisposalOut:
    found = disposal(unit, one, day)
    return DisposalOut(
        way=found.way,
        why=found.why,
        department=found.department,
        power=power_out(found.power, day) if found.power else None,
    )
