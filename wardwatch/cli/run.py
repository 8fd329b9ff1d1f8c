"""``wardwatch demo`` and ``wardwatch up``: a whole command centre on this machine."""

import signal
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from core.config.load import load
from wardwatch import demo as demo_job
from wardwatch.cli.options import ConfigDir
from wardwatch.command_centre import CommandCentre

screen = Console(stderr=True)


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so many seconds.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what happened as JSON (docs/reference/reports.md).")
    ] = None,
    model: Annotated[
        str, typer.Option(help="Model name; auto takes the first to be had.")
    ] = "auto",
    data: Annotated[Path, typer.Option(help="Data directory, made anew.")] = Path("var/demo"),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the console; 0 for any.")
    ] = None,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open the console in a browser.")
    ] = None,
) -> None:
    """Run the township on simulated cameras with a real detector."""
    with _ended_by_signals() as stop, demo_job.running(data, model=model, port=port) as running:
        screen.print(
            Panel(
                f"[bold]{running.url}[/bold]\n"
                f"登录 sign in: [bold]{running.user}[/bold] / [bold]{running.password}[/bold]\n"
                f"模型 model: {running.model.label}",
                title="望守 Wardwatch",
                subtitle="Ctrl-C 结束 ends it",
                expand=False,
            )
        )
        if browser if browser is not None else seconds is None and sys.stdout.isatty():
            webbrowser.open(running.url)
        demo_job.play(running, stop, seconds, report)
    screen.print("Ended; nothing is left running.")


def up(config: ConfigDir) -> None:
    """Run a command centre until Ctrl-C."""
    centre = CommandCentre(load(config))
    with _ended_by_signals() as stop:
        announced = centre.start()
        screen.print(f"Wardwatch 望守 runs: [bold]{announced['url']}[/bold]  (Ctrl-C ends it)")
        try:
            centre.wait(stop, None)
        finally:
            centre.stop()
    screen.print("Ended; nothing is left running.")


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second Ctrl-C does not wait."""
    stop = threading.Event()

    def end(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
