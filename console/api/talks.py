"""Live talk (实时喊话): a person's own voice from the browser to an incident's loudspeakers."""

import asyncio
import contextlib
import json
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, ValidationError

from console.api.incidents import FINAL
from console.api.models import Given
from console.api.outward import outward
from console.context import Context, context_of
from console.errors import ProblemError, not_found
from console.problems import problem_response
from console.security import same_origin
from console.sessions import COOKIE, Signed, check_csrf
from core.cases import Announcement, Incident, Priority
from core.errors import WardwatchError
from core.store.users import Role
from core.talking import RATE, Talk, TalkState
from core.value import new_id

router = APIRouter()

CHECK_SESSION_S = 30
TELL_S = 0.25
HELLO_S = 10
LARGEST = RATE  # bytes: half a second at once
WORDS = "（实时喊话）"
REFUSED, SIGNED_OUT, WRONG = 4403, 4401, 4400


class TalkIn(Given):
    """The first message of a talk."""

    csrf: str = Field(max_length=200)
    priority: Priority = Priority.URGENT
    group: str | None = Field(default=None, max_length=63)
    volume: int | None = Field(default=None, ge=1, le=100)
    reason: str = Field(default="", max_length=500, description="Overrides the rules; chief.")


@router.websocket("/incidents/{incident_id}/talk")
async def talk(socket: WebSocket, incident_id: str) -> None:
    """First the text message :class:`TalkIn`, then sound as binary messages, s16le at 16 kHz, one
    channel; ``{"end": true}`` ends the talk, and so does anything that ends the connection.

    Sent are the states of the talk (:class:`core.talking.TalkState`), the last with its receipts;
    a talk that is refused is told by ``{"problem": code, "detail": why}``.
    """
    ctx = context_of(socket)
    cookie = socket.cookies.get(COOKIE)
    signed = await run_in_threadpool(ctx.sessions.check, cookie)
    problem = None
    if not same_origin(socket.headers):
        problem = ProblemError(403, "cross-site", "Requests from other sites are refused")
    elif signed is None:
        problem = ProblemError(401, "sign-in", "Please sign in")
    elif not signed.may(Role.MONITOR):
        problem = ProblemError(403, "role", "Your role does not allow this")
    if problem is not None or signed is None:
        refusal = problem or ProblemError(401, "sign-in", "Please sign in")
        await socket.send_denial_response(problem_response(refusal, socket.url.path))
        return
    await socket.accept()
    code = 1000
    try:
        async with asyncio.timeout(HELLO_S):
            given = TalkIn.model_validate_json(await socket.receive_text())
        running = await run_in_threadpool(_begin, ctx, signed, incident_id, given)
        code = await _relay(ctx, socket, running, cookie)
    except ProblemError as refusal:
        code = REFUSED
        await _tell(socket, {"problem": refusal.code, "detail": refusal.detail})
    except (ValidationError, KeyError, TimeoutError):
        code = WRONG
    except WebSocketDisconnect:
        return
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)


def _begin(ctx: Context, signed: Signed, incident_id: str, given: TalkIn) -> Talk:
    """Check, write down, then speak: a talk that nobody can find in the log must not exist."""
    check_csrf(signed, given.csrf)
    reason = given.reason.strip()
    if reason and not signed.may(Role.CHIEF):
        raise ProblemError(403, "override", "Only a chief may override")
    if ctx.services.talks is None:
        raise ProblemError(503, "talk", "Nobody can speak from here")
    with ctx.services.store.begin() as unit:
        found = unit.incidents.get(incident_id)
        if found is None:
            raise not_found("incident", incident_id)
        _check(ctx, found, given)
        announcement = Announcement(
            id=new_id(f"{found.id}-talk"),
            incident=found.id,
            camera=found.camera,
            text=WORDS,
            attempt=len(found.announcements) + 1,
            requested_ns=ctx.services.clock.utc_ns(),
            requested_by=signed.user.name,
            override_reason=reason or None,
            priority=given.priority,
            group=given.group,
            volume=given.volume,
            live=True,
        )
        unit.announcements.put(announcement)
        facts = {
            "announcement": announcement.id,
            "priority": given.priority.value,
            "volume": given.volume,
        }
        unit.audit.append(signed.user.name, "talk.begun", found.id, reason, facts)
    try:
        return ctx.services.talks.begin(announcement)
    except WardwatchError as error:
        with ctx.services.store.begin() as unit:
            unit.audit.append("system", "talk.failed", found.id, str(error), facts)
        raise ProblemError(503, "talk", "Nobody can speak now", str(error)) from None


def _check(ctx: Context, found: Incident, given: TalkIn) -> None:
    camera = ctx.services.site.camera(found.camera)
    if found.state in FINAL or camera is None or camera.speaker is None:
        raise ProblemError(409, "state", "Not possible in this state", f"{found.state.value}")
    if given.group is not None and ctx.services.site.speaker_group(given.group) is None:
        raise not_found("loudspeaker group", given.group)


async def _relay(ctx: Context, socket: WebSocket, running: Talk, cookie: str | None) -> int:
    """Until the talk is over; whatever happens here, the talk is closed."""
    listen = asyncio.create_task(_listen(socket, running), name="talk: listen")
    session = asyncio.create_task(_while_signed_in(ctx, cookie), name="talk: session")
    told: TalkState | None = None
    try:
        while True:
            state = running.state()
            if state != told:
                told = state
                await _tell(socket, await run_in_threadpool(_shown, ctx, state))
            if state.phase == "over":
                return 1000
            if session.done():
                return SIGNED_OUT
            if listen.done():
                if listen.exception() is not None:
                    return WRONG
                if not listen.result():
                    return 1000  # Nobody is there to be told.
            await asyncio.sleep(TELL_S)
    finally:
        running.close()
        for task in (listen, session):
            task.cancel()
        await asyncio.gather(listen, session, return_exceptions=True)


async def _listen(socket: WebSocket, running: Talk) -> bool:
    """Sound into the talk until it is ended (True) or the browser has gone (False)."""
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return False
            if (pcm := message.get("bytes")) is not None:
                if len(pcm) > LARGEST:
                    raise ValueError("too much sound at once")
                running.put(pcm)
            elif json.loads(message.get("text") or "{}").get("end"):
                return True
    finally:
        running.close()


async def _while_signed_in(ctx: Context, cookie: str | None) -> None:
    while True:
        await asyncio.sleep(CHECK_SESSION_S)
        if await run_in_threadpool(ctx.sessions.check, cookie) is None:
            return


def _shown(ctx: Context, state: TalkState) -> dict[str, Any]:
    """The state for the page, with the name of whoever has the loudspeaker."""
    shown = outward(state)
    if state.by:
        with ctx.services.store.read() as unit:
            other = unit.announcements.get(state.by.partition(".")[0])
        shown["by_user"] = other.requested_by if other is not None else ""
    return shown


async def _tell(socket: WebSocket, data: dict[str, Any]) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_text(json.dumps(data, ensure_ascii=False))
