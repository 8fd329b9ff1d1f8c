"""``wardwatch catalogue``: the rows in the database, and their form as a file."""

import getpass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import ValidationError

from core.clock import SystemClock
from core.config.catalogue import Catalogue, CatalogueRow
from core.config.site import Site
from core.errors import ConfigError
from core.lawbook import LawError, amend, clashes, finding, on, plain, versions
from core.powers import RowVersion
from core.store.unit import Unit
from wardwatch.cli.books import open_book, write_out
from wardwatch.cli.options import ConfigDir

app = typer.Typer(
    help="The violation catalogue: its versions are in the database, its first form is a file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the acts; today by default.")
]


@app.command()
def export(
    config: ConfigDir,
    out: Annotated[Path | None, typer.Option(help="File to write; the screen by default.")] = None,
) -> None:
    """The newest version of every row, as catalogue.yaml has it."""
    site, store = open_book(config)
    with store.read() as unit:
        newest = _newest(versions(unit, site.catalogue))
        rows = [_as_file(unit, one) for one in newest.values()]
    store.close()
    write_out(rows, out, "rows")


@app.command("import")
def import_rows(
    file: Annotated[Path, typer.Argument(help="Rows as catalogue.yaml has them.")],
    config: ConfigDir,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    valid_from: Day = None,
    by: Annotated[str | None, typer.Option(help="Who decided it; this machine's user.")] = None,
) -> None:
    """Make a new version of every row that differs; all of them, or none when one is refused."""
    given = _read(file)
    clock = SystemClock()
    site, store = open_book(config)
    day = valid_from.date() if valid_from else datetime.now(site.zone_info).date()
    made: list[RowVersion] = []
    try:
        with store.begin() as unit:
            known = _newest(versions(unit, site.catalogue))
            for row in given.rows:
                before = known.get(row.id)
                if before is not None and plain(before.content) == plain(row):
                    continue
                begins = day if before is not None else row.effective_from
                actor = by or getpass.getuser()
                made.append(amend(unit, site.catalogue, row, actor, reason, begins, clock.utc_ns()))
    finally:
        store.close()
    for one in made:
        print(f"{one.id} judges acts from {one.valid_from}")
    print(f"{len(made)} new versions, {len(given.rows) - len(made)} rows unchanged")


@app.command()
def check(config: ConfigDir, day: Day = None) -> None:
    """Rows that clash, await confirmation, differ from the file, or are not on the list."""
    site, store = open_book(config)
    at = day.date() if day else datetime.now(site.zone_info).date()
    with store.read() as unit:
        found = versions(unit, site.catalogue)
        wrong = clashes(found)
        lines = list(_open_points(unit, site, found, at))
    store.close()
    for line in lines:
        print(line)
    if wrong:
        raise LawError("catalogue: " + "; ".join(wrong))
    print(f"exactly one row is in force for every set of cues ({len(_newest(found))} rows)")


def _open_points(unit: Unit, site: Site, found: list[RowVersion], at: date) -> list[str]:
    lines = []
    listed = {one.row for one in unit.powers.find(limit=10_000) if one.holds(at)}
    if not listed:
        lines.append(f"the township's list of powers has no item on {at}")
    for one in on(found, at):
        seen = finding(unit, one.id)
        if seen is None or not seen.confirmed:
            lines.append(f"{one.id}: not confirmed by a legal officer")
        if listed and one.row not in listed:
            lines.append(f"{one.row}: not on the list of powers; cases are transferred")
    newest = _newest(found)
    return lines + [
        f"{row.id}: the file differs from {newest[row.id].id}, which counts"
        for row in site.catalogue.rows
        if plain(newest[row.id].content) != plain(row)
    ]


def _newest(found: list[RowVersion]) -> dict[str, RowVersion]:
    newest: dict[str, RowVersion] = {}
    for one in found:
        if one.row not in newest or newest[one.row].version < one.version:
            newest[one.row] = one
    return newest


def _as_file(unit: Unit, one: RowVersion) -> dict[str, object]:
    seen = finding(unit, one.id)
    row = one.content.model_dump(mode="json")
    row["effective_from"] = one.content.effective_from
    row["effective_to"] = one.content.effective_to
    row["verified_by"] = seen.by if seen is not None and seen.confirmed else ""
    return row


def _read(file: Path) -> Catalogue:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(content, list):
            raise ConfigError(f"{file}: expected a list of rows")
        return Catalogue(rows=tuple(CatalogueRow.model_validate(one) for one in content))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: cannot be read: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {place}: {first['msg']}") from None
