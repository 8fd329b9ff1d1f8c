"""How soon recordings play: an hour asked for, the first picture's octets there.

Records a film over and over as a camera would have, an hour long in ten-second segments, then
asks as the console does: playlist, header, first media; a film's first octets; a day's time line.
Each figure is the first question after the process began (cold: nothing remembered, though the
kernel may have the files) and the median of more questions.

    python -m bench.playback [--hours 1] [--json]
"""

import argparse
import json
import re
import statistics
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from core.clock import NS_PER_S, ManualClock, SystemClock
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.playback.library import Library
from tests.recorder.conftest import make_mp4

CAMERA = "cam-1"
AGAIN = 9


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, clock = Path(folder) / "recordings", ManualClock()
        film = make_mp4(Path(folder) / "film.mp4", seconds=300, fps=15, gop=30, size=(640, 360))
        first_ns = clock.utc_ns()
        for _ in range(round(options.hours * 12)):
            source = FileSource(CAMERA, film, clock)
            CameraRecorder(root, source, clock, segment_s=10, sync=False).run(threading.Event())
        figures = measure(root, clock, first_ns)
    if options.json:
        print(json.dumps(figures))
        return
    for name, (cold, warm) in figures.items():
        print(f"{name:34} first {cold * 1000:7.1f} ms   then {warm * 1000:7.1f} ms")


def measure(root: Path, clock: ManualClock, first_ns: int) -> dict[str, tuple[float, float]]:
    """Seconds, first and median, by what was asked."""
    last_ns = clock.utc_ns()

    def start(library: Library) -> None:
        text = library.playlist(CAMERA, first_ns, last_ns, first_ns)
        header = re.search(r'MAP:URI="header/(\d+)', text)
        media = re.search(r"media/(\d+)/(\d+)-(\d+)", text)
        assert header
        assert media
        library.header(CAMERA, int(header[1]))
        library.media(CAMERA, *map(int, media.groups()), first_ns)

    def film(library: Library) -> None:
        next(library.film(CAMERA, first_ns, last_ns).read(0, 1 << 16))

    def whole(library: Library) -> None:
        made = library.film(CAMERA, first_ns, last_ns)
        assert sum(len(part) for part in made.read(0, made.size)) == made.size

    def thumbnail(library: Library) -> None:
        library.thumbnail(CAMERA, (first_ns + last_ns) // 2, 240)

    def day(library: Library) -> None:
        library.timeline(CAMERA, first_ns, last_ns)

    questions: dict[str, Callable[[Library], None]] = {
        "first picture over HLS": start,
        "first octets of the film": film,
        "the whole film": whole,
        "thumbnail": thumbnail,
        "time line": day,
    }
    return {name: timed(root, clock, ask) for name, ask in questions.items()}


def timed(root: Path, clock: ManualClock, ask: Callable[[Library], None]) -> tuple[float, float]:
    """Seconds of the first question to a fresh library and the median of more."""
    library, wall = Library(root, clock), SystemClock()
    spent = []
    for _ in range(1 + AGAIN):
        began_ns = wall.monotonic_ns()
        ask(library)
        spent.append((wall.monotonic_ns() - began_ns) / NS_PER_S)
    return spent[0], statistics.median(spent[1:])


if __name__ == "__main__":
    main()
