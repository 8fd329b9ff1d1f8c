"""A phone's clock and ours."""

from console.api.moments import moment
from console.errors import ProblemError
from core.clock import NS_PER_S
from core.fieldwork import RUNNING_NS

TRUSTED_NS = 5 * NS_PER_S
"""A phone whose clock is no further off is believed: the network may take as long."""


def happened(at: str, sent: str, received_ns: int) -> tuple[int, int]:
    """When something happened: by our clock, and as the phone has it.

    The phone says when it happened and when it sends it; how long it waited is right even when
    its clock is wrong. Nothing happened later than it was heard of.

    Returns:
        UTC nanoseconds by our clock and by the phone's.

    Raises:
        ProblemError: 422; the field that is no time.
    """
    at_ns, sent_ns = moment("at", at), moment("sent", sent)
    if not (0 <= at_ns < RUNNING_NS and 0 <= sent_ns < RUNNING_NS):
        raise ProblemError(422, "time", "`at` or `sent` is no time of this age")
    offset_ns = received_ns - sent_ns
    if abs(offset_ns) <= TRUSTED_NS:
        offset_ns = 0
    return min(at_ns + offset_ns, received_ns), at_ns
