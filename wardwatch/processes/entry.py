"""Start-up that all child processes share."""

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path

import structlog

from core.errors import WardwatchError
from wardwatch.logs import log_to
from wardwatch.processes.context import Context, load_context

ROLES = ("bus", "township", "recorder", "analyst", "hub", "copier")

_PR_SET_PDEATHSIG = 1  # prctl(2)

log = structlog.get_logger()


def main(role: str, data: str) -> None:
    """Run one role until SIGTERM; exits with 1 after one clear line if it cannot."""
    if role not in ROLES:
        sys.exit(f"no such process: {role}; there are {', '.join(ROLES)}")
    context = load_context(role, Path(data))
    _end_with_parent()
    log_to(context.paths.logs / f"{role}.log")
    _stop_on_signals(context)
    try:
        # Only what the role needs is loaded: the recorder must not depend on any model.
        importlib.import_module(f"wardwatch.processes.{role}").run(context)
    except WardwatchError as error:
        log.error("process cannot go on", role=role, error=str(error))
        sys.exit(str(error))


def _end_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the supervisor has ended")


def _stop_on_signals(context: Context) -> None:
    signal.signal(signal.SIGTERM, lambda *_: context.stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
