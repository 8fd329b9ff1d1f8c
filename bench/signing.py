"""CPU of verifying cameras' signatures at ingest, a second of video.

Segments of ten seconds (25 pictures a second, 2 Mbit/s, a group every two seconds) are handed to
``SignatureWatch`` as the recorder does, signed and unsigned. The unsigned ones are what nearly
all cameras cost. Beside it, in the same run: bare SHA-256 of the same files.

    python bench/signing.py [--segments 12] [--json]
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.clock import NS_PER_S, SystemClock
from recorder.signing.watch import Closed, SignatureWatch
from tests.recorder.signing.signer import Authority, Picture, Signer, pem, pictures_of, write

FPS, GROUP_S, SEGMENT_S, KBPS = 25, 2, 10, 2000


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = measure(Path(name), options.segments)
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:32}{value}")


def measure(folder: Path, count: int) -> dict[str, float]:
    """CPU milliseconds a second of video."""
    film = noise(folder / "film.mp4")
    pictures, codec = pictures_of(film)
    key, maker = ec.generate_private_key(ec.SECP256R1()), Authority()
    chain = pem(maker.issue("Camera", key))
    signed = Signer(codec, key, chain).sign(pictures * count)
    size = len(pictures)
    plain = segments_of(folder / "plain", film, [pictures] * count)
    marked = segments_of(
        folder / "signed", film, [signed[n * size : (n + 1) * size] for n in range(count)]
    )
    seconds = count * SEGMENT_S

    def watched(paths: list[Path]) -> None:
        watch = SignatureWatch(folder, (maker.certificate,), SystemClock())
        (folder / "gate").mkdir(exist_ok=True)
        for number, path in enumerate(paths):
            last = number + 1 == len(paths)
            start_ns = 1_790_000_000 * NS_PER_S + number * SEGMENT_S * NS_PER_S
            watch.take(Closed("gate", path, start_ns, last))

    def hashed() -> None:
        for path in marked:
            hashlib.sha256(path.read_bytes()).digest()

    return {
        "mbit_s": round(sum(p.stat().st_size for p in plain) * 8 / seconds / 1e6, 2),
        "unsigned_ms_per_s": per_second(lambda: watched(plain), seconds),
        "signed_ms_per_s": per_second(lambda: watched(marked), seconds),
        "sha256_ms_per_s": per_second(hashed, seconds),
    }


def per_second(work: Callable[[], None], seconds: float) -> float:
    """The best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return round(best * 1000 / seconds, 3)


def noise(path: Path) -> Path:
    """A segment whose pictures fill the bit rate."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.bit_rate, stream.codec_context.gop_size = KBPS * 1000, FPS * GROUP_S
        stream.codec_context.max_b_frames = 0
        for _ in range(FPS * SEGMENT_S):
            picture = rng.integers(0, 255, (360, 640, 3), dtype=np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def segments_of(folder: Path, like: Path, parts: list[list[Picture]]) -> list[Path]:
    """One file a part."""
    folder.mkdir()
    return [
        write(folder / f"{number}.mp4", like, part, step_s=1 / FPS)
        for number, part in enumerate(parts)
    ]


if __name__ == "__main__":
    main()
