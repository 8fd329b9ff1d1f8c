"""What was found of each segment when it was recorded, kept beside the recordings.

``<root>/<camera>/signatures-<YYYY-MM-DD>.jsonl`` (UTC, the day of the segment's start), one line
a segment, appended once the signatures of its last pictures have come. A segment without a line
was not signed. The file is a witness of what was found then; the segments themselves can be
verified again at any time.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import Field, ValidationError

from core.clock import NS_PER_S
from core.value import Value
from recorder.shelf import day_folders, start_of
from recorder.signing.verdict import Verdict

log = structlog.get_logger()

_PREFIX = "signatures-"
_DAY_NS = 86_400 * NS_PER_S


class SegmentVerdict(Value):
    """One line."""

    file: str = Field(description="Name of the segment.")
    start_ns: int
    checked_ns: int
    verdict: Verdict


class SignatureLog:
    """One camera's log."""

    def __init__(self, root: Path, camera: str) -> None:
        self._root, self._home = root, root / camera
        self._camera = camera

    def note(self, line: SegmentVerdict) -> None:
        """Append a line. Raises OSError."""
        path = self._path(line.start_ns)
        fresh = not path.exists()
        text = line.model_dump_json(exclude_defaults=True) + "\n"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)
        if fresh:
            self._trim(path.name)

    def between(self, first_ns: int, last_ns: int) -> list[SegmentVerdict]:
        """Lines of segments that start in a range; torn lines are left out."""
        found: dict[str, SegmentVerdict] = {}
        for day_ns in range(first_ns - first_ns % _DAY_NS, last_ns + 1, _DAY_NS):
            try:
                lines = self._path(day_ns).read_bytes().splitlines()
            except OSError:
                continue
            for text in lines:
                try:
                    line = SegmentVerdict.model_validate_json(text)
                except ValidationError:
                    continue
                if first_ns <= line.start_ns <= last_ns:
                    found[line.file] = line
        return sorted(found.values(), key=lambda line: line.start_ns)

    def of(self, segment: Path) -> SegmentVerdict | None:
        """What was found of one segment; None: it was not signed, or not looked at yet."""
        start_ns = start_of(segment)
        if start_ns is None:
            return None
        lines = self.between(start_ns, start_ns)
        return next((line for line in lines if line.file == segment.name), None)

    def _path(self, at_ns: int) -> Path:
        day = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
        return self._home / f"{_PREFIX}{day:%Y-%m-%d}.jsonl"

    def _trim(self, newest: str) -> None:
        """Forget days of which no segment is left."""
        days = {folder.name for folder in day_folders(self._root, self._camera)}
        for path in self._home.glob(f"{_PREFIX}*.jsonl"):
            day = path.stem.removeprefix(_PREFIX)
            if path.name < newest and day not in days:
                path.unlink(missing_ok=True)
                log.info("verdicts of deleted recordings deleted", camera=self._camera, day=day)
