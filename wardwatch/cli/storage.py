"""``wardwatch evidence storage status|check``: where evidence lies."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.clock import SystemClock
from core.config.load import load
from core.errors import ConfigError, WardwatchError
from recorder.remote.survey import Place, compared, counted, known
from recorder.remote.vault import RemoteVault
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

app = typer.Typer(help="Where it lies: here, elsewhere, or both.", no_args_is_help=True)

_WORDS = {
    "local": "仅在本地 here only",
    "remote": "仅在远端 elsewhere only",
    "both": "两处都有 in both places",
    "missing": "缺失 in neither place",
    "differs": "与封存时不符 not as it was sealed",
    "unknown": "远端多出 elsewhere, and of no incident here",
    "deleting": "本地已删除，远端待删 deleted here, still to go elsewhere",
    "locked": "本地已删除，远端锁定中 deleted here, locked elsewhere",
}
_BAD = ("missing", "differs")


class StorageError(WardwatchError):
    """Evidence is missing or changed."""


@app.command()
def status(config: ConfigDir, as_json: Json = False) -> None:
    """What is known from here; asks nobody."""
    _show(list(known(remote_vault(config))), as_json=as_json)


@app.command()
def check(
    config: ConfigDir,
    read: Annotated[bool, typer.Option("--read", help="Read everything there is there.")] = False,
    as_json: Json = False,
) -> None:
    """Compare both places with what was sealed; succeeds only when nothing is missing or changed.

    Without --read a checksum that the storage keeps is believed.
    """
    places = list(compared(remote_vault(config), read=read))
    _show(places, as_json=as_json)
    bad = sum(one.where in _BAD for one in places)
    if bad:
        raise StorageError(f"{bad} of {len(places)} files are missing or not as they were sealed")


def remote_vault(config: Path) -> RemoteVault:
    """The vault of a site that has storage elsewhere.

    Raises:
        ConfigError: it has none.
    """
    site = load(config)
    vault = open_vault(site, Paths(site.data_dir), SystemClock())
    if not isinstance(vault, RemoteVault):
        raise ConfigError(f"{config}: vault.url names no storage: evidence is on the local disk")
    return vault


def _show(places: list[Place], *, as_json: bool) -> None:
    counts = counted(places)
    if as_json:
        notable = [one.model_dump() for one in places if one.where != "both"]
        print(json.dumps({"counts": counts, "files": notable}, ensure_ascii=False))
        return
    table = Table("where", "files", "MB")
    for where, of in counts.items():
        table.add_row(_WORDS[where], str(of["files"]), f"{of['bytes'] / 1e6:.1f}")
    Console().print(table)
    for one in places:
        if one.where in (*_BAD, "unknown", "deleting", "locked"):
            print(f"{one.where}  {one.path}  {one.detail}".rstrip())
