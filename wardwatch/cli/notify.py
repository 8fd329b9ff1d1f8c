"""``wardwatch notify``: the channels that notices go out through."""

import json
import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from alerts.notify.channel import ChannelError
from alerts.notify.notifier import Notifier
from alerts.notify.secrets import store_secret
from core.clock import SystemClock, iso
from core.config.load import load
from core.config.site import Site
from core.store.database import Store, open_store
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths

app = typer.Typer(
    help="Channels of notices: chat groups, e-mail, webhooks, MQTT.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SECRET = "WARDWATCH_NEW_SECRET"
Name = Annotated[str, typer.Argument(help="Id of the channel, see `notify list`.")]


@app.command("list")
def list_channels(config: ConfigDir, as_json: Json = False) -> None:
    """Every channel: when it last worked, since when it fails, what waits."""
    site = load(config)
    store = _open(site)
    channels = Notifier(site, store, SystemClock()).channels()
    store.close()
    if as_json:
        rows = [one.model_dump(mode="json") for one in channels]
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("channel", "kind", "last success", "failing since", "waiting", "error")
    for one in channels:
        table.add_row(
            one.id if one.enabled else f"{one.id} (off)",
            one.kind,
            iso(one.last_ok_ns) if one.last_ok_ns is not None else "never",
            iso(one.failing_since_ns) if one.failing_since_ns is not None else "-",
            str(one.waiting),
            one.error or "-",
        )
    Console().print(table)


@app.command()
def test(channel: Name, config: ConfigDir) -> None:
    """Send a message that says it is a test, at once and past the queue."""
    site = load(config)
    store = _open(site)
    try:
        Notifier(site, store, SystemClock()).test(channel)
    finally:
        store.close()
    print(f"{channel}: delivered")


@app.command()
def secret(channel: Name, config: ConfigDir) -> None:
    """Keep a channel's secret, encrypted, beside the cameras' passwords.

    It is asked for, or taken from WARDWATCH_NEW_SECRET; it never stands on the command line,
    where other users of the machine could read it.
    """
    site = load(config)
    known = site.notify.channel(channel)
    if known is None:
        names = ", ".join(one.id for one in site.notify.channels) or "none"
        raise ChannelError(f"there is no channel {channel!r}; there are: {names}")
    if known.secret_env is not None or known.secret_file is not None:
        raise ChannelError(f"channel {channel}: notify.yaml names another place for its secret")
    given = os.environ.get(SECRET) or typer.prompt("Secret", hide_input=True)
    store_secret(site, channel, given.strip())
    print(f"{channel}: secret kept; the command centre takes it at its next start", file=sys.stderr)


def _open(site: Site) -> Store:
    paths = Paths(site.data_dir)
    paths.make()
    return open_store(paths.database_url(site))
