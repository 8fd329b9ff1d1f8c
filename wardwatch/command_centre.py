"""A whole command centre on this machine: resolve the configuration, start the processes."""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.clock import Clock, SystemClock
from core.config.site import Site
from core.errors import BusError
from wardwatch.following.reload import Reload, publish
from wardwatch.lock import held
from wardwatch.paths import Paths
from wardwatch.roads import roads_of
from wardwatch.supervisor import Supervisor


@dataclass
class CommandCentre:
    """Starts and stops the processes of one site.

    Attributes:
        site: the configuration at the start, with every choice made (model, ports).
        simulate: also serve the simulated cameras.
        environment: secrets for the processes, by variable.
        reload: reads the configuration anew, with the same choices made; what is edited while
            running is then taken over, see :mod:`wardwatch.following.reload`. None: it is fixed.
        say: tells a person what was taken over.
    """

    site: Site
    simulate: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    reload: Callable[[], Site] | None = None
    say: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.paths = Paths(self.site.data_dir.resolve())
        self._supervisor = Supervisor(self.paths, self.clock)
        self._lock = ExitStack()
        self._reload: Reload | None = None

    def start(self) -> dict[str, Any]:
        """Start everything; what the hub announces, e.g. the console's address.

        Raises:
            InUseError: another command centre runs in the data directory.
            SupervisorError: a process did not come up; the others are ended.
            RoadsError: the road map cannot be used.
        """
        roads_of(self.site, self.paths)  # compiled for the hub, or refused here in plain words
        self._lock.enter_context(held(self.paths.data))
        self.paths.make()
        publish(self.site, self.paths.site_file)
        if self.reload is not None:
            self._reload = Reload(self.site, self.paths, self.reload, self.clock, self.say)
        ground = [
            *(["bus"] if self.site.redis.url is None else []),
            *(["township"] if self.simulate else []),
        ]
        try:
            self._bring_up(ground)
            announced = self._bring_up(["recorder", "analyst", "hub"])
        except BaseException:
            self.stop()
            raise
        self._supervisor.watch()
        if self._reload is not None:
            self._reload.start()
        return announced["hub"]

    def wait(self, stop: threading.Event, seconds: float | None) -> None:
        """Return when ``stop`` is set or the time is over."""
        end = None if seconds is None else self.clock.monotonic_ns() + round(seconds * 1e9)
        while not self.clock.wait(stop, 0.2):
            if end is not None and self.clock.monotonic_ns() >= end:
                return

    def restarts(self) -> dict[str, int]:
        """How often each process had to be started again."""
        return self._supervisor.restarts()

    def pids(self) -> dict[str, int]:
        """Process ids by role."""
        return self._supervisor.pids()

    def stop(self) -> None:
        """End all processes, in order."""
        if self._reload is not None:
            self._reload.stop()
        self._supervisor.stop()
        self._lock.close()

    def bus(self, name: str) -> RedisBus:
        """A connection to the running bus, for one who looks on."""
        url = self.site.redis.url or socket_url(self.paths.run)
        return RedisBus(url, f"{name}-{os.getpid()}", self.paths.spool)

    def _bring_up(self, roles: list[str]) -> dict[str, dict[str, Any]]:
        """Start some roles together and wait for all of them."""
        for role in roles:
            self._supervisor.spawn(role, self.environment)
        return {
            role: self._supervisor.wait_ready(
                role, answers=self._bus_answers if role == "bus" else None
            )
            for role in roles
        }

    def _bus_answers(self) -> bool:
        bus = self.bus("probe")
        try:
            bus.ping()
        except BusError:
            return False
        else:
            return True
        finally:
            bus.close()
