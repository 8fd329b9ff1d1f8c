"""Milliseconds a picture of the registry's models, one thread.

    python -m bench.model_speed [--runs 40] [--json]

Only the network runs, on a picture that is ready in memory. The models take turns, so that
their ratio holds when other work disturbs the machine.
"""

import argparse
import json
import statistics

import numpy as np
import onnxruntime

from core.clock import SystemClock
from core.model import ModelCard
from models import registry
from models.errors import ModelError
from models.store import Store

BATCHES = (1, 4)


def session(card: ModelCard) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(card.path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    store, clock = Store(), SystemClock()
    cases = []
    for entry in registry.load().models:
        try:
            card = store.ensure(entry.name)
        except ModelError as error:
            print(error)
            continue
        loaded = session(card)
        picture = loaded.get_inputs()[0]
        for batch in BATCHES:
            if isinstance(picture.shape[0], int) and picture.shape[0] != batch:
                continue
            shape = (batch, *picture.shape[1:])
            pixels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
            cases.append((card, batch, loaded, {picture.name: pixels}, list[float]()))
    for turn in range(arguments.runs + 3):
        for _, batch, loaded, feed, spent_ms in cases:
            began_ns = clock.monotonic_ns()
            loaded.run(None, feed)
            if turn >= 3:  # the first runs warm caches and the arena
                spent_ms.append((clock.monotonic_ns() - began_ns) / 1e6 / batch)
    rows = [
        {
            "model": card.label,
            "batch": batch,
            "best_ms": round(min(spent_ms), 2),
            "median_ms": round(statistics.median(spent_ms), 2),
        }
        for card, batch, _, _, spent_ms in cases
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(
            f"{row['model']:32} batch {row['batch']}  best {row['best_ms']:6.2f} ms"
            f"  median {row['median_ms']:6.2f} ms a picture"
        )


if __name__ == "__main__":
    main()
