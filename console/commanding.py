"""Handing what a person decided over to the desk."""

from typing import Any

import structlog

from console.api.models import CommandOut
from console.context import Context
from console.errors import ProblemError
from console.sessions import Signed
from core.messages import COMMANDS, Command

_log = structlog.get_logger()


def hand_over(ctx: Context, signed: Signed, command: Command, detail: dict[str, Any]) -> CommandOut:
    """Write the command into the audit log, then give it to the desk.

    First the log, then the deed: a command that nobody can find in the log must not exist.

    Raises:
        ProblemError: the bus did not take it (503); the log says that it failed.
    """
    detail = {"command": command.id, **detail}
    action, about = command.action.value, command.incident
    with ctx.services.store.begin() as unit:
        unit.audit.append(signed.user.name, f"command.{action}", about, command.reason, detail)
    try:
        ctx.services.send(COMMANDS, command)
    except Exception as error:
        _log.error("console.command_not_sent", command=command.id, error=str(error))
        with ctx.services.store.begin() as unit:
            unit.audit.append("system", "command.failed", about, str(error), detail)
        raise ProblemError(
            503, "bus", "The command could not be handed over", "Try again.", {"retry-after": "5"}
        ) from None
    ctx.metrics.commands.labels(action).inc()
    return CommandOut(command=command.id)
