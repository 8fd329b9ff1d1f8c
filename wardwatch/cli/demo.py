"""``wardwatch demo``: the whole township on simulated cameras."""

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from wardwatch import demo as demo_job
from wardwatch.cli.signals import ended_by_signals

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
screen = Console(stderr=True)


@app.command()
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
    pause_s = demo_job.PAUSE_S if seconds is None else min(demo_job.PAUSE_S, seconds / 20)
    with (
        ended_by_signals() as stop,
        demo_job.running(data, model=model, port=port, pause_s=pause_s) as running,
    ):
        screen.print(
            Panel(
                f"[bold]{running.url}[/bold]\n"
                f"登录 sign in: [bold]{running.user}[/bold] / [bold]{running.password}[/bold]\n"
                f"队员页 officer's page: {running.url}/field [bold]officer-1[/bold] / same\n"
                f"模型 model: {running.model.label}",
                title="望守 Wardwatch",
                subtitle="Ctrl-C 结束 ends it",
                expand=False,
            )
        )
        if browser if browser is not None else seconds is None and sys.stdout.isatty():
            webbrowser.open(running.url)
        told = demo_job.play(running, stop, seconds, report)
    for line in told:
        screen.print(line, highlight=False, markup=False, soft_wrap=True)
    screen.print("Ended; nothing is left running.")
