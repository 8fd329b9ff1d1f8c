"""The command line: one file a group of commands.

``--json`` gives output for machines; the exit code is 0 only on success; a mistake that a person
can mend is one line on standard error.
"""

import sys

import typer

from core.errors import WardwatchError
from wardwatch.cli import audit
from wardwatch.logs import log_to

app = typer.Typer(
    name="wardwatch",
    help="望守 Wardwatch: watches a township's cameras, warns, dispatches, keeps evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Run the command line; a mistake a person can mend ends with one clear message."""
    log_to(None)
    try:
        app(prog_name="wardwatch")
    except WardwatchError as error:
        print(f"wardwatch: {error}", file=sys.stderr)
        sys.exit(1)
