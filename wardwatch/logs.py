"""Logging of one process: JSON lines to its file, or readable lines to the terminal."""

import logging
import sys
from pathlib import Path

import structlog


def log_to(path: Path | None, level: int = logging.INFO) -> None:
    """Send all logs to a file (JSON lines), or to standard error when there is none."""
    stream = path.open("a", encoding="utf-8", buffering=1) if path else sys.stderr
    # Plain tracebacks: those with the values of variables may hold passwords, and take seconds.
    end: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if path
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *end,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=stream, level=logging.WARNING, force=True)
