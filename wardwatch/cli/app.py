"""All commands, each loaded only when it is asked for, and plain words for what goes wrong."""

import importlib
import logging
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from core.errors import WardwatchError
from wardwatch.logs import log_to

COMMANDS = {
    "demo": "Run the township on simulated cameras with a real detector.",
    "up": "Run a command centre until Ctrl-C.",
    "users": "Accounts of the console.",
    "cameras": "Find, try, add, change and remove cameras.",
    "replay": "Analyse recordings as fast as possible; the same every time.",
    "models": "List, fetch, check, import, train, judge and promote detection models.",
    "suppressions": "False alarms that are held back at their place; undo that.",
    "catalogue": "Export, import and check the violation catalogue and the list of powers.",
    "words": "Export, import and check the warning texts.",
    "recorder": "Check and mend the recordings.",
    "evidence": "Prove that sealed files are what was sealed.",
    "notify": "Channels of notices: list, try, set secrets.",
    "audit": "Prove that the audit log is whole.",
    "missions": "Plan drone patrols.",
    "dispatch": "Where officers get in how many minutes.",
    "sim": "Scenes of the simulated township, as files and as cameras.",
    "doctor": "Check this machine, the configuration, every camera, and the stores.",
}
"""Name and help of each; the module of that name in this package holds a Typer ``app``."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a mistake a person can mend ends with one clear message."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("--help", "-h", "help"):
        _help()
        return
    if name not in COMMANDS:
        sys.exit(f"wardwatch: no command {name!r}; there are {', '.join(COMMANDS)}")
    log_to(None, logging.WARNING)
    # Only this command's rooms are imported, so that none waits for the others'.
    command = importlib.import_module(f"wardwatch.cli.{name}").app
    try:
        command(args=rest, prog_name=f"wardwatch {name}")
    except WardwatchError as error:
        sys.exit(f"wardwatch: {error}")


def _help() -> None:
    screen = Console()
    screen.print(
        "\n望守 Wardwatch: watches a township's cameras, warns, dispatches, keeps evidence."
    )
    screen.print("\nwardwatch COMMAND --help tells more.\n", highlight=False)
    table = Table.grid(padding=(0, 2))
    for name, words in COMMANDS.items():
        table.add_row(f"  [bold]{name}[/bold]", words)
    screen.print(table)
