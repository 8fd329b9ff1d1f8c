"""From a list of cameras to the roster: everything is checked before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import WardwatchError
from wardwatch.cameras.office import Office
from wardwatch.cameras.spreadsheet import Problem, Row, SheetError, read_sheet


@dataclass(frozen=True)
class Imported:
    """What became of a list.

    Attributes:
        added: ids, in the order of the file; with ``dry_run`` those that would be.
        skipped: what is wrong with the rows that were left out.
        passwords: how many of the rows hold a password.
    """

    added: tuple[str, ...]
    skipped: tuple[Problem, ...]
    passwords: int


def import_sheet(
    office: Office, data: bytes, *, skip_bad: bool = False, dry_run: bool = False
) -> Imported:
    """Put all cameras of a CSV file on the roster, or none.

    Host names are not looked up now: each connection looks for itself.

    Args:
        skip_bad: put the sound ones on it.
        dry_run: write nothing.

    Raises:
        SheetError: no list of cameras, or a problem in it (without ``skip_bad``), all of them
            told, one a line.
        ConfigError: the roster cannot be written.
    """
    sheet = read_sheet(data)
    rows, objections = _welcome(office, sheet.rows)
    problems = sorted([*sheet.problems, *objections], key=lambda one: one.line)
    if problems and not (skip_bad and rows):
        raise SheetError("\n".join(map(str, problems)))
    office.add_all([row.camera for row in rows], dry_run=dry_run)
    return Imported(
        tuple(row.camera.id for row in rows),
        tuple(problems),
        sum(row.camera.credential is not None for row in rows),
    )


def _welcome(office: Office, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
    """Rows that the roster would take, and what is against the others."""
    known = set(office.page().ids())
    good, problems = [], []
    for row in rows:
        if row.camera.id in known:
            problems.append(Problem(row.line, "id", f"camera {row.camera.id} exists already"))
            continue
        try:
            office.check(row.camera, resolve=False)
        except WardwatchError as error:
            problems.append(Problem(row.line, "", str(error)))
        else:
            good.append(row)
    return good, problems
