"""``wardwatch evidence check-signature``: what the camera itself signed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.clock import SystemClock, parse_iso
from core.config.load import load
from core.errors import WardwatchError
from recorder.signing.certificates import load_roots
from recorder.signing.file import recorded_ns, verify_file
from recorder.signing.verdict import Verdict
from wardwatch.cli.options import Json


class SignatureError(WardwatchError):
    """The film is not what the camera signed."""


def check_signature(
    file: Annotated[Path, typer.Argument(help="A film, as it was exported or recorded.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="Take the trusted roots that are set there.")
    ] = None,
    roots: Annotated[
        Path | None, typer.Option(help="Folder of trusted root certificates, instead.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When it was recorded, e.g. 2026-09-21T14:13:20Z; as the file says."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify what the camera itself signed (ONVIF Media Signing).

    Fails unless the film is authentic, if only in part, and its signer is not distrusted.
    """
    folder = roots or (load(config).signing.roots if config else None)
    try:
        at_ns = parse_iso(at) if at else recorded_ns(file) or SystemClock().utc_ns()
    except ValueError as error:
        raise SignatureError(f"--at: {error}") from error
    verdict = verify_file(file, load_roots(folder), at_ns)
    if as_json:
        print(verdict.model_dump_json())
    else:
        _show(verdict)
    if not verdict.state.startswith("authentic") or verdict.provenance == "not_trusted":
        raise SignatureError(f"{file}: {verdict.words.zh} / {verdict.words.en}")


def _show(verdict: Verdict) -> None:
    console = Console()
    table = Table("second", "pictures", "verdict", "why")
    for group in verdict.groups:
        table.add_row(f"{group.first_s:.1f}", str(group.pictures), group.state, group.why)
    if verdict.groups:
        console.print(table)
    console.print(f"{verdict.words.zh} / {verdict.words.en}")
    console.print(
        f"{verdict.verified} of {verdict.pictures} pictures verified, {verdict.unverified} after "
        f"the last signature, {verdict.missing} pieces missing"
    )
    for why in (verdict.why, verdict.provenance_why):
        if why:
            console.print(why)
    if verdict.signer is not None:
        console.print(f"signed by {verdict.signer.subject}, issued by {verdict.signer.issuer}")
