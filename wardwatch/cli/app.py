"""All commands, and the plain words for what goes wrong."""

import sys

import typer

from core.errors import WardwatchError
from wardwatch.cli import audit, doctor, evidence, models, replay, run, sim
from wardwatch.logs import log_to

app = typer.Typer(
    name="wardwatch",
    help="望守 Wardwatch: watches a township's cameras, warns, dispatches, keeps evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(run.demo)
app.command()(run.up)
app.command()(replay.replay)
app.command()(doctor.doctor)
app.add_typer(models.app, name="models")
app.add_typer(evidence.app, name="evidence")
app.add_typer(audit.app, name="audit")
app.add_typer(sim.app, name="sim")


def main() -> None:
    """Run the command line; a mistake a person can mend ends with one clear message."""
    log_to(None)
    try:
        app(prog_name="wardwatch")
    except WardwatchError as error:
        print(f"wardwatch: {error}", file=sys.stderr)
        sys.exit(1)
