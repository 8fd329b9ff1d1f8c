"""Moments as text: UTC with nanoseconds, one way only, so that text order is time order."""

import calendar
import re
import time

from recorder.seal.check.canonical import UnreadableError

_UTC = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{9})Z")


def utc_text(utc_ns: int) -> str:
    """Nanoseconds UTC as ISO 8601.

    >>> utc_text(1_790_000_000_123_000_000)
    '2026-09-21T14:13:20.123000000Z'
    """
    seconds, rest = divmod(utc_ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


def utc_ns_of(text: object) -> int:
    """The nanoseconds of such a text.

    Raises:
        UnreadableError: it is another.
    """
    found = _UTC.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise UnreadableError(f"{text!r} is no moment in UTC")
    year, month, day, hour, minute, second, rest = map(int, found.groups())
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    if not 0 <= seconds < 1 << 33 or utc_text(seconds * 1_000_000_000 + rest) != text:
        raise UnreadableError(f"{text!r} is no moment in UTC")
    return seconds * 1_000_000_000 + rest
