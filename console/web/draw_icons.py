"""Draw the icons of the officer's page: the eye of ``public/icon.svg`` as PNG.

PYTHONPATH=. python console/web/draw_icons.py
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

PUBLIC = Path(__file__).parent / "public"
GROUND, EYE = (34, 27, 19), (201, 183, 120)  # BGR
_FINE = 4  # drawn larger and made smaller, so that edges are smooth


def icon(size: int, scale: float, corner: float) -> npt.NDArray[np.uint8]:
    """The eye on a rounded square.

    Args:
        size: edge in pixels.
        scale: part of the edge that the eye's drawing takes.
        corner: radius of the corners as a part of the edge; 0 fills the square.
    """
    edge = size * _FINE
    mask = np.zeros((edge, edge), np.uint8)
    radius = round(corner * edge)
    cv2.rectangle(mask, (radius, 0), (edge - radius - 1, edge), 255, -1)
    cv2.rectangle(mask, (0, radius), (edge, edge - radius - 1), 255, -1)
    for x in (radius, edge - radius - 1):
        for y in (radius, edge - radius - 1):
            cv2.circle(mask, (x, y), radius, 255, -1)
    picture = np.full((edge, edge, 3), GROUND, np.uint8)
    unit = edge * scale / 32
    middle = edge / 2
    # Two cubic curves from corner to corner of the eye, as in icon.svg.
    upper = _curve((4, 16), (7.6, 10.4), (11.6, 7.6), (16, 7.6)) + _curve(
        (16, 7.6), (20.4, 7.6), (24.4, 10.4), (28, 16)
    )
    outline = upper + [(32 - x, 32 - y) for x, y in upper]
    points = np.array([[middle + (x - 16) * unit, middle + (y - 16) * unit] for x, y in outline])
    cv2.polylines(picture, [points.round().astype(np.int32)], True, EYE, round(2.2 * unit))
    cv2.circle(picture, (round(middle), round(middle)), round(4 * unit), EYE, -1)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
    return np.dstack([small, alpha]).astype(np.uint8)


def _curve(*points: tuple[float, float]) -> list[tuple[float, float]]:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    return [
        (
            (1 - t) ** 3 * ax + 3 * (1 - t) ** 2 * t * bx + 3 * (1 - t) * t**2 * cx + t**3 * dx,
            (1 - t) ** 3 * ay + 3 * (1 - t) ** 2 * t * by + 3 * (1 - t) * t**2 * cy + t**3 * dy,
        )
        for t in np.linspace(0, 1, 40).tolist()
    ]


if __name__ == "__main__":
    cv2.imwrite(str(PUBLIC / "field-192.png"), icon(192, 1.0, 0.22))
    cv2.imwrite(str(PUBLIC / "field-512.png"), icon(512, 1.0, 0.22))
    cv2.imwrite(str(PUBLIC / "field-maskable.png"), icon(512, 0.72, 0.0))
