"""``wardwatch cameras``: find, try, add, change and remove cameras."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table

from core.clock import SystemClock
from core.config.cameras import PULLED, PUSHED
from core.config.load import load
from core.config.site import Site
from core.credentials import Credential, credentials_of, speaker_entry
from core.errors import ConfigError
from core.geometry import GeoPoint
from core.roster import CameraDraft, Probed
from core.value import Text
from wardwatch.cameras.drafts import checked_id
from wardwatch.cameras.importing import import_sheet
from wardwatch.cameras.office import Office
from wardwatch.cameras.spreadsheet import SheetError
from wardwatch.cli import cameras_shown as shown
from wardwatch.cli.options import ConfigDir, Json

app = typer.Typer(
    help="Find, try, add, change and remove cameras. A running command centre follows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PASSWORD = "WARDWATCH_CAMERA_NEW_PASSWORD"

CameraId = Annotated[str, typer.Argument(metavar="ID", help="Of the camera.")]
User = Annotated[
    str | None, typer.Option(help=f"Sign-in name; the password is asked for, or {PASSWORD}.")
]
NameZh = Annotated[str | None, typer.Option(help="Name in Chinese, shown on the wall.")]
NameEn = Annotated[str | None, typer.Option(help="Name in English.")]
Sub = Annotated[str | None, typer.Option(help="Address of the smaller stream.")]
Transport = Annotated[str | None, typer.Option(help="tcp, udp or auto.")]
Place = Annotated[str | None, typer.Option(metavar="LON,LAT", help="Where it stands, WGS-84.")]
Bearing = Annotated[float | None, typer.Option(help="Where it looks, degrees from north.")]
Speaker = Annotated[
    bool | None, typer.Option("--speaker/--no-speaker", help="Warn through its audio output.")
]


@app.command("list")
def list_cameras(config: ConfigDir, as_json: Json = False) -> None:
    """All cameras, with their state when the command centre runs."""
    # Not at the top: the bus and the store double the time that every other command takes.
    from wardwatch.cameras.states import recorder_states

    site = load(config)
    states = recorder_states(site, SystemClock())
    if as_json:
        _print_json([shown.camera_facts(camera, states) for camera in site.cameras])
        return
    Console(markup=False).print(shown.camera_table(site.cameras, states))
    if states is None:
        Console(stderr=True).print("No command centre runs; states are not known.")


@app.command()
def discover(
    config: ConfigDir,
    seconds: Annotated[float, typer.Option(help="How long to wait for answers.")] = 3.0,
    as_json: Json = False,
) -> None:
    """Devices on the local networks that answer WS-Discovery."""
    found = asyncio.run(_office(load(config)).discover(seconds))
    if as_json:
        _print_json([device.model_dump(mode="json") for device in found])
        return
    if not found:
        Console(stderr=True).print("Nobody answered.")
        return
    table = Table("host", "name", "hardware", Column("address", overflow="fold"), "is")
    for one in found:
        state = one.camera or ("new" if one.permitted else "outside the networks")
        table.add_row(one.host, one.name, one.hardware, one.address, state)
    Console(markup=False).print(table)


@app.command()
def probe(
    address: Annotated[str, typer.Argument(help="host, host:port, http:// or rtsp:// address.")],
    config: ConfigDir,
    user: User = None,
    as_json: Json = False,
) -> None:
    """Ask a device what it is and which streams it has."""
    office = _office(load(config))
    probed = asyncio.run(office.probe(address, _credential(user)))
    if as_json:
        _print_json(probed.model_dump(mode="json"))
    else:
        shown.print_probed(probed)


@app.command()
def snapshot(
    config: ConfigDir,
    out: Annotated[Path, typer.Option(help="JPEG file to write.")],
    camera: Annotated[str | None, typer.Argument(metavar="ID", help="Of the camera.")] = None,
    address: Annotated[str | None, typer.Option(help="Of a device instead.")] = None,
    user: User = None,
) -> None:
    """Save a picture of a camera."""
    if (camera is None) == (address is None):
        raise typer.BadParameter("give either an ID or --address")
    office = _office(load(config))
    if address is not None:
        jpeg = asyncio.run(office.snapshot_at(address, _credential(user)))
    else:
        jpeg = asyncio.run(office.snapshot(camera or ""))
    try:
        out.write_bytes(jpeg)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from None
    print(f"{out}: {len(jpeg)} bytes")


@app.command()
def add(
    camera: CameraId,
    address: Annotated[
        str, typer.Argument(help="host, host:port, http:// or rtsp:// address; or where to listen.")
    ],
    config: ConfigDir,
    name_zh: NameZh = None,
    name_en: NameEn = None,
    user: User = None,
    sub: Sub = None,
    transport: Transport = None,
    place: Place = None,
    bearing: Bearing = None,
    speaker: Speaker = None,
    ask: Annotated[bool, typer.Option("--probe/--no-probe", help="Ask the camera first.")] = True,
) -> None:
    """Put a new camera on the roster, with the streams that it tells of."""
    site = load(config)
    if site.camera(checked_id(camera)) is not None:
        raise ConfigError(f"{camera}: there is a camera of that id already")
    office, credential = _office(site), _credential(user)
    scheme = address.partition("://")[0] if "://" in address else ""
    listens = scheme in (*PUSHED, "file")
    probed = None
    if ask and not listens:
        probed = asyncio.run(office.probe(address, credential))
        shown.print_probed(probed)
    elif scheme not in (*PULLED, *PUSHED, "file"):
        raise ConfigError("without asking the camera an rtsp:// address of its stream is needed")
    urls = _chosen(probed) if probed else {"main": address}
    draft = _draft(
        name=_name(name_zh, name_en, Text.same(camera)),
        main=urls["main"],
        sub=urls.get("sub") if sub is None else sub or None,
        onvif=probed.onvif if probed else None,
        transport=transport,
        place=_place(place),
        bearing_deg=bearing,
        speaker=speaker,
    )
    office.add(camera, draft, credential)
    print(f"{camera} added")
    if probed and probed.speaker and speaker is None:
        print(f"It has an audio output; `wardwatch cameras change {camera} --speaker` uses it.")


@app.command()
def change(
    camera: CameraId,
    config: ConfigDir,
    name_zh: NameZh = None,
    name_en: NameEn = None,
    main: Annotated[str | None, typer.Option(help="Address of the recorded stream.")] = None,
    sub: Annotated[str | None, typer.Option(help="Of the smaller stream; '' for none.")] = None,
    onvif: Annotated[str | None, typer.Option(help="ONVIF address; '' for none.")] = None,
    user: User = None,
    transport: Transport = None,
    place: Place = None,
    bearing: Bearing = None,
    speaker: Speaker = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Connect to it at all.")
    ] = None,
) -> None:
    """Change a camera; what is not named stays."""
    site = load(config)
    before = site.camera(camera)
    if before is None:
        raise ConfigError(f"{camera}: there is no camera of that id")
    named = name_zh is not None or name_en is not None
    draft = _draft(
        name=_name(name_zh or before.name.zh, name_en or before.name.en) if named else None,
        enabled=enabled,
        main=main,
        sub=sub,
        onvif=onvif,
        transport=transport,
        place=_place(place),
        bearing_deg=bearing,
        speaker=speaker,
    )
    if draft == CameraDraft() and user is None:
        raise ConfigError(f"{camera}: nothing to change; `--help` lists what can be")
    _office(site).change(camera, draft, _credential(user))
    print(f"{camera} changed")


@app.command()
def remove(
    camera: CameraId,
    config: ConfigDir,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a camera off the roster; its recordings and evidence stay."""
    office = _office(load(config))
    office.page().entry(camera)  # an unknown id is told before anything is asked
    if not yes:
        typer.confirm(f"Remove {camera} with its zones and its password?", abort=True)
    office.remove(camera)
    print(f"{camera} removed")


@app.command()
def password(
    camera: CameraId,
    config: ConfigDir,
    user: User = None,
    loudspeaker: Annotated[
        bool, typer.Option("--loudspeaker", help="Of its loudspeaker, which has its own.")
    ] = False,
) -> None:
    """Store a camera's password, encrypted.

    It is asked for, or taken from WARDWATCH_CAMERA_NEW_PASSWORD; it never stands on the command
    line, where other users of the machine could read it.
    """
    site = load(config)
    before = site.camera(camera)
    if before is None:
        raise ConfigError(f"{camera}: there is no camera of that id")
    if loudspeaker:
        own = before.speaker.username if before.speaker else None
        name = user or own or typer.prompt("User name")
        credential = _credential(name, twice=True)
        assert credential is not None
        credentials_of(site).put(speaker_entry(camera), credential)
        print(f"{camera}: loudspeaker's password stored, encrypted")
        return
    office = _office(site)
    name = user or before.username or office.username(camera) or typer.prompt("User name")
    office.change(camera, CameraDraft(), _credential(name, twice=True))
    print(f"{camera}: password stored, encrypted")


@app.command("import")
def import_csv(
    file: Annotated[Path, typer.Argument(help="CSV with a header; see docs/guide/cameras.md.")],
    config: ConfigDir,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the sound rows, leave out the others.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only, write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Add many cameras from a CSV file: all, or none when a row is wrong."""
    office = _office(load(config))
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    try:
        done = import_sheet(office, data, skip_bad=skip_bad, dry_run=dry_run)
    except SheetError as error:
        lines = [f"{file}: {line}" for line in str(error).splitlines()]
        raise ConfigError("\n".join([*lines, "nothing was imported"])) from None
    aside = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    for problem in done.skipped:
        aside.print(f"{file}: {problem}")
    if as_json:
        skipped = [{"line": p.line, "column": p.column, "what": p.what} for p in done.skipped]
        _print_json({"added": done.added, "skipped": skipped, "dry_run": dry_run})
    else:
        verb = "could be added" if dry_run else "added"
        print(f"{len(done.added)} cameras {verb}, {len(done.skipped)} problems")
    if done.passwords:
        aside.print(f"{file} still holds {done.passwords} passwords in the clear; delete it.")


def _office(site: Site) -> Office:
    return Office(site, SystemClock(), files=True)


def _credential(user: str | None, *, twice: bool = False) -> Credential | None:
    if user is None:
        return None
    given = os.environ.get(PASSWORD)
    if given is None:
        given = typer.prompt("Camera password", hide_input=True, confirmation_prompt=twice)
    return Credential(user, given)


def _chosen(probed: Probed) -> dict[str, str]:
    """Main and sub of a probed camera.

    Raises:
        ConfigError: it has no stream that we could open.
    """
    urls = {str(stream.role): stream.url for stream in probed.streams}
    if "main" not in urls:
        said = "; ".join(probed.problems) or "it told of none"
        raise ConfigError(f"{probed.address}: no stream was found: {said}")
    return urls


def _draft(**facts: Any) -> CameraDraft:
    try:
        return CameraDraft.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{place}: {first['msg']}") from None


def _name(zh: str | None, en: str | None, otherwise: Text | None = None) -> Text | None:
    if zh or en:
        return Text(zh=zh or en or "", en=en or zh or "")
    return otherwise


def _place(text: str | None) -> GeoPoint | None:
    if text is None:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
        return GeoPoint(lon=lon, lat=lat)
    except ValueError:  # pydantic's errors are such, too
        raise ConfigError(
            f"place: {text[:60]!r} is none; write longitude,latitude, e.g. 112.46,30.42"
        ) from None


def _print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False))
