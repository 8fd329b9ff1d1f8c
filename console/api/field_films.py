"""Films that officers take, shown while they are taken: the phone's own bytes, never transcoded."""

import asyncio
import contextlib
from datetime import timedelta

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from console.api.live import SIGNED_OUT, until_gone, viewer_of, while_signed_in
from console.api.models import Moment
from console.api.outward import outward
from console.context import Context, Ctx, Viewer, context_of
from console.errors import ProblemError, not_found
from console.field.media import CALL
from console.field.viewing import FilmError, Viewing
from console.field.watchers import film_now
from console.problems import problem_response
from console.sessions import COOKIE, Signed
from core.clock import NS_PER_S
from core.fieldwork import FieldMedia

router = APIRouter(tags=["field"])
_log = structlog.get_logger()

LOOK_S = 2.0
"""So often a viewer is told how long nothing has come, and the disk is looked at again."""
OVER, UNREADABLE = 1000, 1003  # RFC 6455 section 7.4.1
CALLS_SHOWN = timedelta(days=30)
_MOST = 200


class FilmOut(BaseModel):
    """A film as it is at present."""

    id: str
    officer: str
    incident: str
    order: str
    alarm: str | None
    state: str
    at: Moment
    touched: Moment = Field(description="When the last of it came.")
    bytes: int
    evidence: str | None
    watching: int


@router.get("/field-films")
def films(ctx: Ctx, _: Viewer) -> list[FilmOut]:
    """Those being taken, newest first, and those of calls for help without an incident."""
    oldest_ns = ctx.services.clock.utc_ns() - round(CALLS_SHOWN.total_seconds()) * NS_PER_S
    with ctx.services.store.read() as unit:
        found = [one for one in unit.field_media.find(state="open") if one.sizes]
        calls = unit.field_alarms.find(newest_by="at_ns", limit=_MOST)
        names = [f"{CALL}{one.id}" for one in calls if one.at_ns >= oldest_ns]
        found += unit.field_media.find(incident=names, state=["cut", "sealed"]) if names else []
    found = sorted((one for one in found if one.kind == "video"), key=lambda one: -one.at_ns)
    return [FilmOut.model_validate(outward(film_now(ctx.watchers, one))) for one in found]


@router.websocket("/live/films/{media_id}")
async def live(socket: WebSocket, media_id: str) -> None:
    """Text messages say what comes, binary ones are the film.

    ``{"mime": …}`` announces an initialisation and what follows it, and may come again;
    ``{"quiet_s": …}`` says since when nothing has come; ``{"over": …, "evidence": …}`` is the end,
    ``{"broken": …}`` says why it cannot be shown.
    """
    ctx = context_of(socket)
    try:
        signed = await viewer_of(socket)
        media = await run_in_threadpool(_find, ctx, media_id)
    except ProblemError as refusal:
        await socket.send_denial_response(problem_response(refusal, socket.url.path))
        return
    await run_in_threadpool(_note, ctx, signed, media)
    await socket.accept()
    with ctx.watchers.one_more(ctx.services, media):
        await _relay(ctx, socket, media)


def _find(ctx: Context, media_id: str) -> FieldMedia:
    with ctx.services.store.read() as unit:
        media = unit.field_media.get(media_id)
    if media is None or media.kind != "video":
        raise not_found("film", media_id)
    return media


def _note(ctx: Context, signed: Signed, media: FieldMedia) -> None:
    ctx.views.note(signed, "field_film.view", media.incident, media=media.id, officer=media.officer)


async def _relay(ctx: Context, socket: WebSocket, media: FieldMedia) -> None:
    tasks = [
        asyncio.create_task(_send(ctx, socket, media), name=f"film {media.id}: send"),
        asyncio.create_task(until_gone(socket), name=f"film {media.id}: listen"),
        asyncio.create_task(
            while_signed_in(ctx, socket.cookies.get(COOKIE)), name=f"film {media.id}: session"
        ),
    ]
    send, _, session = tasks
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = SIGNED_OUT if session.done() else OVER
    finally:
        for task in tasks:
            task.cancel()
        sent = (await asyncio.gather(*tasks, return_exceptions=True))[tasks.index(send)]
        if isinstance(sent, FilmError):
            code = UNREADABLE
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.send_json({"broken": str(sent)})
            _log.warning("console.film_unreadable", media=media.id, error=str(sent))
        elif isinstance(sent, Exception) and not isinstance(
            sent, WebSocketDisconnect | RuntimeError
        ):
            _log.warning("console.film_send", media=media.id, error=str(sent))
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)


async def _send(ctx: Context, socket: WebSocket, media: FieldMedia) -> None:
    # A send returns when the browser's connection has room again: who is slow waits alone.
    if media.state == "sealed":  # evidence is looked at as such, which its register tells
        await socket.send_json({"over": media.state, "evidence": media.evidence})
        return
    viewing = Viewing(ctx.services, media)
    with ctx.services.feed.listen(("films",)) as listener:
        while True:
            part = await run_in_threadpool(viewing.next)
            if part is not None:
                if part.kind == "init":
                    await socket.send_json({"mime": part.mime})
                await socket.send_bytes(part.data)
                continue
            now = viewing.media
            if now is None or now.state != "open":
                over = now.state if now else "gone"
                await socket.send_json({"over": over, "evidence": now.evidence if now else None})
                return
            quiet_ns = ctx.services.clock.utc_ns() - now.touched_ns
            await socket.send_json({"quiet_s": max(0.0, round(quiet_ns / NS_PER_S, 1))})
            await listener.take(LOOK_S)
