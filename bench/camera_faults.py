"""How soon each fault of a camera is noticed, and how soon it is over: docs/camera-faults.md.

The virtual camera misbehaves on command over real sockets; the source has its own limits (a stall
after five seconds, waits of the backoff as they come). Run from a checkout:

    python -m bench.camera_faults [--stall 5] [--holds 7] [--only WORD]
"""

import argparse
import dataclasses
import random
import threading

import psutil
import structlog

from core.clock import NS_PER_S, SystemClock
from ingest.rtsp import RtspSource
from sim.camera.faults import SOUND, Fault
from tests.ingest.fault_kit import CAMERA, PAUSE, SCENARIOS, Watch, run
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township

FPS = 20.0
AWAY = 100


def table(stall_s: float, holds_s: float, only: str) -> None:
    print("| fault | lasts s | noticed after s | back after s | pictures lost | sessions after |")
    print("|---|---|---|---|---|---|")
    with township(scenes={CAMERA: BoxScene(fps=FPS)}) as town:
        for scenario in SCENARIOS:
            if only not in scenario.name:
                continue
            long = scenario.shows == "lost" and scenario.holds_s
            played = dataclasses.replace(scenario, holds_s=holds_s) if long else scenario
            outcome = run(
                town,
                played,
                username=USER,
                password=PASSWORD,
                fps=FPS,
                stall_s=stall_s,
                open_s=10.0,
                rng=random.Random(5),
            )
            noticed = "—" if outcome.noticed_s is None else f"{outcome.noticed_s:.2f}"
            reason = f" ({outcome.reason})" if outcome.reason else ""
            print(
                f"| {scenario.name} | {played.holds_s:g} | {noticed}{reason} | "
                f"{outcome.back_s:.2f} | {outcome.pictures_lost} | {outcome.sessions} |",
                flush=True,
            )


def away(seconds: float) -> None:
    """What cameras that are away cost: threads that wait, and a refused connection now and then."""
    clock, process = SystemClock(), psutil.Process()
    with township(scenes={CAMERA: BoxScene(fps=1.0)}) as town:
        town.misbehave(Fault(refuse=True))
        address = town.url(CAMERA)
        clock.wait(PAUSE, 0.5)
        before, cpu, start_ns = process.memory_info().rss, process.cpu_times(), clock.monotonic_ns()
        watches = [
            Watch(RtspSource(f"away-{n}", address, clock, rng=random.Random(n)))
            for n in range(AWAY)
        ]
        for watch in watches:
            watch.__enter__()
        clock.wait(PAUSE, 30.0)  # the first, short waits are over
        settled, middle = process.cpu_times(), process.memory_info().rss
        middle_ns = clock.monotonic_ns()
        clock.wait(PAUSE, seconds)
        after = process.cpu_times()
        spent_s = after.user + after.system - settled.user - settled.system
        passed_s = (clock.monotonic_ns() - middle_ns) / NS_PER_S
        first_s = settled.user + settled.system - cpu.user - cpu.system
        print(
            f"{AWAY} cameras away: {100 * spent_s / passed_s / AWAY:.4f} % of a core each "
            f"(first {(middle_ns - start_ns) / NS_PER_S:.0f} s: {first_s:.2f} s in all), "
            f"{(middle - before) / 1024 / AWAY:.0f} KiB each, "
            f"{(process.memory_info().rss - middle) / 1024:.0f} KiB more in the following "
            f"{passed_s:.0f} s, {threading.active_count()} threads"
        )
        town.misbehave(SOUND)
        for watch in watches:
            watch._stop.set()
        for watch in watches:
            watch.__exit__()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stall", type=float, default=5.0)
    parser.add_argument("--holds", type=float, default=7.0)
    parser.add_argument("--away", type=float, default=60.0)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    table(arguments.stall, arguments.holds, arguments.only)
    if not arguments.only:
        away(arguments.away)


if __name__ == "__main__":
    main()
