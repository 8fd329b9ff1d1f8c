"""Open a road map, from the extract the first time and from its compiled form after that."""

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import structlog

from alerts.errors import RoadsError
from alerts.roads.graph import Roads
from alerts.roads.osm import RoadMap, read

_log = structlog.get_logger()

_FORMAT = 1
"""Counted up when what is read from an extract changes: older files are compiled again."""
_ARRAYS = tuple(RoadMap.__dataclass_fields__)


def open_roads(path: Path, snap_m: float, cache: Path | None = None) -> Roads:
    """The roads of an OpenStreetMap extract.

    Args:
        path: ``.osm`` or ``.osm.pbf``.
        snap_m: see :class:`Roads`.
        cache: folder for the compiled form, one file; None: none is kept.

    Raises:
        RoadsError: the extract cannot be used; one message that names the file and the element.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RoadsError(f"{path}: dispatch.roads: cannot be read: {error.strerror}") from None
    if cache is None:
        return Roads(read(path), snap_m)
    compiled = cache / f"roads-{_FORMAT}-{digest}.npz"
    found = _load(compiled)
    if found is None:
        found = read(path)
        _keep(found, compiled)
    return Roads(found, snap_m)


def _load(compiled: Path) -> RoadMap | None:
    try:
        with np.load(compiled, allow_pickle=False) as arrays:
            return RoadMap(**{name: arrays[name] for name in _ARRAYS})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.warning("compiled road map not usable, made again", path=str(compiled), why=str(error))
        return None


def _keep(roads: RoadMap, compiled: Path) -> None:
    """Write the compiled form in place of older ones; without it the next start is slower."""
    try:
        compiled.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=compiled.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **{name: getattr(roads, name) for name in _ARRAYS})
        Path(name).replace(compiled)
        for older in compiled.parent.glob("roads-*.npz"):
            if older != compiled:
                older.unlink()
    except OSError as error:
        _log.warning("compiled road map not kept", path=str(compiled), why=str(error))
