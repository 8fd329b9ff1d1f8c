"""How fast evidence is sealed and verified, against bare ``sha256`` of the same file.

    python bench/seal.py [--mb 256] [--rounds 5]

``seal_sha256`` and ``verify_sha256`` are with ``seal.sm3: false``.

Each round measures everything once, one after the other, so that what else the machine does hits
all alike; the medians of the ratios are printed as JSON. The file is read from the page cache.
"""

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.clock import SystemClock
from recorder.seal.check.judge import judge
from recorder.seal.digests import digests_of, hash_stream
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.sealer import Sealer
from recorder.vault import Vault


def bare(path: Path, *names: str) -> None:
    """The digests by hashlib alone, one after the other."""
    for name in names:
        with path.open("rb") as stream:
            hashlib.file_digest(stream, lambda name=name: hashlib.new(name))


def copy_synced(source: Path, target: Path) -> None:
    """What sealing does beside hashing: a copy that is on disk."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(1 << 20):
            writing.write(piece)
        writing.flush()
        os.fsync(writing.fileno())


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mb", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ww-seal-") as scratch:
        print(json.dumps(measure(Path(scratch), wanted.mb, wanted.rounds), indent=1))


def measure(root: Path, mb: int, rounds: int) -> dict[str, object]:
    """All figures."""
    clock = SystemClock()
    keys = KeyRing(root / "keys", clock, station="bench")
    log = SiteLog(root / "log", keys, clock)
    vault = Vault(root / "vault", clock, Sealer(keys, log))
    plain = Vault(root / "plain", clock, Sealer(keys, log, sm3=False))
    source, second = root / "clip.mp4", root / "second.mp4"
    piece = os.urandom(1 << 20)
    times: dict[str, list[float]] = {}
    for number in range(rounds):
        for path in (source, second):
            with path.open("wb") as stream:
                stream.write(piece * mb)
                os.fsync(stream.fileno())  # what is measured below must not pay for it
        incident = f"inc-{number}"
        folder = vault.root / incident
        steps: dict[str, Callable[[], object]] = {
            "sha256": lambda: bare(source, "sha256"),
            "sm3": lambda: bare(source, "sm3"),
            "sha256_then_sm3": lambda: bare(source, "sha256", "sm3"),
            "both_digests": lambda: digests_of(source),
            "copy_synced": lambda: copy_synced(source, root / "copy"),
            "seal": lambda incident=incident: vault.seal(
                incident, "clip", source, camera="c", first_ns=1, last_ns=2
            ),
            "verify": lambda folder=folder: judge(folder, None, hash_stream),
            "seal_sha256": lambda incident=incident: plain.seal(
                incident, "clip", second, camera="c", first_ns=1, last_ns=2
            ),
            "verify_sha256": lambda folder=plain.root / incident: judge(folder, None, hash_stream),
        }
        for name, work in steps.items():
            times.setdefault(name, []).append(seconds(work))
    small = [seconds(lambda n=n: log.append("manifest", f"i-{n}", "ab" * 32)) for n in range(200)]
    pairs = {
        "both_digests / sha256": ("sha256", "both_digests"),
        "both_digests / sm3": ("sm3", "both_digests"),
        "both_digests / sha256_then_sm3": ("sha256_then_sm3", "both_digests"),
        "seal / sha256_then_sm3": ("sha256_then_sm3", "seal"),
        "seal / sha256": ("sha256", "seal"),
        "seal_sha256 / sha256": ("sha256", "seal_sha256"),
        "copy_synced / sha256": ("sha256", "copy_synced"),
        "verify_sha256 / sha256": ("sha256", "verify_sha256"),
        "verify / sha256": ("sha256", "verify"),
        "verify / sha256_then_sm3": ("sha256_then_sm3", "verify"),
    }
    return {
        "mb": mb,
        "rounds": rounds,
        "cores": os.cpu_count(),
        "mb_per_s": {name: round(mb / statistics.median(took)) for name, took in times.items()},
        "throughput_ratio": {
            name: round(
                statistics.median(a / b for a, b in zip(times[x], times[y], strict=True)), 2
            )
            for name, (x, y) in pairs.items()
        },
        "log_append_ms": round(1000 * statistics.median(small), 2),
    }


if __name__ == "__main__":
    main()
