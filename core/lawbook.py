"""The catalogue as it is in the database: versions, confirmations, and the list of powers.

The file ``catalogue.yaml`` is the initial form: rows the database does not know become version 1.
From then on edits make versions. Acts of a day are judged by the newest version whose
``valid_from`` is not after it; older ones stay for the incidents they judged.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from core.cases import Incident
from core.config.catalogue import Authority, Catalogue, CatalogueRow
from core.errors import WardwatchError
from core.powers import FROM_FILE, Confirmation, Disposal, Power, RowVersion, version_id
from core.seeing import Kind
from core.store.unit import Unit
from core.store.users import Role
from core.value import NO_WORDS, Text, new_id

_MANY = 100_000


class LawError(WardwatchError):
    """An edit of the catalogue or the list of powers that cannot be made; names the rows."""


def seed(unit: Unit, catalogue: Catalogue, at_ns: int) -> int:
    """Store the file's rows that the database does not know yet; how many there were."""
    known = {one.row for one in stored(unit)}
    fresh = [row for row in catalogue.rows if row.id not in known]
    for row in fresh:
        unit.row_versions.put(_of_file(row, 1, at_ns))
    if fresh:
        names = [row.id for row in fresh]
        unit.audit.append("system", "catalogue.import", FROM_FILE, "", {"rows": names})
    return len(fresh)


def stored(unit: Unit, kind: Kind | None = None) -> list[RowVersion]:
    """All versions, or those of one kind, in the order of row and number."""
    found = (
        unit.row_versions.find(limit=_MANY)
        if kind is None
        else unit.row_versions.find(limit=_MANY, kind=kind.value)
    )
    return sorted(found, key=lambda one: (one.row, one.version))


def versions(unit: Unit, catalogue: Catalogue, kind: Kind | None = None) -> list[RowVersion]:
    """The stored versions, and the rows of the file that are not stored (as version 0)."""
    found = stored(unit, kind)
    known = {one.row for one in found}
    loose = [row for row in catalogue.rows if row.id not in known and kind in (None, row.kind)]
    # The order of the file decides between rows that are alike in everything else.
    place = {row.id: number for number, row in enumerate(catalogue.rows)}
    found += [_of_file(row, 0, 0) for row in loose]
    return sorted(found, key=lambda one: (place.get(one.row, len(place)), one.row, one.version))


def on(found: Iterable[RowVersion], day: date) -> list[RowVersion]:
    """The version of each row that judges acts of a day; rows not in force then are left out."""
    newest: dict[str, RowVersion] = {}
    for one in found:
        before = newest.get(one.row)
        if one.valid_from <= day and (before is None or one.version > before.version):
            newest[one.row] = one
    return [one for one in newest.values() if one.content.in_force(day)]


def clashes(found: Sequence[RowVersion]) -> list[str]:
    """What makes the catalogue ambiguous: rows that apply to the same cues on the same day."""
    told: dict[tuple[str, ...], str] = {}
    for day in sorted(_turns(found)):
        groups: dict[tuple[Kind, frozenset[str]], list[str]] = {}
        for one in on(found, day):
            groups.setdefault((one.kind, frozenset(one.content.when)), []).append(one.row)
        for (kind, cues), rows in groups.items():
            names = tuple(sorted(rows))
            if len(names) > 1 and names not in told:
                shown = ", ".join(sorted(cues)) or "no cue"
                told[names] = (
                    f"rows {' and '.join(names)} are both in force from {day} for {kind.value} "
                    f"with the same cues ({shown}); end one of them or change its cues"
                )
    return list(told.values())


def ruling(unit: Unit, catalogue: Catalogue, incident: Incident) -> RowVersion | None:
    """The version that judged an incident. Incidents from before there were versions: the first."""
    name = incident.catalogue_row
    if name is None:
        return None
    if incident.catalogue_version:
        return unit.row_versions.get(version_id(name, incident.catalogue_version))
    row = next((one for one in catalogue.rows if one.id == name), None)
    return unit.row_versions.get(version_id(name, 1)) or (_of_file(row, 0, 0) if row else None)


def amend(
    unit: Unit,
    catalogue: Catalogue,
    content: CatalogueRow,
    by: str,
    reason: str,
    valid_from: date,
    at_ns: int,
    *,
    seen: int | None = None,
) -> RowVersion:
    """Make the next version of a row, or the first of a new one.

    Args:
        seen: number of the version the editor looked at; refused when there is a newer one.

    Raises:
        LawError: no reason, the row was changed meanwhile, nothing differs, the kind differs,
            or the rows would clash.
    """
    if not reason.strip():
        raise LawError(f"catalogue row {content.id}: say why it is changed")
    all_ones = versions(unit, catalogue)
    mine = [one for one in all_ones if one.row == content.id]
    newest = max(mine, key=lambda one: one.version, default=None)
    if newest is not None:
        if seen is not None and seen != newest.version:
            raise LawError(
                f"catalogue row {content.id}: version {newest.version} was made meanwhile; "
                "look at it first"
            )
        if content.kind is not newest.kind:
            raise LawError(f"catalogue row {content.id}: its kind cannot change; add another row")
        if newest.version == 0:
            seed(unit, Catalogue(rows=(newest.content,)), at_ns)
            newest = newest.model_copy(update={"version": 1})
            all_ones = versions(unit, catalogue)
        if plain(newest.content) == plain(content) and newest.valid_from == valid_from:
            raise LawError(f"catalogue row {content.id}: nothing is changed")
    made = RowVersion(
        row=content.id,
        version=newest.version + 1 if newest else 1,
        kind=content.kind,
        valid_from=valid_from,
        made_ns=at_ns,
        made_by=by,
        reason=reason.strip(),
        content=plain(content),
    )
    wrong = set(clashes([*all_ones, made])) - set(clashes(all_ones))
    if wrong:
        raise LawError("catalogue: " + "; ".join(sorted(wrong)))
    unit.row_versions.put(made)
    facts = {"valid_from": str(valid_from), "content": made.content.model_dump(mode="json")}
    unit.audit.append(by, "catalogue.version", made.id, made.reason, facts)
    return made


def plain(content: CatalogueRow) -> CatalogueRow:
    """A row without the name of who confirmed it: that belongs to a version."""
    return content.model_copy(update={"verified_by": ""})


def confirm(
    unit: Unit,
    version: str,
    by: str,
    office: str,
    confirmed: bool,
    basis: str,
    at_ns: int,
) -> Confirmation:
    """Record what a legal officer found about a version.

    Raises:
        LawError: there is no such version, the account may not review, or no office or basis
            is given.
    """
    if unit.row_versions.get(version) is None:
        raise LawError(f"catalogue: there is no version {version!r}")
    user = unit.users.get(by)
    if user is None or not user.role.includes(Role.REVIEWER):
        raise LawError(f"catalogue: {by!r} is no account that may confirm rows (reviewer)")
    if not office.strip() or not basis.strip():
        raise LawError("catalogue: say in which office and on what basis")
    before = unit.confirmations.find(version=version)
    made = Confirmation(
        id=new_id("cnf"),
        version=version,
        by=by,
        office=office.strip(),
        at_ns=max([at_ns, *(one.at_ns + 1 for one in before)]),
        confirmed=confirmed,
        basis=basis.strip(),
    )
    unit.confirmations.put(made)
    facts = {"confirmed": confirmed, "office": made.office}
    unit.audit.append(by, "catalogue.confirm", version, made.basis, facts)
    return made


def finding(unit: Unit, version: str) -> Confirmation | None:
    """The newest finding about a version; None while nobody has looked at it."""
    return max(unit.confirmations.find(version=version), key=lambda one: one.at_ns, default=None)


def empower(
    unit: Unit,
    row: str,
    authority: Authority,
    document: str,
    valid_from: date,
    by: str,
    reason: str,
    at_ns: int,
    *,
    delegator: str = "",
    valid_to: date | None = None,
) -> Power:
    """Put an item on the list of powers.

    Raises:
        LawError: no document, no reason, no delegator of a delegated power, dates in disorder,
            an authority that is none, or another item holds for the same row and days.
    """
    if authority is Authority.TRANSFER:
        raise LawError(f"powers: {row}: a row that is transferred is not on the list")
    if not document.strip() or not reason.strip():
        raise LawError(f"powers: {row}: name the document that gives the power, and say why")
    if authority is Authority.DELEGATED and not delegator.strip():
        raise LawError(f"powers: {row}: say who delegates; the township acts in that name")
    if valid_to is not None and valid_to < valid_from:
        raise LawError(f"powers: {row}: the last day {valid_to} lies before {valid_from}")
    if not any(one.row == row for one in stored(unit)):
        raise LawError(f"powers: there is no catalogue row {row!r}")
    for one in unit.powers.find(limit=_MANY, row=row):
        starts_after = valid_to is not None and one.valid_from > valid_to
        ends_before = one.valid_to is not None and one.valid_to < valid_from
        if not starts_after and not ends_before:
            raise LawError(
                f"powers: {row}: {one.document} ({one.authority.value}, from {one.valid_from}) "
                "holds on some of these days; end it first"
            )
    made = Power(
        id=new_id("pow"),
        row=row,
        authority=authority,
        document=document.strip(),
        delegator=delegator.strip(),
        valid_from=valid_from,
        valid_to=valid_to,
        made_ns=at_ns,
        made_by=by,
        reason=reason.strip(),
    )
    unit.powers.put(made)
    facts = made.model_dump(mode="json", exclude={"reason"})
    unit.audit.append(by, "powers.add", row, made.reason, facts)
    return made


def end_power(unit: Unit, power: str, last: date, by: str, reason: str) -> Power:
    """End an item of the list; it stays for the acts of its days.

    Raises:
        LawError: there is no such item, it has ended, the last day is too early, or no reason.
    """
    found = unit.powers.get(power)
    if found is None:
        raise LawError(f"powers: there is no item {power!r}")
    if found.ended_by or not reason.strip():
        raise LawError(f"powers: {found.row}: it has been ended already, or no reason is given")
    if last < found.valid_from - timedelta(days=1):
        raise LawError(f"powers: {found.row}: it began on {found.valid_from}, after {last}")
    ended = found.model_copy(update={"valid_to": last, "ended_by": by, "ended_why": reason.strip()})
    unit.powers.put(ended)
    unit.audit.append(by, "powers.end", found.row, ended.ended_why, {"last": str(last)})
    return ended


def disposal(unit: Unit, version: RowVersion | None, day: date) -> Disposal:
    """Whether the township acts on a row itself, by its list on the day of the act."""
    if version is None:
        why = Text(zh="行为发生当天没有有效条款", en="no row was in force on the day of the act")
        return Disposal(way="unknown", why=why, department=NO_WORDS)
    department = version.content.department
    listed = unit.powers.find(limit=_MANY, row=version.row)
    held = next((one for one in listed if one.holds(day)), None)
    if held is not None:
        why = Text(zh=f"列入权责清单：{held.document}", en=f"on the list: {held.document}")
        return Disposal(way="act", why=why, department=department, power=held)
    if version.content.authority is not Authority.TRANSFER and not unit.powers.find(limit=1):
        why = Text(zh="尚未录入本镇权责清单", en="the township's list is not recorded yet")
        return Disposal(way="unknown", why=why, department=department)
    why = Text(
        zh="不在本镇权责清单内，应移送主管部门",
        en="not on the township's list: transfer to the competent department",
    )
    return Disposal(way="transfer", why=why, department=department)


def _of_file(row: CatalogueRow, version: int, at_ns: int) -> RowVersion:
    return RowVersion(
        row=row.id,
        version=version,
        kind=row.kind,
        valid_from=row.effective_from,
        made_ns=at_ns,
        made_by=FROM_FILE,
        reason="",
        content=row,
    )


def _turns(found: Iterable[RowVersion]) -> set[date]:
    """Every day on which what is in force may change."""
    days = set()
    for one in found:
        days |= {one.valid_from, one.content.effective_from}
        if one.content.effective_to is not None and one.content.effective_to < date.max:
            days.add(one.content.effective_to + timedelta(days=1))
    return days
