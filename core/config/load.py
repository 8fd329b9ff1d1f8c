"""Read a configuration directory.

``township.yaml`` holds the site; ``cameras.yaml``, ``officers.yaml`` and ``contacts.yaml`` hold
the lists named after them, ``duty.yaml`` the duty desk, ``notify.yaml`` the notifications.
``catalogue.yaml`` and ``warnings.yaml`` may stand beside them; without them the ones that come
with the product (``configs/``) are used.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.config.site import Site
from core.errors import ConfigError

_CREDENTIALS = re.compile(r"//[^/@]*@")

SHIPPED = Path(__file__).resolve().parents[2] / "configs"


def load(directory: Path, **overrides: Any) -> Site:
    """The site described by a directory of YAML files.

    Args:
        directory: where ``township.yaml`` lies.
        overrides: top-level fields of :class:`Site` that replace what the files say.

    Raises:
        ConfigError: one message a problem, each naming the file and the field.
    """
    if not directory.is_dir():
        raise ConfigError(f"{directory}: no such configuration directory")
    origin: dict[str, Path] = {}
    township = directory / "township.yaml"
    data = _read(township, dict)
    for section, name in (
        ("cameras", "cameras.yaml"),
        ("officers", "officers.yaml"),
        ("contacts", "contacts.yaml"),
        ("catalogue", "catalogue.yaml"),
        ("warning_texts", "warnings.yaml"),
        ("duty", "duty.yaml"),
        ("notify", "notify.yaml"),
    ):
        if section in data:
            raise ConfigError(f"{township}: {section}: belongs into {name}")
        path = directory / name
        if not path.exists() and section in ("catalogue", "warning_texts"):
            path = SHIPPED / name
        if not path.exists():
            continue
        content = _read(path, dict if section in ("duty", "notify") else list)
        origin[section] = path
        match section:
            case "catalogue":
                data[section] = {"rows": content}
            case "warning_texts":
                data[section] = {"texts": content}
            case _:
                data[section] = content
    data.update(overrides)
    for section in ("cameras", "officers"):  # what is wrong in an override is told of its file
        if section in overrides:
            origin.setdefault(section, directory / f"{section}.yaml")
    try:
        site = Site.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(error, data, origin, township)) from None
    return _resolved(site, directory)


def _resolved(site: Site, directory: Path) -> Site:
    """Paths that are relative to the configuration directory, made whole."""
    files = site.credentials
    beside = directory / (files.file or "credentials.json")
    update: dict[str, Any] = {
        "directory": directory.resolve(),
        "credentials": files.model_copy(update={"file": beside}),
    }
    if site.map is not None:
        update["map"] = directory / site.map
    if site.dispatch.roads is not None:
        roads = directory / site.dispatch.roads
        update["dispatch"] = site.dispatch.model_copy(update={"roads": roads})
    if site.signing.roots is not None:
        roots = directory / site.signing.roots
        update["signing"] = site.signing.model_copy(update={"roots": roots})
    return site.model_copy(update=update)


def _read(path: Path, expected: type) -> Any:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, expected):
        wanted = "a list" if expected is list else "keys and values"
        raise ConfigError(f"{path}: expected {wanted} at the top level")
    return content


def _explain(
    error: ValidationError, data: dict[str, Any], origin: dict[str, Path], township: Path
) -> str:
    lines = []
    for problem in error.errors():
        place = list(problem["loc"])
        section = str(place[0]) if place else ""
        path = origin.get(section, township)
        if section in origin:
            place = place[2:] if section in ("catalogue", "warning_texts") else place[1:]
            rows = data[section]
            rows = rows.get("rows", rows.get("texts", rows)) if isinstance(rows, dict) else rows
            place = _named(place, rows)
            if place and isinstance(place[0], int):
                place[0] = f"entry {place[0] + 1}"
        field = " → ".join(str(part) for part in place) or "(whole file)"
        given = problem["input"] if isinstance(problem["input"], str | int | float | bool) else None
        if isinstance(given, str):
            given = _CREDENTIALS.sub("//…@", given)
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "unknown key"
        shown = f" (given: {given!r})" if given is not None else ""
        lines.append(f"{path}: {field}: {message}{shown}")
    return "\n".join(lines)


def _named(place: list[int | str], data: Any) -> list[int | str]:
    """The way to a field with the ids of what lies on it in place of numbers."""
    named: list[int | str] = []
    for step in place:
        try:
            data = data[step]
        except (LookupError, TypeError):
            data = None  # a key that is missing, or the name of an alternative of a union
        name = data.get("id") if isinstance(step, int) and isinstance(data, dict) else None
        named.append(f"{name}" if name else step)
    return named
