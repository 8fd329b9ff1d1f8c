"""Films from the cards of drones and body cameras, as the store keeps them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.value import Value


class FilmFile(Value):
    """One file of a film: the film itself, or what lay beside it."""

    name: str
    bytes: int
    sha256: str


class Film(Value):
    """A film on the time line, imported from the inbox. The original is kept as it was."""

    id: str = Field(description="SHA-256 of the film.")
    source: str = Field(description="The device: the folder that it lay in.")
    file: str = Field(description="What the device called it.")
    start_ns: int = Field(description="First picture, UTC by the film's own clock.")
    end_ns: int
    imported_ns: int
    clock_source: str = Field(description="Which of its clocks is believed.")
    clock_confidence: str = Field(description="How far: high, medium, low.")
    video: Mapping[str, Any] = Field(description="codec, width, height, fps")
    telemetry: Mapping[str, Any] | None = Field(
        default=None, description="kind, samples, bounds … of what it tells of its flight."
    )
    files: tuple[FilmFile, ...] = Field(description="The film first.")
    notes: tuple[str, ...] = Field(default=(), description="What is doubtful about it.")
