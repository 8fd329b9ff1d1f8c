"""The embedded Valkey server."""

import signal

from core.bus.embedded import become_server
from wardwatch.processes.context import Context


def run(context: Context) -> None:
    """Become the server. It cannot announce itself, so the supervisor asks it for an answer."""
    # Signal dispositions survive exec; the server must end on SIGTERM as it always does.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    become_server(context.paths.run, context.paths.bus)
