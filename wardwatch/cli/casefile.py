"""``wardwatch evidence export`` and ``review``: case files, and the gate before them."""

import getpass
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from console.accounts import password_fits
from core.cases import ReviewKind
from core.clock import SystemClock
from core.config.load import load
from core.errors import WardwatchError
from core.reviews import record
from core.store.database import Store, open_store
from core.store.users import Role
from core.value import new_id
from recorder.casefile.case import Wish
from recorder.casefile.encryption import check_password, is_locked, unlock
from recorder.casefile.making import make
from recorder.casefile.station import Station
from recorder.casefile.work import Made, cut_short
from wardwatch.casefiles import station_of
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths

PASSWORD = "WARDWATCH_REVIEWER_PASSWORD"

PasswordFile = Annotated[
    Path | None, typer.Option(help="File whose first line is the password of the case file.")
]
By = Annotated[
    str | None, typer.Option(help="Account that does it; the user of this machine by default.")
]


class CaseFileCommandError(WardwatchError):
    """The command cannot be carried out as it was given."""


def export(
    incidents: Annotated[list[str], typer.Argument(help="Ids of incidents.")],
    config: ConfigDir,
    out: Annotated[Path, typer.Option(help="The case file to be made, FILE.zip.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit log and the custody.")],
    password_file: PasswordFile = None,
    by: By = None,
    unit: Annotated[str, typer.Option(help="The unit it is made for.")] = "",
    as_json: Json = False,
) -> None:
    """Make a case file (案卷) that anybody can check; with a password it is encrypted.

    One that was cut short is gone on with when the same is asked for again.
    """
    if not reason.strip():
        raise CaseFileCommandError("--reason: say why; it goes into the custody")
    password = _password(password_file)
    if password is not None:
        check_password(password)
    if not out.absolute().parent.is_dir():
        raise CaseFileCommandError(f"--out: {out.parent}: is no folder")
    site, clock = load(config), SystemClock()
    paths = Paths(site.data_dir)
    store = _store(config)
    try:
        wish = Wish(
            new_id("case"),
            tuple(dict.fromkeys(incidents)),
            _who(store, by),
            reason.strip(),
            unit.strip(),
        )
        wish = replace(wish, id=cut_short(out.absolute(), wish) or wish.id)
        made = _make(station_of(site, paths, store, clock), wish, out.absolute(), password)
    finally:
        store.close()
    facts = {
        "case": wish.id,
        "file": str(made.path),
        "sha256": made.sha256,
        "bytes": made.size,
        "standing": "evidence" if made.evidence else "lead",
        "verdict": made.verdict,
        "encrypted": password is not None,
    }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    said = "证据 evidence" if made.evidence else "线索，未经审核 lead, not reviewed"
    print(f"{made.path}  {made.size} B  [{said}]\nSHA-256 {made.sha256}")


def review(
    incident: Annotated[str, typer.Argument(help="Id of the incident.")],
    config: ConfigDir,
    kind: Annotated[ReviewKind, typer.Option(help="法制审核 or 技术审核.")],
    outcome: Annotated[Literal["passed", "failed"], typer.Option(help="What it came to.")],
    office: Annotated[str, typer.Option(help="In which function, e.g. 法制审核员.")],
    basis: Annotated[str, typer.Option(help="On what it rests.")],
    by: Annotated[str, typer.Option(help="Account of the reviewer: reviewer, chief or admin.")],
) -> None:
    """Record a legal or technical review; both, by two persons, make a lead (线索) evidence (证据).

    The reviewer's password is asked for, or taken from WARDWATCH_REVIEWER_PASSWORD.
    """
    store = _store(config)
    try:
        with store.read() as unit:
            user = unit.users.get(by)
        if not password_fits(user, os.environ.get(PASSWORD) or getpass.getpass(f"{by}: ")):
            raise CaseFileCommandError(f"--by: {by!r}: no such account, or another password")
        with store.begin() as unit:
            made = record(
                unit,
                incident,
                kind,
                by,
                office=office,
                passed=outcome == "passed",
                basis=basis,
                at_ns=SystemClock().utc_ns(),
            )
    finally:
        store.close()
    print(f"{made.id}: {incident}: {kind.value} review {outcome}, {len(made.sealed)} files")


@contextmanager
def opened(path: Path, password_file: Path | None) -> Iterator[Path]:
    """A case file as it can be checked: an encrypted one is unpacked for as long as that takes.

    Raises:
        CaseFileError: the password is another.
    """
    password = _password(password_file)
    if password is None or not is_locked(path):
        yield path
        return
    # Beside it: there is room for it, and who may read the one may read the other.
    with tempfile.TemporaryDirectory(prefix=".checking-", dir=path.absolute().parent) as scratch:
        yield unlock(path, password, Path(scratch) / "case.zip")


def _make(station: Station, wish: Wish, out: Path, password: str | None) -> Made:
    screen = Console(stderr=True)
    bar = Progress("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn(),
                   console=screen, disable=not screen.is_terminal, transient=True)  # fmt: skip
    with bar:
        task = bar.add_task("导出 export", total=None)
        return make(
            station,
            wish,
            out,
            password=password,
            told=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _who(store: Store, by: str | None) -> str:
    """The account, which must be allowed to; without one whoever sits at this machine."""
    if by is None:
        return getpass.getuser()
    with store.read() as unit:
        user = unit.users.get(by)
    if user is None or not user.role.includes(Role.MONITOR):
        raise CaseFileCommandError(f"--by: {by!r} is no account that may export (monitor or above)")
    return by


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CaseFileCommandError(f"--password-file: {file}: cannot be read: {error}") from None
    if not lines or not lines[0]:
        raise CaseFileCommandError(f"--password-file: {file}: its first line is empty")
    return lines[0]


def _store(config: Path) -> Store:
    site = load(config)
    paths = Paths(site.data_dir)
    paths.make()
    return open_store(paths.database_url(site))
