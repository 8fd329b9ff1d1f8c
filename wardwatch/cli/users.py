"""``wardwatch users``: who may sign in to the console."""

import json
import os
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from console.accounts import create_user
from core.clock import SystemClock, iso
from core.config.load import load
from core.config.site import Site
from core.errors import ConfigError
from core.store.database import Store, open_store
from core.store.users import Role
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths

app = typer.Typer(
    help="Accounts of the console.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PASSWORD = "WARDWATCH_NEW_PASSWORD"


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Sign-in name.")],
    config: ConfigDir,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.MONITOR,
    officer: Annotated[
        str | None, typer.Option(help="Id in officers.yaml of who signs in with it on a phone.")
    ] = None,
) -> None:
    """Make an account, or give an existing one a new password and role.

    The password is asked for, or taken from WARDWATCH_NEW_PASSWORD; it never stands on the
    command line, where other users of the machine could read it.
    """
    site = load(config)
    if officer is not None and site.officer(officer) is None:
        raise ConfigError(f"--officer: officers.yaml has no {officer!r}")
    password = os.environ.get(PASSWORD) or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    store = _open(site)
    create_user(store, name, password, role, SystemClock(), site.language, officer)
    store.close()
    print(f"{name} may sign in as {role.value}")


@app.command("list")
def list_users(config: ConfigDir, as_json: Json = False) -> None:
    """Everybody who may sign in."""
    store = _open(load(config))
    with store.read() as unit:
        users = unit.users.find()
    store.close()
    if as_json:
        rows = [
            {"name": u.name, "role": u.role.value, "officer": u.officer, "since": iso(u.created_ns)}
            for u in users
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("name", "role", "officer", "since")
    for user in users:
        table.add_row(user.name, user.role.value, user.officer or "", iso(user.created_ns))
    Console().print(table)


def _open(site: Site) -> Store:
    paths = Paths(site.data_dir)
    paths.make()
    return open_store(paths.database_url(site))
