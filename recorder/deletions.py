"""What was deleted, when and why: ``<root>/<camera>/deleted.jsonl``, append-only.

The ledger of gaps says what was never recorded; this says what was, and is gone. Whoever wants
more than a note (a signature) takes the same :class:`Deletion` through ``Retention``'s
``on_delete``.
"""

import os
from pathlib import Path
from typing import Literal

import structlog
from pydantic import Field, ValidationError

from core.value import Value

FILE_NAME = "deleted.jsonl"

Why = Literal["age", "total", "class", "camera", "volume", "space"]

log = structlog.get_logger()


class Deletion(Value):
    """One recording that goes; told before it goes."""

    camera: str
    path: str = Field(description="Relative to the volume.")
    volume: str
    first_ns: int
    last_ns: int = Field(description="Where the next recording begins, or later than its end.")
    size_bytes: int
    at_ns: int
    why: Why = Field(
        description="age: past its days; total, class, camera, volume: over that limit of bytes; "
        "space: the disk was nearly full."
    )
    early: bool = Field(description="Before its days were over.")
    sha256: str | None = Field(default=None, description="If somebody had hashed it.")


class DeletionLog:
    """The plain note of deletions."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def note(self, deletion: Deletion) -> None:
        """Append. Raises OSError."""
        path = self._root / deletion.camera / FILE_NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(fd, f"{deletion.model_dump_json()}\n".encode())
        finally:
            os.close(fd)


def read_deletions(root: Path, camera: str) -> list[Deletion]:
    """A camera's deletions in order of what was deleted; torn lines are left out."""
    found = []
    try:
        lines = (root / camera / FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            found.append(Deletion.model_validate_json(line))
        except ValidationError:
            continue
    return sorted(found, key=lambda one: one.first_ns)
