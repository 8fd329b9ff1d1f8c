"""``wardwatch evidence copy|compare|register|lock|locks|release|delete``: in people's hands."""

import getpass
import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from core.cases import EvidenceItem
from core.clock import SystemClock, iso, parse_iso
from core.config.load import load
from core.copies import CopyWanted, ManualMask, Masking
from core.custody import Kept
from core.errors import WardwatchError
from core.store.database import open_store
from core.value import new_id
from recorder.copies.compare import compare
from recorder.seal.deletion import Why
from wardwatch.cli.options import ConfigDir, Json
from wardwatch.copies import make_copy
from wardwatch.custody import Register
from wardwatch.expiry import Expiry
from wardwatch.paths import Paths

Reason = Annotated[str, typer.Option(help="Why; it goes into audit log and chain of custody.")]
By = Annotated[str | None, typer.Option(help="Who decided it; the user of this machine else.")]

_MASKS = TypeAdapter(tuple[ManualMask, ...])


class CustodyError(WardwatchError):
    """What was asked for cannot be done with the evidence."""


def copy(
    incident: Annotated[str, typer.Argument(help="Id of the incident.")],
    item: Annotated[str, typer.Argument(help="Id of the sealed clip.")],
    config: ConfigDir,
    reason: Reason,
    kind: Annotated[Literal["working", "redacted"], typer.Option(help="Which copy.")] = "working",
    people: Annotated[Literal["whole", "head", "none"], typer.Option(help="Masked.")] = "whole",
    vehicles: Annotated[Literal["plate", "whole", "none"], typer.Option(help="Masked.")] = "plate",
    fill: Annotated[bool, typer.Option("--fill", help="Grey instead of a mosaic.")] = False,
    boxes: Annotated[
        Path | None,
        typer.Option(help='JSON: [{"from_s": 1, "to_s": 2.5, "box": [x, y, w, h]}, …]; 0..1.'),
    ] = None,
    sound: Annotated[
        bool | None, typer.Option(help="Keep the sound; else only a working copy does.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a working copy with a clock, or a masked one; sealed beside the original."""
    _reasoned(reason)
    masked = kind == "redacted"
    masking = Masking(
        people=people,
        vehicles=vehicles,
        style="fill" if fill else "pixelate",
        manual=_drawn(boxes) if boxes is not None else (),
    )
    wanted = CopyWanted(
        id=new_id("cpy"),
        incident=incident,
        item=item,
        masking=masking if masked else None,
        sound=not masked if sound is None else sound,
        by=by or getpass.getuser(),
        reason=reason.strip(),
    )
    site = load(config)
    paths = Paths(site.data_dir)
    _audit(config, wanted.by, "evidence.copy", incident, wanted.reason, copy=wanted.id, kind=kind)
    items = make_copy(site, paths, SystemClock(), wanted)
    _list(config, items)
    if as_json:
        print(json.dumps([one.model_dump(mode="json") for one in items], ensure_ascii=False))
        return
    for one in items:
        print(f"{one.role}: {paths.vault / one.path}")


def compare_copy(
    original: Annotated[Path, typer.Argument(help="The original film.")],
    made: Annotated[Path, typer.Argument(help="The copy.")],
    derivation: Annotated[Path, typer.Argument(help="Its derivation.json.")],
    as_json: Json = False,
) -> None:
    """Prove from the pictures that a copy comes from its original."""
    found = compare(original, made, derivation)
    if as_json:
        worst = [round(one, 1) for one in (found.worst_db, found.worst_masked_db)]
        finite = [one if one < float("inf") else None for one in worst]
        told = {"frames": found.frames, "worst_db": finite[0], "worst_masked_db": finite[1]}
        print(json.dumps({**told, "problems": found.problems}))
    elif not found.problems:
        print(
            f"{found.frames} pictures are those of {original.name}, at the same times; the least "
            f"alike outside of masks by {found.worst_db:.1f} dB"
        )
    if found.problems:
        raise CustodyError(f"{made}: {'; '.join(found.problems)}")


def register(
    incident: Annotated[str, typer.Argument(help="Id of the incident.")],
    config: ConfigDir,
    as_json: Json = False,
) -> None:
    """Who had the evidence of an incident in hand, when and why."""
    events = _register(config).register(incident)
    if as_json:
        print(json.dumps([one.model_dump(mode="json") for one in events], ensure_ascii=False))
        return
    table = Table("", "when", "who", "what", "why", "object")
    for one in events:
        table.add_row(str(one.seq), iso(one.at_ns), one.actor, one.action, one.reason, one.object)
    Console().print(table)


def lock(
    camera: Annotated[str, typer.Argument(help="Id of the camera.")],
    first: Annotated[str, typer.Argument(help="From, ISO 8601 with an offset.")],
    last: Annotated[str, typer.Argument(help="To, ISO 8601 with an offset.")],
    config: ConfigDir,
    reason: Reason,
    incident: Annotated[str | None, typer.Option(help="For the sake of this incident.")] = None,
    by: By = None,
) -> None:
    """Keep a stretch of recordings without taking it out."""
    _reasoned(reason)
    if load(config).camera(camera) is None:
        raise CustodyError(f"no camera is called {camera!r}")
    try:
        first_ns, last_ns = parse_iso(first), parse_iso(last)
    except ValueError as error:
        raise CustodyError(f"evidence lock: {error}") from None
    if last_ns <= first_ns:
        raise CustodyError(f"evidence lock: {last} is not after {first}")
    kept = Kept(
        owner=new_id("lock"),
        camera=camera,
        first_ns=first_ns,
        last_ns=last_ns,
        incident=incident,
        reason=reason.strip(),
        by=by or getpass.getuser(),
        made_ns=SystemClock().utc_ns(),
    )
    detail = {"lock": kept.owner, "camera": camera, "from": iso(first_ns), "to": iso(last_ns)}
    _audit(config, kept.by, "recording.lock", incident or kept.owner, kept.reason, **detail)
    _register(config).keep(kept)
    print(f"{kept.owner}: {kept.stretch}")


def locks(config: ConfigDir, as_json: Json = False) -> None:
    """Recordings that retention leaves alone."""
    found = _register(config).kept()
    if as_json:
        print(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))
        return
    table = Table("owner", "camera", "from", "to", "by", "why")
    for one in found:
        table.add_row(
            one.owner, one.camera, iso(one.first_ns), iso(one.last_ns), one.by, one.reason
        )
    Console().print(table)


def release(
    owner: Annotated[str, typer.Argument(help="A lock or an incident, see `evidence locks`.")],
    config: ConfigDir,
    reason: Reason,
    by: By = None,
) -> None:
    """Leave recordings to retention again."""
    _reasoned(reason)
    custody = _register(config)
    found = [one for one in custody.kept() if one.owner == owner]
    if not found:
        raise CustodyError(f"nothing is locked by {owner!r}; see `evidence locks`")
    who = by or getpass.getuser()
    for one in found:
        detail = {"lock": owner, "camera": one.camera}
        _audit(config, who, "recording.release", one.incident or owner, reason.strip(), **detail)
    custody.release(owner, actor=who, reason=reason.strip())
    print(f"{owner}: {len(found)} stretches released")


def add_to(app: typer.Typer) -> None:
    """Hang the commands into ``wardwatch evidence``."""
    app.command()(copy)
    app.command("compare")(compare_copy)
    for command in (register, lock, locks, release, delete):
        app.command()(command)


def delete(
    incident: Annotated[str, typer.Argument(help="Id of a dismissed or closed incident.")],
    config: ConfigDir,
    reason: Reason,
    by: By = None,
) -> None:
    """Delete all evidence of an incident for good; a signed record of it stays."""
    _reasoned(reason)
    site = load(config)
    paths = Paths(site.data_dir)
    store = open_store(paths.database_url(site))
    try:
        why = Why(by or getpass.getuser(), reason.strip(), unit=site.name.zh)
        count = Expiry(site, paths, store, SystemClock()).incident(incident, why)
    finally:
        store.close()
    print(f"{incident}: {count} files deleted; see `wardwatch recorder deletions`")


def _register(config: Path) -> Register:
    site = load(config)
    return Register(site, Paths(site.data_dir), SystemClock())


def _reasoned(reason: str) -> None:
    if len(reason.strip()) < 2:
        raise CustodyError("--reason: say why; it goes into audit log and chain of custody")


def _drawn(path: Path) -> tuple[ManualMask, ...]:
    try:
        return _MASKS.validate_json(path.read_bytes())
    except OSError as error:
        raise CustodyError(f"--boxes {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise CustodyError(f"--boxes {path}: {where}: {first['msg']}") from None


def _audit(config: Path, actor: str, action: str, about: str, why: str, **detail: str) -> None:
    site = load(config)
    paths = Paths(site.data_dir)
    paths.make()
    store = open_store(paths.database_url(site))
    try:
        with store.begin() as unit:
            unit.audit.append(actor, action, about, why, detail)
    finally:
        store.close()


def _list(config: Path, items: list[EvidenceItem]) -> None:
    """Into the database too, so that the console shows them."""
    site = load(config)
    store = open_store(Paths(site.data_dir).database_url(site))
    try:
        with store.begin() as unit:
            for one in items:
                unit.evidence.put(one)
    finally:
        store.close()
