"""The catalogue (违法事项清单) and the list of powers (权责清单): seen, edited, confirmed."""

from datetime import date

from fastapi import APIRouter

from console.api.law_models import (
    CatalogueBook,
    ConfirmIn,
    EditIn,
    EndIn,
    FindingOut,
    PowerIn,
    PowerOut,
    RowOut,
    VersionOut,
    disposal_out,
    finding_out,
    power_out,
    version_out,
)
from console.context import Ctx, Reviewer, Viewer
from console.errors import ProblemError
from core.clock import local_day
from core.config.catalogue import Authority
from core.lawbook import (
    LawError,
    amend,
    clashes,
    confirm,
    empower,
    end_power,
    on,
    versions,
)
from core.powers import RowVersion
from core.store.users import Role

router = APIRouter(prefix="/catalogue", tags=["catalogue"])


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
                versions=[version_out(unit, one, judging.get(name)) for one in reversed(mine)],
                powers=[power_out(one, at) for one in unit.powers.find(row=name)],
                disposal=disposal_out(unit, judging.get(name), at),
            )
            for name, mine in _by_row(found).items()
        ]
    return CatalogueBook(
        day=at, rows=rows, clashes=clashes(found), may_edit=signed.may(Role.REVIEWER)
    )


@router.post("/rows/{row}", status_code=201)
def edit(row: str, given: EditIn, ctx: Ctx, signed: Reviewer) -> VersionOut:
    """Make the next version of a row, the ones before stay; or the first of a new one."""
    if given.content.id != row:
        raise ProblemError(422, "row", "Another row", f"The content is of {given.content.id}.")
    services = ctx.services
    try:
        with services.store.begin() as unit:
            known = versions(unit, services.site.catalogue)
            if given.seen is None and any(one.row == row for one in known):
                raise LawError(f"catalogue row {row}: there is one of that id already")
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
            return version_out(unit, made, made)
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
    return finding_out(made)


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
    return power_out(made, given.valid_from)


@router.post("/powers/{power}/end")
def end(power: str, given: EndIn, ctx: Ctx, signed: Reviewer) -> PowerOut:
    """End an item of the list; it stays for the acts of its days."""
    try:
        with ctx.services.store.begin() as unit:
            made = end_power(unit, power, given.last, signed.user.name, given.reason)
    except LawError as error:
        raise _refused(error) from None
    return power_out(made, given.last)


def _by_row(found: list[RowVersion]) -> dict[str, list[RowVersion]]:
    rows: dict[str, list[RowVersion]] = {}
    for one in found:
        rows.setdefault(one.row, []).append(one)
    return rows


def _refused(error: LawError) -> ProblemError:
    return ProblemError(409, "law", "Not to be recorded", str(error))
