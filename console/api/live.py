"""Live pictures: fragmented MP4 over a WebSocket, for Media Source Extensions."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool

from console.context import Context, context_of
from console.errors import ProblemError, not_found
from console.problems import problem_response
from console.security import same_origin
from console.sessions import COOKIE, Signed
from console.viewer import ViewerQueue
from core.store.users import Role

router = APIRouter()
_log = structlog.get_logger()

CHECK_SESSION_S = 30
TRY_AGAIN_LATER = 1013  # RFC 6455 registry: the camera is away
SIGNED_OUT = 4401


@router.websocket("/live/{camera_id}")
async def live(socket: WebSocket, camera_id: str) -> None:
    """First a text message ``{"codec": "avc1.…"}``, then the initialisation segment and the
    fragments as binary messages. A new text message announces a new initialisation."""
    ctx = context_of(socket)
    cookie = socket.cookies.get(COOKIE)
    try:
        signed = await viewer_of(socket)
        camera = ctx.services.site.camera(camera_id)
        if camera is None or not camera.enabled:
            raise not_found("camera", camera_id)
    except ProblemError as refusal:
        await socket.send_denial_response(problem_response(refusal, socket.url.path))
        return
    await run_in_threadpool(ctx.views.note, signed, "live.view", camera_id)
    await socket.accept()
    viewers = ctx.metrics.live_viewers.labels(camera_id)
    viewers.inc()
    try:
        await _relay(ctx, socket, camera_id, cookie)
    finally:
        viewers.dec()


async def viewer_of(socket: WebSocket) -> Signed:
    """Who asks for live pictures.

    Raises:
        ProblemError: 403 from another site or without the right, 401 without a session.
    """
    if not same_origin(socket.headers):
        raise ProblemError(403, "cross-site", "Requests from other sites are refused")
    sessions = context_of(socket).sessions
    signed = await run_in_threadpool(sessions.check, socket.cookies.get(COOKIE))
    if signed is None:
        raise ProblemError(401, "sign-in", "Please sign in")
    if not signed.may(Role.VIEWER):
        raise ProblemError(403, "role", "Your role does not allow this")
    return signed


async def _relay(ctx: Context, socket: WebSocket, camera_id: str, cookie: str | None) -> None:
    queue = ViewerQueue()
    source = ctx.services.live(camera_id)
    tasks = [
        asyncio.create_task(queue.fill(source), name=f"live {camera_id}: read"),
        asyncio.create_task(_send(socket, queue), name=f"live {camera_id}: send"),
        asyncio.create_task(until_gone(socket), name=f"live {camera_id}: listen"),
        asyncio.create_task(while_signed_in(ctx, cookie), name=f"live {camera_id}: session"),
    ]
    fill, send, _, session = tasks
    code = TRY_AGAIN_LATER
    try:
        await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
        if session.done():
            code = SIGNED_OUT
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(source, AsyncGenerator):
            await source.aclose()
        ctx.metrics.live_dropped.labels(camera_id).inc(queue.dropped)
        failure = results[tasks.index(fill)]
        if isinstance(failure, Exception):
            _log.warning("console.live_failed", camera=camera_id, error=str(failure))
        sent = results[tasks.index(send)]
        if isinstance(sent, Exception) and not isinstance(sent, WebSocketDisconnect | RuntimeError):
            _log.warning("console.live_send", camera=camera_id, error=str(sent))
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)


async def _send(socket: WebSocket, queue: ViewerQueue) -> None:
    while (part := await queue.take()) is not None:
        if part.kind == "init":
            await socket.send_json({"codec": part.codec})
        await socket.send_bytes(part.data)


async def until_gone(socket: WebSocket) -> None:
    """Nothing is expected from the browser; receiving is how its leaving is noticed."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def while_signed_in(ctx: Context, cookie: str | None) -> None:
    """Returns when the session has ended."""
    while True:
        await asyncio.sleep(CHECK_SESSION_S)
        if await run_in_threadpool(ctx.sessions.check, cookie) is None:
            return
