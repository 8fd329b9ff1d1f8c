"""What a browser sends as the body of a request, held to a size."""

from fastapi import Request

from console.errors import ProblemError


async def whole(request: Request, most_bytes: int, title: str) -> bytes:
    """The body, refused as soon as it grows too large; ``title`` says what is too large.

    Raises:
        ProblemError: 413.
        ClientDisconnect: the sender went away, e.g. into a dead zone (``problems`` answers it).
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most_bytes:
            raise ProblemError(413, "too-large", title, f"{most_bytes / 1e6:g} MB at most.")
    return bytes(content)
