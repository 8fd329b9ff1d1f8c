"""Keep the processes of one machine alive, each on its own.

A process that ends is started again after a pause that doubles from 0.5 s to 30 s; the others do
not notice. Every child asks the kernel to be ended with its parent (see
:mod:`wardwatch.processes.entry`), so that not even ``kill -9`` of the supervisor leaves an orphan.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from wardwatch.paths import Paths

log = structlog.get_logger()

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0
_POLL_S = 0.1
_GRACE_S = 10.0


class SupervisorError(WardwatchError):
    """A process did not come up."""


@dataclass
class _Child:
    role: str
    process: subprocess.Popen[bytes] | None = None
    started_ns: int = 0
    pause_s: float = _FIRST_PAUSE_S
    due_ns: int = 0
    restarts: int = 0
    environment: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Starts, watches and ends the child processes of one run.

    Args:
        paths: of the run; ``site_file`` must have been written.
        clock: time.
    """

    def __init__(self, paths: Paths, clock: Clock) -> None:
        self._paths = paths
        self._clock = clock
        self._children: dict[str, _Child] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    def spawn(self, role: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a role without waiting for it.

        Args:
            role: one of :data:`wardwatch.processes.entry.ROLES`.
            environment: variables beside our own, e.g. secrets.
        """
        child = _Child(role, environment=dict(environment or {}))
        with self._lock:
            self._children[role] = child
            self._spawn(child)

    def wait_ready(
        self, role: str, *, answers: Callable[[], bool] | None = None, timeout_s: float = 60.0
    ) -> dict[str, Any]:
        """Wait until a role that was started is ready.

        Args:
            answers: asks the process itself, for one that cannot announce its readiness.

        Returns:
            What the process announced, e.g. its port.

        Raises:
            SupervisorError: it ended or stayed silent; with its last words.
        """
        child = self._children[role]
        deadline_ns = self._clock.monotonic_ns() + round(timeout_s * NS_PER_S)
        while (announced := self._announced(role, answers)) is None:
            code = child.process.poll() if child.process is not None else None
            if code is not None:
                raise SupervisorError(
                    f"process {role} ended with code {code} before it was ready"
                    f"{self._last_words(role)}"
                )
            if self._clock.monotonic_ns() > deadline_ns:
                raise SupervisorError(
                    f"process {role} was not ready within {timeout_s:.0f} s{self._last_words(role)}"
                )
            self._clock.wait(self._stop, _POLL_S)
        return announced

    def watch(self) -> None:
        """From now on restart what ends by itself."""
        self._watcher = threading.Thread(target=self._keep_alive, name="supervisor", daemon=True)
        self._watcher.start()

    def pids(self) -> dict[str, int]:
        """Process ids by role."""
        with self._lock:
            return {
                child.role: child.process.pid
                for child in self._children.values()
                if child.process is not None and child.process.poll() is None
            }

    def restarts(self) -> dict[str, int]:
        """How often each role was started again."""
        with self._lock:
            return {child.role: child.restarts for child in self._children.values()}

    def stop(self) -> None:
        """End all children, the last started first, so that each finds its peers until its end."""
        self._stop.set()
        with self._lock:
            children = list(self._children.values())
        for child in reversed(children):
            if child.process is None:
                continue
            if child.process.poll() is None:
                child.process.terminate()
            try:
                child.process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                log.warning("process did not end, killing it", role=child.role)
                child.process.kill()
                child.process.wait()
        self._ended.set()
        if self._watcher is not None:
            self._watcher.join()

    def _spawn(self, child: _Child) -> None:
        self._ready_file(child.role).unlink(missing_ok=True)
        with (self._paths.logs / f"{child.role}.out").open("ab") as output:
            child.process = subprocess.Popen(
                [sys.executable, "-m", "wardwatch.processes", child.role, str(self._paths.data)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A terminal's Ctrl-C must reach the supervisor alone; it ends the others in order.
                start_new_session=True,
                env={**os.environ, **child.environment},
            )
        child.started_ns = self._clock.monotonic_ns()

    def _keep_alive(self) -> None:
        while not self._clock.wait(self._stop, _POLL_S):
            with self._lock:
                if not self._stop.is_set():
                    for child in self._children.values():
                        self._look_after(child)
        # The kernel counts the death of the thread that started a child as its parent's death.
        self._ended.wait()

    def _look_after(self, child: _Child) -> None:
        now_ns = self._clock.monotonic_ns()
        if child.process is not None and child.process.poll() is not None:
            log.error("process ended", role=child.role, code=child.process.returncode)
            if now_ns - child.started_ns > _STEADY_S * NS_PER_S:
                child.pause_s = _FIRST_PAUSE_S
            child.due_ns = now_ns + round(child.pause_s * NS_PER_S)
            child.pause_s = min(2 * child.pause_s, _LONGEST_PAUSE_S)
            child.process = None
        elif child.process is None and now_ns >= child.due_ns:
            child.restarts += 1
            self._spawn(child)

    def _ready_file(self, role: str) -> Path:
        return self._paths.run / f"{role}.ready"

    def _announced(self, role: str, answers: Callable[[], bool] | None) -> dict[str, Any] | None:
        if answers is not None:
            return {} if answers() else None
        path = self._ready_file(role)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def _last_words(self, role: str) -> str:
        lines: list[str] = []
        for suffix in ("out", "log"):
            path = self._paths.logs / f"{role}.{suffix}"
            if path.exists():
                lines += path.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        return ": " + " | ".join(lines) if lines else f"; see {self._paths.logs}"
