"""Side profiles made solid: the near side of a thing plus the faces that look up at the camera."""

from dataclasses import dataclass
from math import hypot

from sim.draw.sprite import Canvas, Colour, Points, tone


@dataclass(frozen=True)
class Slant:
    """How depth shows in a sprite drawn for one depth.

    Attributes:
        eye_m: height of the camera.
        z_m: depth of the near side.
    """

    eye_m: float
    z_m: float

    def back(self, x: float, y: float, depth: float) -> tuple[float, float]:
        """Where the point (x, y) of the near side appears when it is ``depth`` metres farther."""
        share = depth / (self.z_m + depth)
        return x * (1 - share), y + (self.eye_m - y) * share


def prism(
    canvas: Canvas,
    slant: Slant,
    profile: Points,
    depth: float,
    colour: Colour,
    edges: dict[int, Colour] | None = None,
) -> None:
    """Draw a body with the side ``profile`` (clockwise from the lower left) and ``depth`` metres.

    Args:
        edges: own colours of the faces behind some edges, by index of the edge's first point
            (the glass of a windscreen, the load in a bed).
    """
    for index in range(len(profile)):
        a, b = profile[index], profile[(index + 1) % len(profile)]
        rising = (b[0] - a[0]) / (hypot(b[0] - a[0], b[1] - a[1]) or 1e-6)
        if rising <= 0.05 and not (edges and index in edges):
            continue  # faces down or away
        own = (edges or {}).get(index)
        face = own if own is not None else tone(colour, 0.92 + 0.30 * max(rising, 0.0))
        canvas.fill([a, b, slant.back(*b, depth), slant.back(*a, depth)], face)
    canvas.fill(profile, colour)
