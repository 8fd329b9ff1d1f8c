"""How long the scenes take to draw: ``python bench/scenes.py [--seconds 60] [--json]``.

Processor time of one thread per 1280x720 picture, first the building of the scene, then the
pictures (mean, and the slowest hundredth). The budget is 12 ms on average: four scenes at ten
pictures a second must leave two processors free for everything else.
"""

import argparse
import json
import time

import cv2
import numpy as np

from sim import scenes

BUDGET_MS = 12.0


def measure(name: str, seconds: float) -> dict[str, float | str]:
    """Play one scene for ``seconds`` of its own time."""
    start = time.thread_time()
    scene = scenes.build(name)
    built_s = time.thread_time() - start
    costs = []
    for _ in range(round(seconds * scene.fps)):
        start = time.thread_time()
        scene.step()
        costs.append((time.thread_time() - start) * 1000)
    return {
        "scene": name,
        "build_s": round(built_s, 2),
        "mean_ms": round(float(np.mean(costs)), 2),
        "p99_ms": round(float(np.percentile(costs, 99)), 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="scene time played per scene")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("names", nargs="*", default=["river", "lane", "market", "street", "night"])
    given = parser.parse_args()
    cv2.setNumThreads(1)
    rows = [measure(name, given.seconds) for name in given.names]
    if given.json:
        print(json.dumps(rows, indent=1))
    else:
        for row in rows:
            print(
                "{scene:12} build {build_s:5} s   mean {mean_ms:6} ms   p99 {p99_ms:6} ms".format(
                    **row
                )
            )
    return 0 if all(float(row["mean_ms"]) <= BUDGET_MS for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
