"""Sprites: small premultiplied pictures, drawn large, shrunk smooth, pasted fast."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.video import Bgr

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""
Mask = NDArray[np.uint8]
Points = Sequence[tuple[float, float]]

_LARGE_PX = 200_000  # sprites above this size are drawn only twice too large
_SHIFT = 4  # sub-pixel bits of the OpenCV drawing calls


def tone(colour: Colour, factor: float) -> Colour:
    """The colour made lighter (> 1) or darker (< 1)."""
    b, g, r = (min(255, max(0, round(c * factor))) for c in colour)
    return (b, g, r)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with a ``share`` (0..1) of ``other``."""
    b, g, r = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return (b, g, r)


@dataclass(frozen=True, eq=False)
class Sprite:
    """A picture with transparency and a foot point.

    Attributes:
        colour: (h, w, 3) uint8 BGR, premultiplied by the alpha.
        keep: (h, w, 3) uint8, 255 - alpha: how much of what lies behind stays.
        body: (h, w) uint8, 255 where the thing itself is (no shadow, no rod); gives the truth.
        foot: pixel of the sprite that stands on the ground point.
        extent: x, y, w, h of ``body``.
    """

    colour: Bgr
    keep: Bgr
    body: Mask
    foot: tuple[float, float]
    extent: tuple[int, int, int, int]

    @classmethod
    def of(cls, bgra: NDArray[np.uint8], body: Mask, foot: tuple[float, float]) -> "Sprite":
        """From a premultiplied (h, w, 4) picture; cuts the empty border away."""
        x, y, w, h = cv2.boundingRect(bgra[:, :, 3])
        cut = np.ascontiguousarray(bgra[y : y + h, x : x + w])
        solid = np.where(body[y : y + h, x : x + w] > 96, 255, 0).astype(np.uint8)
        bx, by, bw, bh = cv2.boundingRect(solid)
        keep = np.asarray(cv2.cvtColor(255 - cut[:, :, 3], cv2.COLOR_GRAY2BGR), np.uint8)
        return cls(
            np.ascontiguousarray(cut[:, :, :3]),
            keep,
            solid,
            (foot[0] - x, foot[1] - y),
            (bx, by, bw, bh),
        )

    def mirrored(self) -> "Sprite":
        """The same thing facing the other way."""
        width = self.colour.shape[1]
        x, y, w, h = self.extent
        return Sprite(
            np.ascontiguousarray(self.colour[:, ::-1]),
            np.ascontiguousarray(self.keep[:, ::-1]),
            np.ascontiguousarray(self.body[:, ::-1]),
            (width - self.foot[0], self.foot[1]),
            (width - x - w, y, w, h),
        )

    def place(self, at: tuple[float, float]) -> tuple[int, int]:
        """Top-left pixel of the sprite when its foot stands at ``at``."""
        return round(at[0] - self.foot[0]), round(at[1] - self.foot[1])

    def paste(self, picture: Bgr, at: tuple[float, float], light: float = 1.0) -> None:
        """Put it into the picture with its foot at pixel ``at``.

        Args:
            light: brightness of the place, 1 by day.
        """
        left, top = self.place(at)
        high, wide = self.colour.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + wide, picture.shape[1]), min(top + high, picture.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        rows, columns = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        colour = self.colour[rows, columns]
        if light < 0.999:
            colour = np.asarray(cv2.convertScaleAbs(colour, alpha=light), np.uint8)
        target = picture[y0:y1, x0:x1]
        kept = cv2.multiply(target, self.keep[rows, columns], scale=1 / 255)
        cv2.add(kept, colour, dst=target)


class Canvas:
    """A transparent sheet in metres around a foot point, drawn ``over`` times too large.

    Drawing an opaque colour with anti-aliasing onto transparent black leaves premultiplied
    values, so the sheet can be shrunk by area averaging without dark or light rims.
    """

    def __init__(
        self,
        ppm: float,
        left: float,
        right: float,
        up: float,
        down: float,
        over: int = 3,
    ) -> None:
        wide = int(np.ceil((left + right) * ppm)) + 2
        high = int(np.ceil((up + down) * ppm)) + 2
        self.over = over if wide * high < _LARGE_PX else min(over, 2)
        self.scale = ppm * self.over
        self._mottle: tuple[int, float] | None = None
        self.small = (wide, high)
        self.sheet: NDArray[np.uint8] = np.zeros((high * self.over, wide * self.over, 4), np.uint8)
        self.origin = (left * self.scale, up * self.scale)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Sheet pixel of ``x`` metres right of and ``y`` metres above the foot."""
        return self.origin[0] + x * self.scale, self.origin[1] - y * self.scale

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        pixels = np.array([self.at(x, y) for x, y in points])
        return np.round(pixels * (1 << _SHIFT)).astype(np.int32)

    def fill(self, points: Points, colour: Colour) -> None:
        """A filled polygon."""
        cv2.fillPoly(self.sheet, [self._fixed(points)], (*colour, 255), cv2.LINE_AA, shift=_SHIFT)

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """A polyline ``width`` metres thick (one sheet pixel at least)."""
        cv2.polylines(
            self.sheet,
            [self._fixed(points)],
            False,
            (*colour, 255),
            max(1, round(width * self.scale)),
            cv2.LINE_AA,
            shift=_SHIFT,
        )

    def oval(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        turn_deg: float = 0.0,
        arc_deg: tuple[float, float] = (0.0, 360.0),
    ) -> None:
        """A filled ellipse, or the part of it between two angles (clockwise from the right)."""
        middle = np.array(self.at(*centre)) * (1 << _SHIFT)
        axes = np.array(radii) * self.scale * (1 << _SHIFT)
        cv2.ellipse(
            self.sheet,
            (round(middle[0]), round(middle[1])),
            (max(1, round(axes[0])), max(1, round(axes[1]))),
            turn_deg,
            arc_deg[0],
            arc_deg[1],
            (*colour, 255),
            -1,
            cv2.LINE_AA,
            shift=_SHIFT,
        )

    def limb(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        light: float = 1.0,
    ) -> None:
        """A tapered round limb, dark on its right, light on its left as under a high sun."""
        for share, shift, factor in ((1.0, 0.0, 0.76), (0.80, -0.14, 0.92), (0.46, -0.30, 1.06)):
            paint = tone(colour, factor * light)
            dx = shift * (radii[0] + radii[1]) / 2
            a, b = (start[0] + dx, start[1]), (end[0] + dx, end[1])
            ra, rb = radii[0] * share, radii[1] * share
            along = np.array([b[0] - a[0], b[1] - a[1]])
            length = float(np.hypot(*along)) or 1e-6
            nx, ny = -along[1] / length, along[0] / length
            self.fill(
                [
                    (a[0] + nx * ra, a[1] + ny * ra),
                    (b[0] + nx * rb, b[1] + ny * rb),
                    (b[0] - nx * rb, b[1] - ny * rb),
                    (a[0] - nx * ra, a[1] - ny * ra),
                ],
                paint,
            )
            self.oval(a, (ra, ra), paint)
            self.oval(b, (rb, rb), paint)

    def body(self) -> Mask:
        """What has been drawn so far, as a mask for :meth:`sprite`."""
        return self.sheet[:, :, 3].copy()

    def speckle(self, seed: int, strength: float) -> None:
        """Mottle the colours (cloth, rubbish, leaves) by ``strength`` of their brightness."""
        self._mottle = (seed, strength)

    def sprite(self, body: Mask | None = None, shadow: tuple[float, float] | None = None) -> Sprite:
        """Shrink the sheet to its final size.

        Args:
            body: mask from :meth:`body`; the whole drawing if None.
            shadow: cast a soft shadow on the ground: metres to the right per metre of height,
                and metres up the picture per metre of height (the flatness of the ground).
        """
        small = _shrunk(self.sheet, self.small)
        if self._mottle:
            _mottle(small, *self._mottle)
        mask = small[:, :, 3]
        if body is not None:
            mask = _shrunk(body, self.small)
        foot = (self.origin[0] / self.over, self.origin[1] / self.over)
        if shadow is not None:
            small = _with_shadow(small, mask, foot, shadow)
        return Sprite.of(small, mask, foot)


def _shrunk(sheet: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), np.uint8)


def _mottle(bgra: NDArray[np.uint8], seed: int, strength: float) -> None:
    high, wide = bgra.shape[:2]
    rng = np.random.default_rng([seed, 77])
    coarse = rng.normal(0.0, 1.0, (high // 2 + 2, wide // 2 + 2)).astype(np.float32)
    field = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_LINEAR)
    colour = bgra[:, :, :3] * (1.0 + 1.2 * strength * field[:, :, None])
    # Premultiplied values may never exceed their alpha.
    bgra[:, :, :3] = np.clip(colour, 0, bgra[:, :, 3:])


def _with_shadow(
    bgra: NDArray[np.uint8],
    body: Mask,
    foot: tuple[float, float],
    slope: tuple[float, float],
) -> NDArray[np.uint8]:
    """The silhouette laid flat on the ground behind the thing, soft and half transparent."""
    right, up = slope
    # A pixel h above the foot falls to (+right*h, up*h above the foot).
    matrix = np.array([[1.0, -right, right * foot[1]], [0.0, up, foot[1] * (1 - up)]], np.float32)
    cast = cv2.warpAffine(body, matrix, (bgra.shape[1], bgra.shape[0]))
    cast = cv2.GaussianBlur(cast, (0, 0), max(1.0, bgra.shape[0] / 160))
    dark = cast.astype(np.float32) * 0.42
    out = bgra.copy()
    alpha = bgra[:, :, 3].astype(np.float32)
    out[:, :, 3] = np.clip(alpha + dark * (1 - alpha / 255), 0, 255).astype(np.uint8)
    return out
