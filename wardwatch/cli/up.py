"""``wardwatch up``: a command centre on this machine."""

from functools import partial

import typer
from rich.console import Console

from core.config.load import load
from wardwatch.cli.options import ConfigDir
from wardwatch.cli.signals import ended_by_signals
from wardwatch.command_centre import CommandCentre

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
screen = Console(stderr=True)


@app.command()
def up(config: ConfigDir) -> None:
    """Run a command centre until Ctrl-C."""
    read = partial(load, config)
    centre = CommandCentre(read(), reload=read, say=partial(screen.print, markup=False))
    with ended_by_signals() as stop:
        announced = centre.start()
        screen.print(f"Wardwatch 望守 runs: [bold]{announced['url']}[/bold]  (Ctrl-C ends it)")
        if not announced["users"]:
            screen.print(f"Nobody can sign in yet: wardwatch users add NAME --config {config}")
        try:
            centre.wait(stop, None)
        finally:
            centre.stop()
    screen.print("Ended; nothing is left running.")
