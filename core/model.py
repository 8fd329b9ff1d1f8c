"""What is known of a detection model; made by ``models/``, run by ``detectors/``."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from core.value import Value


class ModelCard(Value):
    """A model file that is present and whose hash was checked.

    ``family`` says how pictures go in and how answers come out; see
    ``detectors/families/`` for one decoder a family.
    """

    name: str
    family: Literal["yolox", "centernet", "yolo", "rtdetr"]
    path: Path
    sha256: str
    licence: str
    classes: tuple[str, ...]
    input_size: tuple[int, int] = Field(description="Height and width in pixels.")

    @property
    def label(self) -> str:
        """Name and the first digits of the hash, as sightings carry it."""
        return f"{self.name}@{self.sha256[:12]}"
