"""``wardwatch dispatch``: where officers get in how many minutes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts.roads.reach import Post, isochrones, not_reached, posts_of
from core.config.load import load
from core.config.site import Site
from core.errors import WardwatchError
from core.store.database import open_store
from wardwatch.cli.options import ConfigDir
from wardwatch.paths import Paths
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
        bool, typer.Option("--now", help="From where officers are, not from their posts.")
    ] = False,
) -> None:
    """Draw what is reached in so many minutes, and list the cameras that are not."""
    site = load(config)
    bands = _minutes(minutes)
    paths = Paths(site.data_dir)
    posts = _present(site, paths) if now else posts_of(site)
    if not posts:
        raise DispatchError(f"{config}: officers.yaml: there is no officer to start from")
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
    """Officers at their last known positions; who never reported waits at the post."""
    store = open_store(paths.database_url(site))
    with store.read() as unit:
        at = {one.officer: one.place for one in unit.positions.find()}
    store.close()
    return [replace(post, place=at.get(post.name, post.place)) for post in posts_of(site)]
