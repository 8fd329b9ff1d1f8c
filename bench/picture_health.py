"""What a look at a picture costs: ``python bench/picture_health.py [--seconds 120] [--json]``.

Processor time of one thread per look, on the scenes in which nothing is wrong, at the size of a
sub stream and of a main stream; how long each fault takes to be noticed, and how many of the
sound looks gave an alarm (which must be none). The budget is 0.2 ms at 640x360; a look is due
once a second.
"""

import argparse
import json
import time
from collections.abc import Callable

import cv2
import numpy as np

from core.clock import NS_PER_S
from core.video import Luma
from ingest.picture_health import PictureWatch
from sim import scenes

BUDGET_MS = 0.2
BROKEN_S = 40

FAULTS: dict[str, Callable[[Luma], Luma]] = {
    "black": lambda luma: np.full_like(luma, 8),
    "white": lambda luma: np.full_like(luma, 250),
    "frozen": lambda luma: luma,
    "blurred": lambda luma: cv2.GaussianBlur(luma, (0, 0), luma.shape[1] / 200),
    "covered": lambda luma: np.full_like(luma, 60),
    "moved": lambda luma: np.roll(luma, luma.shape[1] // 10, 1),
}


def pictures(name: str, size: tuple[int, int], seconds: int) -> list[Luma]:
    """One picture a second of a scene's brightness."""
    scene = scenes.build(name, size=size, fps=1.0)
    return [cv2.cvtColor(scene.step().picture, cv2.COLOR_BGR2GRAY) for _ in range(seconds)]


def cost(shown: list[Luma]) -> tuple[float, float, int]:
    """Median and slowest hundredth of a look in milliseconds, and looks with an alarm."""
    watch, costs, alarms = PictureWatch(), [], 0
    for second, luma in enumerate(shown):
        start = time.thread_time_ns()
        found = watch.look(luma, second * NS_PER_S)
        costs.append((time.thread_time_ns() - start) / 1e6)
        alarms += found.state != "ok"
    return float(np.median(costs)), float(np.percentile(costs, 99)), alarms


def notice_s(shown: list[Luma], fault: str) -> int | None:
    """Seconds from the fault to its name; None when it was not found within a minute."""
    watch = PictureWatch()
    for second, luma in enumerate(shown[:BROKEN_S]):
        watch.look(luma, second * NS_PER_S)
    for after, luma in enumerate(shown[BROKEN_S : BROKEN_S + 60]):
        broken = FAULTS[fault](shown[BROKEN_S] if fault == "frozen" else luma)
        if watch.look(broken, (BROKEN_S + after) * NS_PER_S).state == fault:
            return after
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="scene time played per scene")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("names", nargs="*", default=["river", "street", "rain", "night", "leaves"])
    given = parser.parse_args()
    cv2.setNumThreads(1)
    rows = []
    for name in given.names:
        small = pictures(name, (640, 360), given.seconds)
        large = pictures(name, (1920, 1080), 20)
        median_ms, p99_ms, alarms = cost(small)
        rows.append(
            {
                "scene": name,
                "ms_640": round(median_ms, 3),
                "p99_ms_640": round(p99_ms, 3),
                "ms_1920": round(cost(large)[0], 3),
                "false_alarms": alarms,
                **{f"{fault}_s": notice_s(small, fault) for fault in FAULTS},
            }
        )
    if given.json:
        print(json.dumps(rows, indent=1))
    else:
        print("  ".join(rows[0]))
        for row in rows:
            print("  ".join(str(value).rjust(len(title)) for title, value in row.items()))
    return 0 if all(float(str(row["ms_640"])) <= BUDGET_MS for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
