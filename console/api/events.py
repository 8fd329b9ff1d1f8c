"""Server-sent events (WHATWG HTML section 9.2): what changes, as it changes."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from console.api.notices import concerns
from console.api.outward import outward
from console.context import Viewer, context_of
from console.feed import Topic
from console.field.view import alarm_out
from console.sessions import COOKIE, Signed
from core.cases import Notice
from core.clock import NS_PER_S, iso
from core.fieldwork import FieldAlarm
from core.store.users import Role
from core.tips import TipChanged
from core.value import Value

router = APIRouter(tags=["events"])

CHECK_SESSION_S = 30
PING_S = 15
_EVERY_TOPIC: list[Topic] = [
    "incidents", "positions", "health", "storage", "notices", "alarms", "films", "tips",
]  # fmt: skip


@router.get("/events", response_class=EventSourceResponse)
async def events(
    request: Request,
    signed: Viewer,
    topic: Annotated[list[Topic] | None, Query(description="Which; all but objects.")] = None,
) -> EventSourceResponse:
    """Events named after their topic, each with one whole value as JSON.

    ``hello`` comes first with the server's time; ``resync`` says that messages were lost and
    lists must be loaded again; ``signed-out`` comes last when the session has ended.
    """
    return EventSourceResponse(_events(request, signed, topic or _EVERY_TOPIC), ping=PING_S)


async def _events(
    request: Request, signed: Signed, topics: list[Topic]
) -> AsyncIterator[ServerSentEvent]:
    ctx = context_of(request)
    clock = ctx.services.clock
    # Heard from before the greeting on: after it the browser asks for the lists.
    with ctx.services.feed.listen(topics) as listener:
        yield _event("hello", {"now": iso(clock.utc_ns())})
        checked_ns = clock.monotonic_ns()
        while True:
            batch = await listener.take(CHECK_SESSION_S)
            if clock.monotonic_ns() - checked_ns >= CHECK_SESSION_S * NS_PER_S:
                checked_ns = clock.monotonic_ns()
                cookie = request.cookies.get(COOKIE)
                if await run_in_threadpool(ctx.sessions.check, cookie) is None:
                    yield _event("signed-out", {})
                    return
            for topic, message in batch:
                if isinstance(message, Notice) and not concerns(message, signed):
                    continue
                if isinstance(message, TipChanged) and not signed.may(Role.MONITOR):
                    continue
                yield _event(topic, {} if message is None else _content(message))


def _content(message: Value) -> dict[str, object]:
    if isinstance(message, FieldAlarm):
        return alarm_out(message).model_dump(mode="json")
    return outward(message)


def _event(name: str, data: dict[str, object]) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=json.dumps(data, ensure_ascii=False))
