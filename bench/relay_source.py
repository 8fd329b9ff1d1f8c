"""What it costs to analyse a camera from the recorder's relay, against a session of its own.

Both read and decode the same simulated camera at the same time; counted is the CPU of the thread
that reads and decodes, and for the relay that of the recorder's relay thread, too.

    PYTHONPATH=. python bench/relay_source.py [--seconds 20]
"""

import argparse
import ipaddress
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from core.clock import SystemClock
from core.networks import Networks
from ingest.frames import LiveFrames
from ingest.relayed import RelayedSource
from ingest.rtsp import RtspSource
from recorder.live import LiveReader
from recorder.recorder import Recorder
from recorder.relay import Relay
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township

CAMERA = "river"


def cpu_s(name: str) -> float:
    """CPU seconds of the thread of that name."""
    (thread,) = (one for one in threading.enumerate() if one.name == name)
    assert thread.ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    clock, scene = SystemClock(), BoxScene(size=(1280, 720), fps=15, noise=True)
    with (
        tempfile.TemporaryDirectory(prefix="ww-") as directory,
        township(scenes={CAMERA: scene}) as town,
    ):
        root = Path(directory)
        rtsp = partial(
            RtspSource,
            url=town.url(CAMERA),
            clock=clock,
            username=USER,
            password=PASSWORD,
            networks=Networks((ipaddress.ip_network("127.0.0.0/8"),)),
        )
        relay = Relay(root)
        recorder = Recorder(root / "rec", [rtsp(CAMERA)], clock, live=relay, sync=False)
        recorder.start()
        relayed = LiveFrames(RelayedSource(CAMERA, partial(LiveReader, root, CAMERA), clock), fps=5)
        direct = LiveFrames(rtsp("direct", process="analyst"), fps=5)
        names = {"direct": ("frames-direct",), "relay": (f"frames-{CAMERA}", "relay")}
        with relayed, direct:
            while not (relayed.decoded and direct.decoded):
                time.sleep(0.1)
            frames = {"direct": -direct.decoded, "relay": -relayed.decoded}
            spent = {way: -sum(map(cpu_s, threads)) for way, threads in names.items()}
            time.sleep(seconds)
            frames["direct"] += direct.decoded
            frames["relay"] += relayed.decoded
            for way, threads in names.items():
                spent[way] += sum(map(cpu_s, threads))
        recorder.stop()
        relay.stop()
    each = {way: spent[way] * 1000 / frames[way] for way in names}
    for way, milliseconds in each.items():
        print(f"{way}: {frames[way]} pictures, {milliseconds:.2f} ms CPU a picture")
    print(f"relay / direct: {each['relay'] / each['direct']:.2f}")


if __name__ == "__main__":
    main()
