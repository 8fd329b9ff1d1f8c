"""The pinhole camera that looks at a flat ground: metres in, pixels out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class View:
    """A fixed camera with a level optical axis and a shifted picture (verticals stay vertical).

    World axes: X metres to the right, Y metres up from the ground, Z metres away from the camera.
    ``px = W/2 + f X / Z`` and ``py = horizon + f (height - Y) / Z``.

    Attributes:
        size: width and height of the picture, pixels.
        height_m: the camera above the ground.
        horizon: row of the horizon as a share of the picture's height.
        focal: focal length as a share of the picture's width (0.866 is 60 degrees across).
    """

    size: tuple[int, int] = (1280, 720)
    height_m: float = 3.6
    horizon: float = 0.20
    focal: float = 0.866

    @property
    def focal_px(self) -> float:
        return self.focal * self.size[0]

    @property
    def horizon_px(self) -> float:
        return self.horizon * self.size[1]

    def ppm(self, z: float) -> float:
        """Pixels per metre at depth ``z``."""
        return self.focal_px / z

    def px(self, x: float, z: float, y: float = 0.0) -> tuple[float, float]:
        """Pixel of a point in the world."""
        scale = self.ppm(z)
        return (
            self.size[0] / 2 + scale * x,
            self.horizon_px + scale * (self.height_m - y),
        )

    def depth_at(self, row: float) -> float:
        """Depth of the ground seen in pixel row ``row`` (below the horizon)."""
        return self.focal_px * self.height_m / max(row - self.horizon_px, 1e-6)

    def depth_for(self, person_px: float, person_m: float = 1.7) -> float:
        """Depth at which a person is that many pixels high."""
        return self.focal_px * person_m / person_px

    def half_width_m(self, z: float) -> float:
        """Half the width of what is seen at depth ``z``."""
        return self.size[0] / 2 / self.ppm(z)

    def polygon(self, points: list[tuple[float, float]]) -> NDArray[np.float32]:
        """Ground points (x, z) as an (N, 2) pixel polygon."""
        return np.array([self.px(x, z) for x, z in points], np.float32)

    def normal(self, points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        """Ground points (x, z) as normalised image points, clipped to the picture."""
        wide, high = self.size
        return tuple(
            (
                round(min(max(px / wide, 0.0), 1.0), 4),
                round(min(max(py / high, 0.0), 1.0), 4),
            )
            for px, py in (self.px(x, z) for x, z in points)
        )
