"""``wardwatch dispatch``: where officers get in how many minutes."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts.roads.reach import Post, isochrones, not_reached, posts_of
from core.clock import SystemClock
from core.config.load import load
from core.config.site import Site
from core.errors import WardwatchError
from core.store.database import open_store
from wardwatch.cli.options import ConfigDir
from wardwatch.paths import Paths
from wardwatch.reach import posts_now
from wardwatch.roads import roads_of

app = typer.Typer(
    help="Where officers get in how many minutes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class DispatchError(WardwatchError):
    """What was asked for makes no sense."""


@app.callback()
def _group() -> None:
    """Where officers get in how many minutes."""


@app.command("isochrones")
def draw(
    config: ConfigDir,
    out: Annotated[Path, typer.Option(help="GeoJSON file to write.")],
    minutes: Annotated[str, typer.Option(help="Numbers of minutes, with commas.")] = "5,10,15",
    now: Annotated[
        bool, typer.Option("--now", help="From where those on duty are, not from all posts.")
    ] = False,
) -> None:
    """Draw what is reached in so many minutes, and list the cameras that are not."""
    site = load(config)
    bands = _minutes(minutes)
    paths = Paths(site.data_dir)
    posts = _present(site, paths) if now else posts_of(site)
    if not posts:
        who = "no officer is on duty" if now and site.officers else "there is no officer"
        raise DispatchError(f"{config}: officers.yaml: {who} to start from")
    found = isochrones(site, roads_of(site, paths), posts, bands)
    try:
        out.write_text(json.dumps(found, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise DispatchError(f"{out}: cannot be written: {error.strerror}") from None
    screen = Console()
    if site.dispatch.roads is None:
        screen.print("No road map (dispatch.roads): times by the straight line, and no areas.")
    beyond = not_reached(found)
    for one in beyond:
        zones = ", ".join(one["zones"]) or "no zone"
        took = "nobody" if one["minutes"] is None else f"{one['minutes']} min from {one['post']}"
        screen.print(f"not reached: camera {one['id']} ({zones}): {took}")
    circle = site.dispatch.circle_minutes
    screen.print(f"{len(beyond)} cameras beyond {circle:g} minutes; areas in {out}")


def _minutes(words: str) -> list[float]:
    try:
        found = [float(word) for word in words.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < one <= 180 for one in found):
        raise DispatchError(f"--minutes {words}: write numbers up to 180, e.g. 5,10,15")
    return found


def _present(site: Site, paths: Paths) -> list[Post]:
    store, clock = open_store(paths.database_url(site)), SystemClock()
    with store.read() as unit:
        found = posts_now(unit, site, clock.utc_ns())
    store.close()
    return found
