"""``wardwatch recorder``: are the recordings what the ledgers say; mend them; accept a disk."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.config.load import load
from core.errors import WardwatchError
from recorder.check import Check
from recorder.volume import known, remember
from wardwatch.cli.options import ConfigDir, Json
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
