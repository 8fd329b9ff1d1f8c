"""All commands, each loaded only when it is asked for, and plain words for what goes wrong."""

import importlib
import sys

import click
import typer.main
from typing_extensions import override

from core.errors import WardwatchError
from wardwatch.logs import log_to

COMMANDS = {
    "demo": "Run the township on simulated cameras with a real detector.",
    "up": "Run a command centre until Ctrl-C.",
    "replay": "Analyse recordings as fast as possible; the same every time.",
    "models": "List, fetch, check, import and judge detection models.",
    "evidence": "Prove that sealed files are what was sealed.",
    "audit": "Prove that the audit log is whole.",
    "missions": "Plan drone patrols.",
    "sim": "Scenes of the simulated township, as files and as cameras.",
    "doctor": "Check this machine, the configuration, every camera, and the stores.",
}
"""Name and help of each; the module of that name in this package holds a Typer ``app``."""


class _Commands(click.Group):
    """Loads a command's module when the command runs, so that none pays for the others."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"wardwatch.cli.{cmd_name}")
        command: click.Command = typer.main.get_command(module.app)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def main() -> None:
    """Run the command line; a mistake a person can mend ends with one clear message."""
    log_to(None)
    commands = _Commands(
        name="wardwatch",
        help="望守 Wardwatch: watches a township's cameras, warns, dispatches, keeps evidence.",
        no_args_is_help=True,
    )
    try:
        commands(prog_name="wardwatch")
    except WardwatchError as error:
        print(f"wardwatch: {error}", file=sys.stderr)
        sys.exit(1)
