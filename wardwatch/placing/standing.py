"""Places out of a fixed camera's picture, where its ground is mapped.

Three things are uncertain, each taken as a standard deviation on the ground and added as
covariance: where the foot is in the picture (boxes are loose, points were clicked), how even the
ground is, and to where the plane was turned. The radius is 2.45 deviations of the longer axis,
which no circle that holds 95 of 100 exceeds (exact when both axes are alike: the root of the 95 %
quantile of chi-squared with two degrees of freedom). How right the points' own places are goes on
top, in quadrature.
"""

import math

import numpy as np

from core.config.ground import Ground
from core.geometry import Box, GeoPoint

_RADIUS = 2.4478
_FOOT_ACROSS = 0.1
"""Of the box's width: how far from its middle the foot is."""
_FOOT_ALONG = 0.05
"""Of the box's height: how far from its lower edge the foot is."""
_UNEVEN_M = 0.3
"""A bank is no table."""
_TURNED_DEG = 1.5
"""Of a bearing that somebody took with a compass or from a map."""
_CUT_OFF = 0.995
"""A box that reaches the picture's lower edge does not show the foot."""
_STEP = 1e-4


def place(ground: Ground, box: Box, aspect: float) -> tuple[GeoPoint, float] | None:
    """Where what stands in a box is, and the radius that this is right within, metres.

    Args:
        aspect: width of the picture over its height.

    Returns:
        None: the ground is not mapped, the foot is not to be seen, or too near the horizon.
    """
    x, y = box.foot
    if not ground.mapped or y > _CUT_OFF:
        return None
    plane = ground.plane
    scale, here = plane.scale((x, y), aspect), plane.metres((x, y))
    right, beyond = plane.metres((x + _STEP, y)), plane.metres((x, y - _STEP))
    if scale is None or here is None or right is None or beyond is None:
        return None
    point = ground.place(here)
    if point is None:
        return None
    across = (np.array(right) - here) / _STEP
    along = (np.array(beyond) - here) / _STEP
    away = along / max(float(np.linalg.norm(along)), 1e-9)
    uneven_m = _UNEVEN_M * math.sqrt(max(0.0, 1 - scale.flatness**2)) / scale.flatness
    turned_m = math.radians(_TURNED_DEG) * math.hypot(*here) if ground.anchor else 0.0
    moves = np.array(
        [
            across * math.hypot(_FOOT_ACROSS * box.w, plane.residual),
            along * math.hypot(_FOOT_ALONG * box.h, plane.residual),
            away * uneven_m,
            [turned_m, 0.0],
            [0.0, turned_m],
        ]
    )
    longest = float(np.sqrt(np.linalg.eigvalsh(moves.T @ moves)[-1]))
    return point, math.hypot(_RADIUS * longest, ground.error_m)
