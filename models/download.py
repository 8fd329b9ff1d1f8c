"""One file over HTTP, bounded in time and size."""

from collections.abc import Callable

import httpx

from core.clock import NS_PER_S, Clock
from models.errors import SourceError

MAX_BYTES = 512 << 20
TOTAL_S = 600.0
TIMEOUT = httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=10.0)


def download(
    url: str,
    clock: Clock,
    progress: Callable[[int, int | None], None],
    *,
    max_bytes: int = MAX_BYTES,
) -> bytes:
    """Content behind ``url``; redirects are followed.

    Args:
        progress: called with bytes so far and the whole, None when the server does not say.

    Raises:
        SourceError: not reachable, another status than 200, too large or too slow; the caller
            adds the address.
    """
    deadline_ns = clock.monotonic_ns() + round(TOTAL_S * NS_PER_S)
    content = bytearray()
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=TIMEOUT) as response:
            if response.status_code != httpx.codes.OK:
                raise SourceError(f"the server answered {response.status_code}")
            said = response.headers.get("content-length", "")
            total = int(said) if said.isdigit() else None
            if total is not None and total > max_bytes:
                raise SourceError(f"{total} bytes announced, at most {max_bytes} accepted")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > max_bytes:
                    raise SourceError(f"more than {max_bytes} bytes, given up")
                if clock.monotonic_ns() > deadline_ns:
                    raise SourceError(f"not complete after {TOTAL_S:.0f} s, given up")
                progress(len(content), total)
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise SourceError(f"cannot be fetched: {reason}") from None
    return bytes(content)
