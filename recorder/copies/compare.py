"""Does a copy come from its parent? The pictures themselves say so.

Both films are decoded side by side. Outside of what was masked or added, every picture of the
copy must be the parent's but for what encoding costs; within, it must be masked.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recorder.copies import derivation
from recorder.copies.film import pictures
from recorder.copies.mosaic import Area, mask
from recorder.copies.picture import Picture
from recorder.errors import RecorderError
from recorder.vault import sha256_of

LEAST_DB = 26.0
"""Peak signal-to-noise ratio of luma that every picture reaches; encoding leaves 35 and more,
another picture has 5 to 20."""


@dataclass(frozen=True)
class Compared:
    """What came out.

    Attributes:
        frames: pictures compared.
        worst_db: the least alike outside of masks.
        worst_masked_db: the least alike within them, against the parent masked anew; infinite
            where nothing is masked.
        problems: why the copy is not what the derivation says; empty when it is.
    """

    frames: int
    worst_db: float
    worst_masked_db: float
    problems: tuple[str, ...]


def compare(parent: Path, copy: Path, side: Path) -> Compared:
    """Compare a copy with its parent as its derivation tells.

    Raises:
        RecorderError: one of the three cannot be read.
    """
    told = derivation.read(side)
    try:
        return _compare(parent, copy, told)
    except (KeyError, TypeError, ValueError) as error:
        raise RecorderError(f"{side}: something is missing or wrong in it: {error}") from error


def _compare(parent: Path, copy: Path, told: dict[str, Any]) -> Compared:
    problems = []
    if sha256_of(parent) != told["parent"]["sha256"]:
        problems.append("the parent is not the one named")
    if sha256_of(copy) != told["output"]["sha256"]:
        problems.append("the copy is not the one described")
    masked: dict[int, list[Area]] = {
        int(number): [Area(*one) for one in areas]
        for number, areas in told.get("masked", {}).items()
    }
    expected = [(number, pts) for number, pts, _ in told["frames"]]
    worst, worst_masked = float("inf"), float("inf")
    sources = pictures(parent, 0)
    count = 0
    for one, frame, base in pictures(copy, 0):
        source = next(sources, None)
        if source is None:
            problems.append(f"picture {one.number} has no parent")
            break
        at, whole, from_base = source
        count += 1
        if (at.number, at.pts) != expected[one.number] or abs(
            one.pts * base - at.pts * from_base
        ) > from_base:
            problems.append(f"picture {one.number} is not shown at the parent's time")
            break
        before, after = Picture.of(whole), Picture.of(frame)
        outside, inside = _alike(before, after, masked.get(one.number, []))
        worst, worst_masked = min(worst, outside), min(worst_masked, inside)
        if min(outside, inside) < LEAST_DB:
            problems.append(f"picture {one.number} is another picture")
            break
    if not problems and (count != len(expected) or next(sources, None) is not None):
        problems.append(f"{count} pictures, not {len(expected)}")
    return Compared(count, worst, worst_masked, tuple(problems))


def _alike(before: Picture, after: Picture, areas: list[Area]) -> tuple[float, float]:
    shown = after.y[: before.height]  # a band may be below
    if shown.shape != before.y.shape:
        return 0.0, 0.0
    hidden = np.zeros(before.y.shape, bool)
    for area in areas:
        mask(before, area)
        hidden[area.y : area.y + area.h, area.x : area.x + area.w] = True
    error = (before.y.astype(np.float64) - shown) ** 2
    return _db(error[~hidden]), _db(error[hidden])


def _db(error: np.ndarray[Any, Any]) -> float:
    mean = float(error.mean()) if error.size else 0.0
    return float("inf") if mean == 0 else 10 * float(np.log10(255**2 / mean))
