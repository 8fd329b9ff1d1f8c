"""What is kept of one judged incident, and whose word it is."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from alerts.lifecycle import SYSTEM
from alerts.suppression import is_false_alarm
from core.cases import Incident, IncidentState
from core.errors import WardwatchError
from core.messages import SeenObject
from core.seeing import Kind
from core.value import Value

FILE = "lesson.json"

Verdict = Literal["confirmed", "false_alarm", "allowed"]
"""``allowed``: dismissed for another reason than a false alarm; what was seen was there."""

_AGREED = frozenset(
    state.value
    for state in (
        IncidentState.CONFIRMED,
        IncidentState.WARNING,
        IncidentState.DISPATCHED,
        IncidentState.TRANSFERRED,
        IncidentState.CLOSED,
    )
)


class TeachingError(WardwatchError):
    """Pictures of judged incidents cannot be kept, read or exported."""


class Judgement(Value):
    """A person's last word on an incident."""

    verdict: Verdict
    by: str
    at_ns: int
    reason: str


class Picture(Value):
    """One picture without overlay, and what the tracker held when it was taken."""

    file: str
    sha256: str
    time_ns: int
    width: int
    height: int
    clip_sha256: str = Field(description="The sealed clip it was taken from.")
    objects: tuple[SeenObject, ...] = Field(description="`subject`: what the sighting was about.")


class Lesson(Value):
    """A judged incident with its pictures."""

    incident: str
    camera: str
    zone: str
    kind: Kind
    day: str = Field(description="Local date on which it began.")
    model: str = Field(description="Name and hash of the model that saw it.")
    judgement: Judgement
    pictures: tuple[Picture, ...]


def judgement_of(incident: Incident) -> Judgement | None:
    """The last word of a person; None while only the program has acted."""
    for step in reversed(incident.history):
        if step.actor == SYSTEM:
            continue
        reason = step.reason.zh
        verdict: Verdict | None = None
        if step.state == IncidentState.DISMISSED.value:
            verdict = "false_alarm" if is_false_alarm(reason) else "allowed"
        elif step.state in _AGREED:
            verdict = "confirmed"
        if verdict is not None:
            return Judgement(verdict=verdict, by=step.actor, at_ns=step.at_ns, reason=reason)
    return None


def lessons(root: Path) -> Iterator[Lesson]:
    """All lessons below the teaching directory, by incident.

    Raises:
        TeachingError: names the file that cannot be read.
    """
    for path in sorted(root.glob(f"*/{FILE}")):
        try:
            yield Lesson.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise TeachingError(f"{path}: cannot be read ({error}); remove its folder") from None


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
