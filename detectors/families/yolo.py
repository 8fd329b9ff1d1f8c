"""YOLO as ultralytics exports it (v8, 11, 26, YOLO-World, YOLOE): boxes in input pixels.

Two shapes occur: (B, 4 + classes, N) with centre and size, one column a cell of the grid, and
the end-to-end (B, N, 6) with corners, score and class, best first and padded with zeros, from
which doubles have been removed (YOLO26 and v10 exported with ``nms=False``; any with
``nms=True``).
"""

import numpy as np

from detectors.families.base import Entry, Outputs, Raw

_END_TO_END_COLUMNS = 6


class Yolo:
    """Input RGB 0-1, padded with 114 on both sides."""

    entry = Entry(rgb=True, scale=1 / 255, fill=114, centred=True)

    def decode(self, outputs: Outputs, index: int, size: tuple[int, int], min_score: float) -> Raw:
        """See :class:`detectors.families.base.Family`."""
        table = next(iter(outputs.values()))[index]
        if len(outputs) != 1 or table.ndim != 2:
            raise ValueError(f"expected one table of boxes for {size}, got {table.shape}")
        # The smallest input there is has 21 cells, so six columns are never a grid.
        if table.shape[1] == _END_TO_END_COLUMNS:
            rows = table[table[:, 4] >= min_score]
            return Raw(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64), distinct=True)
        if table.shape[0] < 5:
            raise ValueError(f"expected (4 + classes, N) or (N, 6), got {table.shape}")
        best = table[4:].argmax(axis=0)
        top = table[4:].max(axis=0)
        keep = np.flatnonzero(top >= min_score)
        centre, half = table[0:2, keep].T, table[2:4, keep].T / 2
        return Raw(np.concatenate([centre - half, centre + half], axis=1), top[keep], best[keep])
