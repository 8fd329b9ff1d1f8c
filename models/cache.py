"""The cache directory: ``<name>.onnx`` and, beside it, ``<name>.json`` that says what it is.

Files appear whole or not at all: they are written under a temporary name in the same directory,
flushed to disk and renamed. Several processes may do so at once; the last one wins.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from pydantic import Field, ValidationError

from core.config.base import Id
from core.model import ModelCard
from core.value import Value
from models.errors import HashError, ModelError
from models.registry import Family, InputSize, Sha256
from models.sources import sha256

DIRECTORY = "WARDWATCH_MODEL_DIR"


class Record(Value):
    """What ``<name>.json`` holds."""

    name: Id
    family: Family
    sha256: Sha256
    licence: str
    classes: tuple[str, ...] = Field(min_length=1)
    input_size: InputSize
    source: str = Field(description="Where the file came from.")
    imported: bool = Field(default=False, description="Brought by hand, not from the registry.")


def default_directory() -> Path:
    """``WARDWATCH_MODEL_DIR``, else ``wardwatch/models`` in the user's cache directory."""
    if named := os.environ.get(DIRECTORY):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "wardwatch" / "models"


class Cache:
    """Model files on disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, name: str) -> Path:
        """Where the model of that name lies, or would."""
        return self.directory / f"{name}.onnx"

    def record(self, name: str) -> Record | None:
        """The note beside the model, None when there is none.

        Raises:
            ModelError: the note is damaged.
        """
        path = self.path(name).with_suffix(".json")
        try:
            return Record.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ModelError(f"{path}: cannot be read: {error.strerror}") from None
        except ValidationError as error:
            problem = error.errors()[0]
            field = " → ".join(str(part) for part in problem["loc"]) or "(whole file)"
            raise ModelError(
                f"{path}: {field}: {problem['msg']}; remove the file and pull or import again"
            ) from None

    def names(self) -> list[str]:
        """Models present, by name."""
        return sorted(path.stem for path in self.directory.glob("*.onnx"))

    def check(self, record: Record) -> ModelCard:
        """The card of a cached model whose bytes are those the record names.

        Raises:
            HashError: they are not.
            ModelError: the file cannot be read.
        """
        path = self.path(record.name)
        try:
            got = sha256(path.read_bytes())
        except OSError as error:
            raise ModelError(f"{path}: the model file cannot be read: {error.strerror}") from None
        if got != record.sha256:
            raise HashError(str(path), record.sha256, got)
        return ModelCard(
            name=record.name,
            family=record.family,
            path=path,
            sha256=record.sha256,
            licence=record.licence,
            classes=record.classes,
            input_size=record.input_size,
        )

    def keep(self, record: Record, content: bytes) -> ModelCard:
        """Store a model whose hash the caller has checked.

        Raises:
            ModelError: the directory cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            write(self.path(record.name), content)
            note = record.model_dump_json(indent=2).encode() + b"\n"
            write(self.path(record.name).with_suffix(".json"), note)
        except OSError as error:
            raise ModelError(
                f"{self.directory}: the model cache cannot be written: {error.strerror}; "
                f"name another directory with {DIRECTORY}"
            ) from None
        return self.check(record)


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
