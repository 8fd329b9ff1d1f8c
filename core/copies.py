"""Copies made of sealed video: with a clock burnt in, or with people and plates masked."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.geometry import Box
from core.value import Value

_ROUNDING = 1e-6

COPIES_WANTED = "copies.wanted"

Share = Annotated[float, Field(ge=0, le=1)]


class ManualMask(Value):
    """A rectangle that a person draws, for a stretch of the clip."""

    from_s: float = Field(
        ge=0, allow_inf_nan=False, description="Seconds from the first picture of the clip."
    )
    to_s: float = Field(ge=0, allow_inf_nan=False, description="Up to, not including.")
    box: tuple[Share, Share, Share, Share] = Field(description="x, y, w, h; normalised.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_s <= self.from_s:
            raise ValueError(f"a mask ends ({self.to_s:g} s) before it begins ({self.from_s:g} s)")
        if self.box[2] <= 0 or self.box[3] <= 0:
            raise ValueError("a mask has no width or no height")
        if max(self.box[0] + self.box[2], self.box[1] + self.box[3]) > 1 + _ROUNDING:
            raise ValueError("a mask reaches out of the picture")
        return self

    def area(self) -> Box:
        """The rectangle as a box."""
        return Box(*self.box)


class Masking(Value):
    """What is made unrecognisable, and how."""

    people: Literal["whole", "head", "none"] = "whole"
    vehicles: Literal["whole", "plate", "none"] = "plate"
    style: Literal["pixelate", "fill"] = Field(
        default="pixelate", description="fill: one grey for all of it; nothing is left of it."
    )
    manual: tuple[ManualMask, ...] = Field(default=(), max_length=500)

    @property
    def detects(self) -> bool:
        """A model is needed to find what is to be masked."""
        return self.people != "none" or self.vehicles != "none"


class CopyWanted(Value):
    """Ask for a copy of one sealed clip, sealed beside it.

    ``masking`` makes a masked copy; without it a working copy with a clock is made.
    """

    id: str
    incident: str
    item: str = Field(description="Id of the sealed clip.")
    masking: Masking | None = None
    sound: bool = Field(description="Keep the sound.")
    by: str
    reason: str
