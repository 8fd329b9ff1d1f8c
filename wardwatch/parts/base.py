"""Run a part in a thread, and again if it fails."""

import threading
from abc import ABC, abstractmethod

import structlog

from core.config.site import Site
from wardwatch.processes.context import Context

log = structlog.get_logger()

_PAUSE_S = 1.0


class Part(ABC):
    """One part of the hub.

    Args:
        context: of the process; the part ends when ``context.stop`` is set.
    """

    name: str

    def __init__(self, context: Context) -> None:
        self.context = context
        self._thread = threading.Thread(target=self._keep_running, name=self.name)

    @abstractmethod
    def run(self) -> None:
        """Work until ``context.stop`` is set."""

    def use(self, site: Site) -> None:  # noqa: B027 (most parts hold no cameras)
        """Take other cameras for what comes next; from any thread."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _keep_running(self) -> None:
        stop = self.context.stop
        while not stop.is_set():
            try:
                self.run()
            except Exception:
                log.exception("part failed, starting it again", part=self.name)
                self.context.clock.wait(stop, _PAUSE_S)
