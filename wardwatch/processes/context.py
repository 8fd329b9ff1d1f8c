"""What a process is given."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.clock import Clock, SystemClock
from core.config.site import Site
from wardwatch.paths import Paths

Mark = tuple[int, int]
"""Inode and time of a file that is always replaced as a whole, so they tell of every change."""


@dataclass(frozen=True)
class Context:
    """Configuration, places and time of one process.

    Attributes:
        site: the configuration at its start; see :mod:`wardwatch.following.follow`.
        mark: of the file that it was read from.
    """

    role: str
    site: Site
    paths: Paths
    mark: Mark | None = None
    clock: Clock = field(default_factory=SystemClock)
    stop: threading.Event = field(default_factory=threading.Event)

    def ready(self, announced: Mapping[str, Any] | None = None) -> None:
        """Tell the supervisor that the process works, and what it wants known."""
        path = self.paths.run / f"{self.role}.ready"
        fresh = path.with_suffix(".tmp")
        fresh.write_text(json.dumps(dict(announced or {})), encoding="utf-8")
        fresh.replace(path)

    def bus(self, part: str = "") -> RedisBus:
        """A connection to the bus; ``part`` names it when a process has several."""
        name = f"{self.role}-{part}" if part else self.role
        return RedisBus(self.site.redis.url or socket_url(self.paths.run), name, self.paths.spool)


def load_context(role: str, data: Path) -> Context:
    """The context the supervisor has prepared in a data directory."""
    paths = Paths(data)
    mark = mark_of(paths)
    return Context(role, read_site(paths), paths, mark)


def mark_of(paths: Paths) -> Mark | None:
    """Differs after every change of the configuration; None while there is none."""
    try:
        found = paths.site_file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def read_site(paths: Paths) -> Site:
    """The configuration as the supervisor last wrote it."""
    return Site.model_validate_json(paths.site_file.read_text(encoding="utf-8"))
