"""Times in addresses."""

from console.errors import ProblemError
from core.clock import parse_iso


def moment(name: str, given: str) -> int:
    """UTC nanoseconds of a parameter; the problem names it when it is no time."""
    try:
        return parse_iso(given)
    except (ValueError, OverflowError):
        raise ProblemError(
            422, "time", f"`{name}` is no time", "Write e.g. 2026-09-21T14:13:20Z."
        ) from None
