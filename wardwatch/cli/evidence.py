"""``wardwatch evidence``: prove that sealed files are what was sealed, and keep the keys."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from core.clock import SystemClock
from core.config.load import load
from core.errors import ConfigError, WardwatchError
from recorder.seal.check.command import show, trust_of
from recorder.seal.check.judge import Trust, judge
from recorder.seal.check.report import Report
from recorder.seal.check.words import VERDICTS
from recorder.seal.digests import hash_stream
from recorder.seal.errors import SealError
from recorder.seal.keys import KeyInfo, KeyRing
from recorder.seal.log import SiteLog
from wardwatch.cli import custody, storage
from wardwatch.cli.casefile import PasswordFile, export, opened, review
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.cli.signature import check_signature
from wardwatch.cli.storage import remote_vault
from wardwatch.deletions import Books
from wardwatch.paths import Paths
from wardwatch.vaults import key_ring, open_vault, sealer_of

app = typer.Typer(
    help="Sealed evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("check-signature")(check_signature)
app.command("export")(export)
app.command("review")(review)
custody.add_to(app)
app.add_typer(storage.app, name="storage")
keys_app = typer.Typer(help="The keys that sign it.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")

MaybeConfig = Annotated[
    Path | None, typer.Option("--config", help="Directory with township.yaml: this site's vault.")
]
Pem = Annotated[
    list[Path] | None, typer.Option(help="Certificates that may sign, or whose holders may issue.")
]
Roots = Annotated[list[Path] | None, typer.Option(help="Roots of time-stamp authorities (PEM).")]


class EvidenceError(WardwatchError):
    """The evidence is not what was sealed."""


@app.command()
def verify(
    path: Annotated[
        Path | None, typer.Argument(help="A case file (ZIP) or a sealed folder; else the vault.")
    ] = None,
    config: MaybeConfig = None,
    incident: Annotated[
        str | None, typer.Option(help="Only this incident of the vault; all without it.")
    ] = None,
    trust: Pem = None,
    stamp_roots: Roots = None,
    password_file: PasswordFile = None,
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help="The copies on the storage of vault.url instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Give the verdict; succeeds only when everything is authentic.

    With --config a case file is measured against the keys of this site, without it against
    --trust; with neither, whose key it was remains open.
    """
    if path is not None:
        measured = _trust(config, trust or [], stamp_roots or [])
        with opened(path, password_file) as plain:
            report = judge(plain, measured, hash_stream)
        raise typer.Exit(show(report, as_json=as_json))
    if config is None:
        raise ConfigError("evidence verify: name a case file, or the site with --config")
    site = load(config)
    paths, clock = Paths(site.data_dir), SystemClock()
    vault = open_vault(site, paths, clock)
    if elsewhere:
        there = remote_vault(config)
        incidents = sorted({*vault.incidents(), *there.library.incidents()})
        reports = [there.verify_elsewhere(one) for one in ([incident] if incident else incidents)]
    else:
        reports = [vault.verify(one) for one in ([incident] if incident else vault.incidents())]
    log_error = _log_error(sealer_of(site, paths, clock).log)
    deletions_error = _deletions_error(Books(site, paths, clock))
    if as_json:
        whole = {
            "incidents": [one.as_json() for one in reports],
            "log_error": log_error,
            "deletions_error": deletions_error,
        }
        print(json.dumps(whole, ensure_ascii=False))
    else:
        _show_all(reports)
    bad = [one for one in reports if not one.authentic]
    if bad:
        raise EvidenceError(f"{len(bad)} of {len(reports)} incidents are not authentic throughout")
    if log_error or deletions_error:
        raise EvidenceError(log_error or deletions_error)


@app.command()
def log(
    config: ConfigDir,
    head: Annotated[
        Path | None, typer.Option(help="A head written down earlier that the log must contain.")
    ] = None,
) -> None:
    """Check the site's log, and print its head to be written down elsewhere."""
    site = load(config)
    site_log = sealer_of(site, Paths(site.data_dir), SystemClock()).log
    known = None
    if head is not None:
        try:
            known = json.loads(head.read_bytes())
            known = {"size": int(known["size"]), "root": str(known["root"])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{head}: is no head of a log: {error}") from None
    site_log.verify(known)
    print(json.dumps(site_log.head()))


@keys_app.command("list")
def list_keys(config: ConfigDir, as_json: Json = False) -> None:
    """All keys there ever were."""
    _show_keys(_keys(config).infos(), as_json=as_json)


@keys_app.command()
def rotate(config: ConfigDir, as_json: Json = False) -> None:
    """Sign with a new key from now on; the old one is destroyed, its certificate kept."""
    ring = _keys(config)
    ring.rotate()
    _show_keys(ring.infos(), as_json=as_json)


@keys_app.command()
def request(config: ConfigDir) -> None:
    """Print a request for a certificate of the present key, to hand to an authority."""
    print(_keys(config).request().decode(), end="")


def _keys(config: Path) -> KeyRing:
    site = load(config)
    return key_ring(site, Paths(site.data_dir), SystemClock())


def _trust(config: Path | None, files: list[Path], roots: list[Path]) -> Trust:
    try:
        given = trust_of(files, [], roots)
    except (OSError, ValueError) as error:
        raise ConfigError(f"evidence verify: {error}") from None
    if config is None:
        return given
    site = load(config)
    own = sealer_of(site, Paths(site.data_dir), SystemClock()).trust()
    return Trust(
        own.keys | given.keys, own.issuers + given.issuers, own.stamp_roots + given.stamp_roots
    )


def _log_error(site_log: SiteLog) -> str:
    try:
        site_log.verify()
    except SealError as error:
        return str(error)
    return ""


def _deletions_error(books: Books) -> str:
    """What is wrong with the records of deletions; that some wait for a signature is not."""
    try:
        for _ in books.verify():
            continue
    except SealError as error:
        return str(error)
    return ""


def _show_all(reports: list[Report]) -> None:
    table = Table("incident", "verdict", "files", "found")
    for one in reports:
        found = [f"{said.words(0)} / {said.words(1)}" for said in one.findings]
        zh, en = VERDICTS[one.verdict]
        table.add_row(one.incident, f"{zh} / {en}", str(len(one.files)), "\n".join(found))
    Console().print(table)


def _show_keys(infos: list[KeyInfo], *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "name": info.name,
            "signs": info.signs,
            "sha256": info.identity.sha256,
            "subject": info.identity.subject,
            **_days(info),
        }
        for info in infos
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:  # not a table: a fingerprint is to be read whole
        signs = "在用 signs" if row["signs"] else "已停用 retired"
        print(f"{row['name']}  {signs}  {row['subject']}")
        print(f"  SHA-256 {row['sha256']}")
        if row["from"]:
            print(f"  {row['from']} – {row['until']}")


def _days(info: KeyInfo) -> dict[str, str]:
    if not info.identity.certificates:
        return {"from": "", "until": ""}
    mine = info.identity.certificates[0]
    return {
        "from": mine.not_valid_before_utc.isoformat(),
        "until": mine.not_valid_after_utc.isoformat(),
    }
