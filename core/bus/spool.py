"""Messages that wait on disk while the bus is away.

One JSON line a message, appended and fsynced before :meth:`Spool.keep` returns. The first
unsent line is remembered only in memory: after a crash in the middle of a delivery some lines go
out twice, never not at all.
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

Line = tuple[str, dict[str, str]]


class Spool:
    """A first-in first-out file of (stream, fields).

    Args:
        path: the file; made when first needed. One process owns it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._waiting = path.exists() and path.stat().st_size > 0
        self._whole = False

    @property
    def waiting(self) -> bool:
        """True while something has not been delivered."""
        return self._waiting

    def keep(self, stream: str, fields: dict[str, str]) -> None:
        """Store one message behind those that wait already."""
        line = json.dumps([stream, fields], ensure_ascii=False) + "\n"
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                if not self._whole:
                    file.write(b"\n")  # a line that a crash cut must not swallow this one
                    self._whole = True
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
            self._waiting = True

    def drain(self, deliver: Callable[[str, dict[str, str]], None]) -> int:
        """Deliver everything in order; what ``deliver`` raises ends it and keeps the rest.

        A line that was cut by a crash cannot be the message of a caller that was told it is
        kept, so it is skipped.

        Returns:
            Number of messages delivered.
        """
        with self._lock:
            if not self._waiting:
                return 0
            lines = self._path.read_text(encoding="utf-8").splitlines()
            sent = 0
            try:
                for line in lines:
                    parsed = _parse(line)
                    if parsed is not None:
                        deliver(*parsed)
                    sent += 1
            finally:
                self._keep_only(lines[sent:])
            return sent

    def _keep_only(self, lines: list[str]) -> None:
        if not lines:
            self._path.unlink(missing_ok=True)
            self._waiting = False
            return
        rest = self._path.with_suffix(".rest")
        rest.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        rest.replace(self._path)


def _parse(line: str) -> Line | None:
    try:
        stream, fields = json.loads(line)
    except ValueError:
        return None
    return str(stream), {str(key): str(value) for key, value in fields.items()}
