"""What really happened in front of the cameras, written down for tests and reports."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

What = Literal["epoch", "event_started", "event_ended", "heard", "noise", "failed"]


@dataclass(frozen=True)
class Happening:
    """One line of ``truth.jsonl``.

    Attributes:
        what: ``epoch`` (the scene's first picture), ``event_started`` and ``event_ended`` (a
            violation), ``heard`` (a warning reached the actors), ``noise`` (a talk too short or
            too soft to be one), ``failed`` (the scene cannot be drawn any more).
        camera: name of the scene.
        utc_ns: when.
        scene_s: the same moment in scene time.
        facts: events: ``event`` (index), ``kind``, ``actor``; talks: ``start_ns``, ``seconds``,
            ``rms`` (of 32768), ``loud_s``, ``wav`` (file name under the output folder, or None).
    """

    what: What
    camera: str
    utc_ns: int
    scene_s: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The happening as one flat JSON object."""
        fixed = {"what": self.what, "camera": self.camera, "utc_ns": self.utc_ns}
        return json.dumps({**fixed, "scene_s": round(self.scene_s, 3), **self.facts})


class Truth:
    """Collects happenings from all cameras' threads; each line is on disk when ``add`` returns."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._happenings: list[Happening] = []
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def add(self, happening: Happening) -> None:
        with self._lock:
            self._happenings.append(happening)
            if self._file is not None:
                self._file.write(happening.line() + "\n")
                self._file.flush()

    def all(self, what: What | None = None, camera: str | None = None) -> list[Happening]:
        """What has happened so far, in the order it became known."""
        with self._lock:
            return [
                happening
                for happening in self._happenings
                if what in (None, happening.what) and camera in (None, happening.camera)
            ]

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
