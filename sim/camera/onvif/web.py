"""As much HTTP/1.1 as ONVIF needs, on asyncio streams (RFC 9112)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

_HEAD_MOST = 16 << 10
_BODY_MOST = 256 << 10
_IDLE_S = 30.0
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
_REASONS |= {405: "Method Not Allowed", 413: "Content Too Large", 500: "Internal Server Error"}
_REASONS |= {503: "Service Unavailable"}


@dataclass(frozen=True)
class WebRequest:
    """A request; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class WebReply:
    """An answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/soap+xml; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class _BadRequestError(Exception):
    """Carries the status to answer with."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    handle: Callable[[WebRequest, str], Awaitable[WebReply]],
) -> None:
    """Answer one connection until it ends; ``handle`` gets our own address on it as well."""
    local = writer.get_extra_info("sockname")[0]
    try:
        while True:
            request = await asyncio.wait_for(_read(reader), _IDLE_S)
            if request is None:
                return
            close = request.headers.get("connection", "").lower() == "close"
            await _write(writer, await handle(request, local), close=close)
            if close:
                return
    except _BadRequestError as error:
        await _write(writer, WebReply(error.status), close=True)
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> WebRequest | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _BadRequestError(413) from None
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise _BadRequestError(400) from None
        return None
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or len(head) > _HEAD_MOST:
        raise _BadRequestError(400)
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdecimal() or "transfer-encoding" in headers:
        raise _BadRequestError(400)
    if len(length) > 9 or int(length) > _BODY_MOST:
        raise _BadRequestError(413)
    return WebRequest(words[0], words[1], headers, await reader.readexactly(int(length)))


async def _write(writer: asyncio.StreamWriter, reply: WebReply, *, close: bool) -> None:
    headers = (
        ("Content-Type", reply.content_type),
        ("Content-Length", str(len(reply.body))),
        ("Connection", "close" if close else "keep-alive"),
        *reply.headers,
    )
    head = f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Other')}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers)
    writer.write(head.encode("latin-1") + b"\r\n" + reply.body)
    await writer.drain()
