"""Distances between boxes. Lengths are in frame widths unless a name says otherwise."""

import math

from core.geometry import Box

_BRIM = 0.15  # of the person's height: boxes tremble


def foot_gap(a: Box, b: Box, aspect: float) -> float:
    """Distance of the feet in frame widths; ``aspect`` is the picture's width over height."""
    (ax, ay), (bx, by) = a.foot, b.foot
    return math.hypot(ax - bx, (ay - by) / aspect)


def gap(a: Box, b: Box, aspect: float) -> float:
    """Distance of the nearest edges in frame widths, 0 when the boxes touch.

    >>> gap(Box(0, 0, 0.1, 0.1), Box(0.3, 0, 0.1, 0.1), 1.0)
    0.19999999999999998
    """
    return math.hypot(*gaps(a, b, aspect))


def gaps(a: Box, b: Box, aspect: float) -> tuple[float, float]:
    """The same across and down, each in frame widths."""
    dx = max(a.x - (b.x + b.w), b.x - (a.x + a.w), 0.0)
    dy = max(a.y - (b.y + b.h), b.y - (a.y + a.h), 0.0)
    return dx, dy / aspect


def common(a: Box, b: Box) -> float:
    """Area that both boxes cover, share of the frame."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(width, 0.0) * max(height, 0.0)


def covered(inner: Box, outer: Box) -> float:
    """Share of ``inner`` that lies in ``outer``, 0..1."""
    return common(inner, outer) / max(inner.area, 1e-12)


def aboard(person: Box, boat: Box) -> bool:
    """True when somebody is in the boat: stands on it, or is cut off by its side."""
    x, y = person.foot
    brim = boat.y - _BRIM * person.h
    return boat.x <= x <= boat.x + boat.w and brim <= y <= boat.y + boat.h


def shared(a: Box, b: Box) -> float:
    """Common area over the smaller of the two, 0..1."""
    return common(a, b) / max(min(a.area, b.area), 1e-12)
