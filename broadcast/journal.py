"""What was begun and what came of it, on disk, so that a restart never speaks twice.

One JSON line before speaking, one after. A begin without an end means that the process died
in between: the warning may have been heard, so it is not spoken again.
"""

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from broadcast.errors import BroadcastError
from core.cases import Announcement, Receipt

log = structlog.get_logger()


@dataclass(frozen=True)
class Begun:
    """A talk that was begun."""

    announcement: Announcement
    speaker: str
    at_ns: int


class Journal:
    """An append-only file of begun talks and receipts, read once at start.

    A torn last line (power loss) is passed over; other unreadable lines are logged.

    Raises:
        BroadcastError: the file cannot be read or made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.begun: dict[str, Begun] = {}
        self.receipts: dict[str, Receipt] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise BroadcastError(f"{path}: cannot be read: {error.strerror}") from None
        for number, line in enumerate(data.split(b"\n"), start=1):
            if line.strip():
                self._read(line, number)
        self._torn = bool(data) and not data.endswith(b"\n")

    def begin(self, begun: Begun) -> None:
        """Note that a talk is about to be heard. Raises BroadcastError when it cannot."""
        self._append(
            {
                "begin": begun.announcement.model_dump(mode="json"),
                "speaker": begun.speaker,
                "at_ns": begun.at_ns,
            }
        )
        self.begun[begun.announcement.id] = begun

    def end(self, receipt: Receipt) -> None:
        """Note what came of it. Raises BroadcastError when it cannot; memory keeps it anyway."""
        self.receipts[receipt.announcement] = receipt
        self._append({"receipt": receipt.model_dump(mode="json")})

    def interrupted(self) -> list[Begun]:
        """Talks that were begun and never ended."""
        return [begun for key, begun in self.begun.items() if key not in self.receipts]

    def _read(self, line: bytes, number: int) -> None:
        try:
            entry = json.loads(line)
            if "receipt" in entry:
                receipt = Receipt.model_validate(entry["receipt"])
                self.receipts[receipt.announcement] = receipt
            else:
                begun = Begun(
                    Announcement.model_validate(entry["begin"]),
                    str(entry["speaker"]),
                    int(entry["at_ns"]),
                )
                self.begun[begun.announcement.id] = begun
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            log.warning(
                "journal.line_unreadable",
                path=str(self._path),
                line=number,
                error=type(error).__name__,
            )

    def _append(self, entry: dict[str, Any]) -> None:
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._lock:
            data = (("\n" if self._torn else "") + text).encode()
            try:
                with self._path.open("ab") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                self._torn = True
                raise BroadcastError(f"{self._path}: cannot write: {error.strerror}") from None
            self._torn = False
