"""The text of ``cameras.yaml`` while it is edited."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError as RoundTripError

from core.config.cameras import Camera
from core.errors import ConfigError
from wardwatch.cameras import splice
from wardwatch.cameras.splice import Fields, merged

_ORDER = list(Camera.model_fields)


class Page:
    """Cameras as text and as values; every edit is proved to say what was meant, no more.

    Attributes:
        text: with line ends of ``\\n``.
        cameras: what the text says.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self.text = text
        self.cameras = self._read(text)

    def ids(self) -> list[str]:
        return [str(entry.get("id")) for entry in self.cameras]

    def entry(self, camera_id: str) -> dict[str, Any]:
        """What the file says of one camera.

        Raises:
            ConfigError: it says nothing.
        """
        return self.cameras[self._index(camera_id)]

    def add(self, entries: Sequence[Fields]) -> None:
        """More cameras, at the end."""
        fresh = [merged({}, entry) for entry in entries]
        known = set(self.ids())
        for entry in fresh:
            if entry["id"] in known:
                raise ConfigError(
                    f"{self._path}: {entry['id']}: there is a camera of that id already; "
                    "change it, or choose another id"
                )
            known.add(entry["id"])
        items = [splice.item(entry) for entry in fresh]
        self._become(
            [*self.cameras, *fresh],
            lambda: splice.appended(self.text, items),
            lambda document: document.extend(items),
        )

    def change(self, camera_id: str, fields: Fields) -> None:
        """Other values in one camera."""
        index = self._index(camera_id)
        wanted = list(self.cameras)
        wanted[index] = merged(wanted[index], fields)
        if wanted == self.cameras:
            return
        self._become(
            wanted,
            lambda: splice.changed(
                self.text,
                index,
                lambda body: splice.outlined(body, fields, _place),
                lambda entry: _write(entry, fields),
            ),
            lambda document: _write(document[index], fields),
        )

    def remove(self, camera_id: str) -> None:
        """One camera less."""
        index = self._index(camera_id)
        self._become(
            [*self.cameras[:index], *self.cameras[index + 1 :]],
            lambda: splice.removed(self.text, index),
            lambda document: document.pop(index),
        )

    def _index(self, camera_id: str) -> int:
        try:
            return self.ids().index(camera_id)
        except ValueError:
            raise ConfigError(f"{self._path}: {camera_id}: there is no camera of that id") from None

    def _become(
        self,
        wanted: list[dict[str, Any]],
        spliced: Callable[[], str],
        edit: Callable[[CommentedSeq], object],
    ) -> None:
        def whole() -> str:
            return splice.rewritten(self.text, lambda document: (edit(document), None)[1])

        for attempt in (spliced, whole):
            try:
                text = attempt()
                if self._read(text) == wanted:
                    self.text, self.cameras = text, wanted
                    return
            except (splice.SpliceError, ConfigError, RoundTripError, yaml.YAMLError, IndexError):
                continue
        raise ConfigError(
            f"{self._path}: is written in a way that cannot be edited safely; edit it by hand"
        )

    def _read(self, text: str) -> list[dict[str, Any]]:
        try:
            content = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as error:
            said = " ".join(str(error).split())
            raise ConfigError(f"{self._path}: not valid YAML: {said}") from None
        entries = [] if content is None else content
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ConfigError(f"{self._path}: expected a list of cameras at the top level")
        return entries


def _write(entry: CommentedMap, fields: Fields) -> None:
    """:func:`splice.merged` for text: touches nothing that stays as it is."""
    for key, value in fields.items():
        before = entry.get(key)
        if value is None:
            entry.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(before, CommentedMap):
            _write(before, value)
        elif key not in entry:
            plain = merged({}, value) if isinstance(value, Mapping) else value
            entry.insert(_place(list(entry), key), key, splice.styled(plain))
        elif before != value or type(before) is bool:
            plain = merged({}, value) if isinstance(value, Mapping) else value
            entry[key] = splice.styled(plain)


def _place(keys: list[str], key: str) -> int:
    """Where a new key goes: in the order of the configuration's description."""
    if key not in _ORDER:
        return len(keys)
    rank = _ORDER.index(key)
    later = (at for at, other in enumerate(keys) if other in _ORDER[rank + 1 :])
    return next(later, len(keys))
