"""Changing several files of a folder as one: all of them, or none, whatever is killed when.

What is to come lies in ``.staged/``. When all of it is on disk, ``.staged/commit`` says so, and
from then on the change is made, by whoever comes by: after a crash, the next one.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recorder.seal.errors import SealError
from recorder.seal.files import sync_folder, write_whole

STAGED, COMMIT = ".staged", "commit"
_MODE = 0o640


@dataclass
class Change:
    """A change in the making.

    Attributes:
        put: files that take the place of older ones.
        enter: new files, already staged, that must not take anything's place.
        drop: files that go.
        entries: for the site's log: kind, subject, SHA-256.
    """

    put: dict[str, bytes] = field(default_factory=dict)
    enter: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    entries: list[tuple[str, str, str]] = field(default_factory=list)


def staged(folder: Path, name: str) -> Path:
    """Where a file is prepared."""
    path = folder / STAGED / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def commit(folder: Path, change: Change) -> None:
    """Prepare everything, then make it certain; :func:`waiting` and :func:`finish` do the rest.

    Raises:
        OSError: it could not be prepared; nothing has changed.
    """
    for name, content in change.put.items():
        write_whole(staged(folder, name), content, _MODE)
    root = folder / STAGED
    for place in (path for path in root.rglob("*") if path.is_dir()):
        sync_folder(place)
    plan = {
        "put": list(change.put),
        "enter": change.enter,
        "drop": change.drop,
        "entries": change.entries,
    }
    write_whole(root / COMMIT, json.dumps(plan).encode(), _MODE)
    sync_folder(root)
    sync_folder(folder)


def waiting(folder: Path) -> dict[str, Any] | None:
    """The change that is certain but not yet made; what never became certain is removed."""
    root = folder / STAGED
    if not root.is_dir():
        return None
    try:
        plan: dict[str, Any] = json.loads((root / COMMIT).read_bytes())
    except FileNotFoundError:
        shutil.rmtree(root)
        return None
    except ValueError as error:
        raise SealError(f"{root / COMMIT}: was damaged: {error}") from None
    return plan


def finish(folder: Path, plan: dict[str, Any]) -> None:
    """Make a change that is certain. Doing it again, or the rest of it, does no harm."""
    root = folder / STAGED
    for name in plan["enter"]:
        _enter(root / name, folder / name)
    for name in plan["put"]:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        if (root / name).exists():
            (root / name).replace(target)
    for name in plan["drop"]:
        (folder / name).unlink(missing_ok=True)
    for place in _places(folder, (*plan["enter"], *plan["put"], *plan["drop"])):
        sync_folder(place)
    (root / COMMIT).unlink()
    shutil.rmtree(root)


def _enter(source: Path, target: Path) -> None:
    """By hard link, which fails if the name is taken."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        if not target.exists():
            raise
    except FileExistsError:
        if not source.samefile(target):
            raise SealError(f"{target}: is in the way of evidence; move it elsewhere") from None


def _places(folder: Path, names: Iterable[str]) -> set[Path]:
    return {folder, *((folder / name).parent for name in names)}
