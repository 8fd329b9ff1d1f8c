"""``wardwatch suppressions``: false alarms that are held back, and how to undo that."""

import getpass
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.cases import Suppression
from core.clock import SystemClock, iso
from core.config.load import load
from core.errors import WardwatchError
from core.store.database import Store, open_store
from core.suppressions import lift
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths

app = typer.Typer(
    help="False alarms that were dismissed and are held back at their place.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class SuppressionError(WardwatchError):
    """There is no such rule."""


@app.command("list")
def list_suppressions(config: ConfigDir, as_json: Json = False) -> None:
    """Every rule: where, until when, and how often it held something back."""
    store = _open(config)
    with store.read() as unit:
        rules = unit.suppressions.find()
    store.close()
    if as_json:
        print(json.dumps([rule.model_dump(mode="json") for rule in rules], ensure_ascii=False))
        return
    now_ns = SystemClock().utc_ns()
    table = Table("id", "camera", "zone", "kind", "taken for", "by", "until", "held back", "last")
    for rule in rules:
        until = iso(rule.expires_ns) if rule.expires_ns > now_ns else "expired"
        table.add_row(
            rule.id,
            rule.camera,
            rule.zone,
            rule.kind.value,
            ", ".join(rule.labels) or "-",
            rule.made_by,
            until,
            str(rule.hits),
            iso(rule.last_hit_ns) if rule.last_hit_ns is not None else "-",
        )
    Console().print(table)


@app.command()
def remove(
    rule: Annotated[str, typer.Argument(help="Id of the rule, see `suppressions list`.")],
    config: ConfigDir,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    by: Annotated[
        str | None, typer.Option(help="Who decided it; the user of this machine by default.")
    ] = None,
) -> None:
    """Judge such sightings again from now on; an act that goes on opens an incident at once."""
    if not reason.strip():
        raise SuppressionError("--reason: say why; it goes into the audit log")
    store = _open(config)
    try:
        gone = _remove(store, rule, reason.strip(), by or getpass.getuser())
    finally:
        store.close()
    print(f"{gone.id} removed; it had held back {gone.hits} sightings of camera {gone.camera}")


def _remove(store: Store, name: str, reason: str, actor: str) -> Suppression:
    with store.begin() as unit:
        found = lift(unit, name, actor, reason)
    if found is None:
        raise SuppressionError(f"no suppression is called {name!r}; see `suppressions list`")
    return found


def _open(config: ConfigDir) -> Store:
    site = load(config)
    paths = Paths(site.data_dir)
    paths.make()
    return open_store(paths.database_url(site))
