"""Houses, walls and street furniture that belong to the background."""

import cv2
import numpy as np

from core.video import Bgr
from sim.draw.sprite import Colour, tone
from sim.draw.texture import noise
from sim.draw.view import View

_SIGNS: tuple[Colour, ...] = ((70, 70, 150), (126, 88, 48), (70, 110, 80), (84, 120, 160))


def house(
    picture: Bgr,
    view: View,
    rng: np.random.Generator,
    left_m: float,
    right_m: float,
    z: float,
    wall: Colour,
    height_m: float = 7.0,
    shop: bool = True,
) -> None:
    """The front of a two-storey house at depth ``z``: shop below, windows above."""
    ppm = view.ppm(z)
    x0, foot = view.px(left_m, z)
    x1, top = view.px(right_m, z, height_m)
    _block(picture, rng, (x0, top, x1, foot), wall)
    storey = 3.2
    # The plinth, a band between the storeys, the eave.
    _rect(picture, view, z, (left_m, 0.0, right_m, 0.35), tone(wall, 0.62))
    _rect(picture, view, z, (left_m, storey, right_m, storey + 0.15), tone(wall, 0.82))
    _rect(
        picture, view, z, (left_m - 0.15, height_m - 0.25, right_m + 0.15, height_m), (70, 74, 84)
    )
    width = right_m - left_m
    for index in range(max(1, round(width / 2.2))):
        x = left_m + (index + 0.5) * width / max(1, round(width / 2.2))
        _window(picture, view, z, x, storey + 0.95, 1.2, 1.35, wall)
    if shop:
        sign = _SIGNS[int(rng.integers(len(_SIGNS)))]
        _rect(picture, view, z, (left_m + 0.3, 2.55, right_m - 0.3, 3.10), sign)
        _rect(picture, view, z, (left_m + 0.4, 2.64, right_m - 0.4, 3.02), tone(sign, 1.15))
        bays = max(1, round(width / 2.6))
        for index in range(bays):
            a = left_m + 0.35 + index * (width - 0.7) / bays
            b = a + (width - 0.7) / bays - 0.2
            _rect(picture, view, z, (a, 0.1, b, 2.4), (76, 72, 66))
            if index % 2 == int(rng.integers(2)):
                for row in np.arange(0.15, 2.35, 0.16):  # a closed roller shutter
                    _rect(picture, view, z, (a, row, b, row + 0.11), (150, 152, 152))
            else:
                _rect(picture, view, z, (a + 0.06, 0.5, b - 0.06, 2.3), (112, 106, 92))
                _rect(picture, view, z, (a + 0.06, 1.5, b - 0.06, 2.3), (128, 124, 112))
                _rect(
                    picture,
                    view,
                    z,
                    ((a + b) / 2 - 0.03, 0.1, (a + b) / 2 + 0.03, 2.3),
                    (70, 66, 60),
                )
    else:
        _rect(
            picture,
            view,
            z,
            (left_m + width * 0.42, 0.0, left_m + width * 0.58, 2.2),
            (72, 84, 104),
        )
    shade = picture[
        max(0, int(foot)) : max(0, int(foot + 0.12 * ppm)), max(0, int(x0)) : max(0, int(x1))
    ]
    shade[:] = (shade * 0.72).astype(np.uint8)


def wall(
    picture: Bgr, view: View, rng: np.random.Generator, z: float, height_m: float, colour: Colour
) -> None:
    """A long garden wall across the picture."""
    far = view.half_width_m(z) + 1
    x0, foot = view.px(-far, z)
    x1, top = view.px(far, z, height_m)
    _block(picture, rng, (x0, top, x1, foot), colour)
    _rect(picture, view, z, (-far, height_m, far, height_m + 0.12), tone(colour, 0.7))
    for x in np.arange(-far, far, 3.0):
        _rect(picture, view, z, (x, 0.0, x + 0.3, height_m + 0.05), tone(colour, 0.9))


def pole(picture: Bgr, view: View, x: float, z: float, height_m: float = 5.0) -> None:
    """A lamp post with an arm."""
    ppm = view.ppm(z)
    foot, top = view.px(x, z), view.px(x, z, height_m)
    arm = view.px(x + 0.9, z, height_m + 0.05)
    width = max(2, round(0.11 * ppm))
    for offset, colour in ((0, (104, 106, 108)), (-width // 4, (150, 152, 154))):
        w = width if offset == 0 else max(1, width // 3)
        start, end = (
            (round(foot[0] + offset), round(foot[1])),
            (round(top[0] + offset), round(top[1])),
        )
        cv2.line(picture, start, end, colour, w, cv2.LINE_AA)
    start, end = (round(top[0]), round(top[1])), (round(arm[0]), round(arm[1]))
    cv2.line(picture, start, end, (104, 106, 108), max(1, width // 2), cv2.LINE_AA)


def _rect(
    picture: Bgr, view: View, z: float, metres: tuple[float, float, float, float], colour: Colour
) -> None:
    """A rectangle (left, bottom, right, top) in metres on the plane at depth ``z``."""
    x0, y0 = view.px(metres[0], z, metres[1])
    x1, y1 = view.px(metres[2], z, metres[3])
    cv2.rectangle(picture, (round(x0), round(y1)), (round(x1), round(y0)), colour, -1)


def _window(
    picture: Bgr, view: View, z: float, x: float, y: float, w: float, h: float, wall: Colour
) -> None:
    _rect(
        picture,
        view,
        z,
        (x - w / 2 - 0.1, y - 0.12, x + w / 2 + 0.1, y + h + 0.08),
        tone(wall, 1.1),
    )
    _rect(picture, view, z, (x - w / 2, y, x + w / 2, y + h), (104, 94, 82))
    _rect(picture, view, z, (x - w / 2, y + h * 0.55, x + w / 2, y + h), (124, 116, 104))
    _rect(picture, view, z, (x - 0.03, y, x + 0.03, y + h), tone(wall, 1.15))
    _rect(
        picture, view, z, (x - w / 2 - 0.12, y - 0.16, x + w / 2 + 0.12, y - 0.06), tone(wall, 0.75)
    )


def _block(
    picture: Bgr,
    rng: np.random.Generator,
    box: tuple[float, float, float, float],
    colour: Colour,
) -> None:
    """A plastered area with stains, clipped to the picture."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    x1, y1 = min(picture.shape[1], round(box[2])), min(picture.shape[0], round(box[3]))
    if x1 <= x0 or y1 <= y0:
        return
    size = (x1 - x0, y1 - y0)
    grain = 0.03 * noise(rng, size, 60) + 0.015 * noise(rng, size, 3)
    shade = np.linspace(1.04, 0.93, size[1], dtype=np.float32)[:, None]
    plaster = np.array(colour, np.float32) * ((1 + grain) * shade)[:, :, None]
    picture[y0:y1, x0:x1] = np.clip(plaster, 0, 255)
