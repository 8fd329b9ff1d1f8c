"""The real detectors on the scenario suite.

    python -m bench.scenarios [--only fishing/night] [--jobs 2] [--json out.json]
                              [--overlays DIR] [--docs docs/scenarios.md]
    python -m bench.scenarios --hours 4 --state negatives.jsonl

Plays every scenario through a :class:`detectors.pipeline.CameraPipeline`, holds the sightings
against the truth and prints a table by kind and condition. ``--hours`` plays variations of the
negatives instead. With ``--state`` either can be stopped and goes on where it was.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2

from bench.scenario_report import hours_table, table, write_docs
from bench.scenario_watch import watch
from detectors.engine import Engine
from models.store import Store
from sim.scenarios.base import Scenario
from sim.scenarios.suite import SUITE, find

_VARIATION_S = 180.0
_WEATHERS = (
    "day", "rain", "lamp", "leaves", "clouds", "shake", "infrared", "exposure", "dusk",
    "headlights", "switch", "crowd",
)  # fmt: skip


@cache
def _engine(model: str) -> Engine:
    cv2.setNumThreads(1)
    return Engine(Store().ensure(model))


def _run(model: str, overlays: Path | None, scenario: Scenario) -> dict[str, Any]:
    return watch(scenario, _engine(model), overlays)


def played(
    scenarios: Iterable[Scenario], run: Callable[[Scenario], dict[str, Any]], jobs: int
) -> Iterator[dict[str, Any]]:
    """Results as they come, from ``jobs`` processes."""
    if jobs == 1:
        yield from map(run, scenarios)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run, scenario) for scenario in scenarios]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise


def variations(hours: float) -> list[Scenario]:
    """Negatives of three minutes each, in turn, in changing weather, until the hours are full."""
    quiet = [scenario for scenario in SUITE if scenario.kind is None]
    count = round(hours * 3600 / _VARIATION_S)
    return [
        quiet[number % len(quiet)].again(
            number, _VARIATION_S, _WEATHERS[(number + number // len(quiet)) % len(_WEATHERS)]
        )
        for number in range(count)
    ]


def _progress(result: dict[str, Any], number: int, count: int, begun: float) -> None:
    misses = [one for one in result["truths"] if one["delay_s"] is None]
    words = [f"MISSED {one['kind']} ({one['cause']})" for one in misses]
    words += [
        f"FALSE {one['kind']} at {one['t_s']:.0f} s in {one['zone']}" for one in result["false"]
    ]
    words += [f"{one['delay_s']:+.1f} s" for one in result["truths"] if one["delay_s"] is not None]
    took_s = time.perf_counter() - begun
    print(f"{number}/{count} {took_s:5.0f} s  {result['id']:44} {'; '.join(words)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default="*", help="part of an id, or a shell pattern")
    parser.add_argument("--model", default="yolox-nano", help="name in the model registry")
    parser.add_argument("--seed", type=int, default=0, help="other than 0: other chance throughout")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", type=Path, help="write every result there")
    parser.add_argument("--overlays", type=Path, help="write pictures with zones and boxes there")
    parser.add_argument("--docs", type=Path, help="put the table between this file's markers")
    parser.add_argument("--hours", type=float, help="play negatives for so many hours instead")
    parser.add_argument("--state", type=Path, help="results so far, a line each: goes on there")
    asked = parser.parse_args()
    if asked.overlays:
        asked.overlays.mkdir(parents=True, exist_ok=True)
    run = partial(_run, asked.model, asked.overlays)
    label = _engine(asked.model).label
    machine = f"{platform.machine()}, Python {platform.python_version()}, {asked.jobs} processes"
    results: list[dict[str, Any]] = []
    scenarios = (
        [s for s in variations(asked.hours) if fnmatch(s.id, asked.only)]
        if asked.hours
        else list(find(asked.only))
    )
    if asked.seed and not asked.hours:
        scenarios = [scenario.again(asked.seed) for scenario in scenarios]
    if asked.state and asked.state.exists():
        results = [json.loads(line) for line in asked.state.read_text().splitlines()]
        known = {result["id"] for result in results}
        scenarios = [scenario for scenario in scenarios if scenario.id not in known]
    count, begun = len(scenarios), time.perf_counter()
    try:
        for number, result in enumerate(played(scenarios, run, asked.jobs), 1):
            results.append(result)
            if asked.state:
                with asked.state.open("a") as state:
                    state.write(json.dumps(result) + "\n")
            _progress(result, number, count, begun)
    except KeyboardInterrupt:
        print("stopped; what follows is what has been played so far", file=sys.stderr)
    results.sort(key=lambda result: str(result["id"]))
    text = hours_table(results) if asked.hours else table(results)
    heading = f"Model {label}; {machine}.\n\n"
    print("\n" + heading + text)
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    if asked.docs:
        write_docs(asked.docs, "hours" if asked.hours else "table", heading + text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
