"""``wardwatch evidence``: prove that sealed files are what was sealed."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.clock import SystemClock
from core.config.load import load
from core.errors import WardwatchError
from recorder.vault import MANIFEST, Vault
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths

app = typer.Typer(
    help="Sealed evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class EvidenceError(WardwatchError):
    """The vault is not what was sealed."""


@app.callback()
def _group() -> None:
    """Keeps `verify` a sub-command while it is the only one."""


@app.command()
def verify(
    config: ConfigDir,
    incident: Annotated[
        str | None, typer.Option(help="Only this incident; all of them without it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute every hash anew; fails when a file was changed, removed or added."""
    root = Paths(load(config).data_dir).vault
    vault = Vault(root, SystemClock())
    names = [incident] if incident else sorted(p.parent.name for p in root.glob(f"*/{MANIFEST}"))
    verdicts = [verdict for name in names for verdict in vault.verify(name)]
    if as_json:
        print(json.dumps([verdict.model_dump() for verdict in verdicts]))
    else:
        table = Table("file", "verdict", "detail")
        for verdict in verdicts:
            table.add_row(verdict.path, verdict.state, verdict.detail)
        Console().print(table)
    bad = [verdict for verdict in verdicts if verdict.state != "ok"]
    if bad:
        raise EvidenceError(f"{len(bad)} of {len(verdicts)} files are not as sealed")
