"""Virtual cameras as a process of their own."""

import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import cv2

from core.clock import Clock
from sim.base import Scene
from sim.camera.township import VirtualTownship


class Stop(Protocol):
    """``threading.Event`` or ``multiprocessing.Event``."""

    def wait(self, timeout: float, /) -> bool:
        """True as soon as it is set."""


def _print_ready(port: int) -> None:
    print(f"READY {port}", flush=True)


def serve(
    scenes: Mapping[str, Scene],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    username: str,
    password: str,
    clock: Clock,
    out_dir: Path | None = None,
    backchannel: bool = True,
    onvif_port: int | None = None,
    ready: Callable[[int], None] = _print_ready,
    stop: Stop | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or ``stop``.

    Args:
        onvif_port: of the ONVIF services; None leaves them off.
        ready: called with the port once clients may connect; prints ``READY PORT`` by default.
        stop: set it to end the call. Signals are taken only on the main thread, and given back.
    """
    cv2.setNumThreads(1)  # each scene has a thread of its own; more would only wait in line
    stop = stop or threading.Event()
    signals: list[int] = []  # a handler must not touch a lock, so it sets no event
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, lambda got, _: signals.append(got))
    try:
        with VirtualTownship(
            scenes,
            host=host,
            port=port,
            username=username,
            password=password,
            clock=clock,
            out_dir=out_dir,
            backchannel=backchannel,
            onvif_port=onvif_port,
        ) as township:
            ready(township.port)
            while not signals and not stop.wait(0.2):
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
