"""How large a thing on the ground is, in metres, seen by one calibrated camera.

One picture shows the outline of a thing, not how deep it is. What stands up hides the ground
behind it, so the outline laid flat on the ground is too long by height · distance / (camera
height - height): right for spilt sand, several times too much for a heap. So the thing is
taken for a heap whose height is half of its half depth b (loose rubble slides at 30 to 40°, old
heaps lie flatter). Under an angle of view whose sine is f its outline, per metre of width, is
half an ellipse of b·f below the middle and half one of b·√(f² + (1-f²)/4) above it:

    ground area = outline · 2 / (f + √(f² + (1 - f²)/4)),    outline in m² at the foot's scale

and never more than a round heap of its width covers, which holds what is tall. Measured errors
stand in docs/design/detectors.md.
"""

import math
from dataclasses import dataclass

from core.geometry import Box
from core.ground import Plane

_STEEPNESS = 0.5
"""Height of a heap over half its depth."""


@dataclass(frozen=True)
class Size:
    """What a thing takes up on the ground.

    Attributes:
        width_m: across, as the camera sees it, at its foot.
        ground_m2: ground it covers; an estimate, see above.
    """

    width_m: float
    ground_m2: float


def size_on(plane: Plane, box: Box, area: float, aspect: float) -> Size | None:
    """The size of a thing that stands on the ground.

    Args:
        box: its extent; the middle of the lower edge touches the ground.
        area: its outline's area, share of the frame.
        aspect: width of the picture over its height.

    Returns:
        None where the ground is at the horizon and nothing can be measured.
    """
    scale = plane.scale(box.foot, aspect)
    if scale is None:
        return None
    outline_m2 = area / aspect * scale.across_m**2
    flat = scale.flatness
    upper = math.sqrt(flat**2 + (1 - flat**2) * _STEEPNESS**2)
    width_m = box.w * scale.across_m
    round_m2 = math.pi / 4 * width_m**2
    return Size(width_m, min(outline_m2 * 2 / (flat + upper), round_m2))
