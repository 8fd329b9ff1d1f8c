"""``wardwatch recorder``: check and mend the recordings; what was deleted; accept a disk."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.clock import SystemClock, iso
from core.config.load import load
from core.errors import WardwatchError
from recorder.check import Check
from recorder.volume import known, remember
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.deletions import Books
from wardwatch.lock import InUseError, held
from wardwatch.paths import Paths

app = typer.Typer(
    help="The recordings on the disks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class RecordingsError(WardwatchError):
    """The recordings are not in order."""


@app.command()
def check(
    config: ConfigDir,
    repair: Annotated[
        bool, typer.Option(help="Mend what can be mended; stop Wardwatch first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read the index of every file and compare it with the ledgers; never deletes a recording."""
    paths = Paths(load(config).data_dir)
    try:
        with held(paths.data):
            report = Check(paths.recordings, repair=repair).run()
    except InUseError:
        if repair:
            raise
        report = Check(paths.recordings, running=True).run()
    if as_json:
        print(report.model_dump_json())
    else:
        table = Table("what", "camera", "file", "detail", "mended")
        for one in report.findings:
            table.add_row(one.kind, one.camera, one.path, one.detail, "yes" if one.mended else "")
        Console().print(table if report.findings else "in order")
        Console().print(f"{report.files} files of {report.cameras} cameras")
    if not report.ok:
        raise RecordingsError("the recordings are not in order" + ("" if repair else "; --repair"))


@app.command()
def deletions(
    config: ConfigDir,
    newest: Annotated[int, typer.Option(help="How many records.", min=1)] = 20,
    verify: Annotated[bool, typer.Option(help="Check all of them, too; reads everything.")] = False,
    as_json: Json = False,
) -> None:
    """What was deleted, when, why and by which rule; the newest last."""
    site = load(config)
    books = Books(site, Paths(site.data_dir), SystemClock())
    found = books.newest(newest)[::-1]
    if as_json:
        print(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))
    else:
        table = Table("when", "what", "things", "MB", "why", "rule", "by", "signed")
        for one in found:
            what = f"{' '.join(one.cameras)} {_range(one.first_ns, one.last_ns)}".strip()
            signed = "yes" if one.signed else "later"
            size = f"{one.size_bytes / 1e6:.1f}"
            why = one.reason if one.act == "deleted" else f"{one.act}: {one.reason}"
            row = (iso(one.at_ns), what, str(one.things), size, why, one.rule, one.by, signed)
            table.add_row(*row)
        Console().print(table)
    if verify:
        prove(books)


def prove(books: Books) -> None:
    """Check the records of deletions, and say so.

    Raises:
        SealError: names the first that was tampered with.
        RecordingsError: some are not signed.
    """
    unsigned = 0
    for book, found in books.verify():
        typer.echo(f"{book.file.name}: {found.records} records hold", err=True)
        unsigned += found.waiting
    if unsigned:
        raise RecordingsError(f"{unsigned} records of deletions are not signed yet")


def _range(first_ns: int | None, last_ns: int | None) -> str:
    return "" if first_ns is None or last_ns is None else f"{iso(first_ns)} – {iso(last_ns)}"


@app.command()
def accept(
    config: ConfigDir,
    path: Annotated[Path, typer.Argument(help="The volume's folder, as configured.")],
) -> None:
    """Take another disk for a volume from the next start on; the old one's files are not on it."""
    root = Paths(load(config).data_dir).recordings
    marks = known(root)
    kept = tuple(mark for mark in marks if Path(mark.path) != path)
    if len(kept) == len(marks):
        raise RecordingsError(f"{path}: no volume is known there")
    remember(root, kept)
