"""``wardwatch audit``: prove that the audit log is whole."""

import json
from typing import Annotated

import typer

from core.config.load import load
from core.store.database import open_store
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths

app = typer.Typer(
    help="The audit log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Keeps `verify` a sub-command while it is the only one."""


@app.command()
def verify(
    config: ConfigDir,
    head: Annotated[
        str | None, typer.Option(help="A head written down earlier that must still be there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every link of the hash chain; fails at the first entry that is wrong."""
    site = load(config)
    store = open_store(Paths(site.data_dir).database_url(site))
    with store.read() as unit:
        count, newest = unit.audit.verify(head)
    if as_json:
        print(json.dumps({"ok": True, "entries": count, "head": newest}))
    else:
        print(f"{count} entries, unbroken. Head: {newest}")
