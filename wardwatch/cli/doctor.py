"""``wardwatch doctor``: what is wrong, before it matters."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wardwatch.checks import Check, examine
from wardwatch.cli.options import Json

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_MARKS = {"ok": "[green]ok[/green]   ", "warn": "[yellow]warn[/yellow] ", "bad": "[red]bad[/red]  "}


@app.command()
def doctor(
    config: Annotated[
        Path | None, typer.Option(help="Configuration directory; without it: this machine alone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check this machine, the configuration, every camera, and the stores."""
    checks: list[Check] = []
    screen = Console()
    for check in examine(config):
        checks.append(check)
        if not as_json:
            screen.print(f"{_MARKS[check.state]}{check.what}: {check.detail}", highlight=False)
    if as_json:
        print(json.dumps([vars(check) for check in checks], ensure_ascii=False))
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(1)
