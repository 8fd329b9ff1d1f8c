"""How fast telemetry is read: KLV sets, subtitles, MAVLink records, and interpolation.

    WARDWATCH_ASSETS=… python bench/telemetry.py [--json]

``klvdata`` (pure Python too) reads the same KLV in the same run when it is installed.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingest.telemetry.dji_srt import read_dji_srt
from ingest.telemetry.klv import KlvDecoder, read_klv
from ingest.telemetry.tlog import TlogReader


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = os.environ.get("WARDWATCH_ASSETS")
    if not folder:
        sys.exit("set WARDWATCH_ASSETS to the folder with the shared test media")
    result = measure(Path(folder))
    if options.json:
        print(json.dumps(result))
        return
    for name, rate in result.items():
        print(f"{name:24}{rate:>12,.0f} /s")


def measure(assets: Path) -> dict[str, float]:
    """Things read a second, the best of three."""
    data = (assets / "klv" / "Cheyenne.bin").read_bytes()
    log = (assets / "mavlink" / "vtol.tlog").read_bytes()
    track, _ = read_klv(data)
    times = range(track.samples[0].time_ns, track.samples[-1].time_ns, 40_000_000)
    rates = {
        "klv sets": rate(lambda: len(KlvDecoder().feed(data))),
        "klv sets, 188-byte feeds": rate(lambda: pieces(data)),
        "subtitles": rate(lambda: len(read_dji_srt(assets / "dji_srt" / "mavic_pro.SRT").cues)),
        "tlog wanted records": rate(lambda: sum(1 for _ in TlogReader(log).records())),
        "interpolated samples": rate(lambda: sum(track.at(t) is not None for t in times)),
    }
    try:
        import klvdata
    except ImportError:
        return rates
    return {**rates, "klvdata sets": rate(lambda: sum(1 for _ in klvdata.StreamParser(data)))}


def pieces(data: bytes) -> int:
    """The same stream as it comes out of transport packets."""
    decoder = KlvDecoder()
    return sum(len(decoder.feed(data[at : at + 188])) for at in range(0, len(data), 188))


def rate(work: Callable[[], int]) -> float:
    """Things a second."""
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        count = work()
        best = max(best, count / (time.perf_counter() - began))
    return round(best, 1)


if __name__ == "__main__":
    main()
