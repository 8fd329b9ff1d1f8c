"""Take over each new configuration that the supervisor writes; no bus is needed for it."""

from collections.abc import Callable

import structlog

from core.config.site import Site
from wardwatch.processes.context import Context, mark_of, read_site

log = structlog.get_logger()

_POLL_S = 1.0


def follow(
    context: Context, take: Callable[[Site], None], look: Callable[[], None] = lambda: None
) -> None:
    """Call ``take`` with each site that follows that of the context, until told to stop.

    Also when nothing but a password has changed: the supervisor then replaces the file by the
    same one.

    Args:
        look: what else is to be looked after, about once a second.
    """
    seen = context.mark
    while not context.clock.wait(context.stop, _POLL_S):
        try:
            look()
        except Exception:
            log.exception("not looked after", role=context.role)
        mark = mark_of(context.paths)
        if mark is None or mark == seen:
            continue
        seen = mark
        try:
            take(read_site(context.paths))
        except Exception:
            log.exception("configuration not taken over", role=context.role)
