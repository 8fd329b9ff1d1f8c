"""The duty desk (值班台): who is on duty, the log, reminders, handover, channels of notices."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from console.accounts import password_fits
from console.api.duty_models import (
    MIN_ROLE,
    ChannelOut,
    DoneIn,
    DutyOut,
    HandoverIn,
    HandoverOut,
    LogLineOut,
    LogOut,
    MineOut,
    NoteIn,
    SignIn,
    TaskOut,
    TurnOut,
)
from console.api.moments import moment
from console.api.outward import outward
from console.context import Context, Ctx, Monitor, Viewer
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.duty import (
    DutyDesk,
    DutyRefusedError,
    DutyTask,
    Handover,
    LogCategory,
    TaskKind,
    TaskState,
)
from core.errors import WardwatchError
from core.store.users import Role
from core.value import Language

router = APIRouter(prefix="/duty", tags=["duty"])

Categories = Annotated[list[LogCategory] | None, Query(alias="category")]


@router.get("")
def now(ctx: Ctx, _: Viewer) -> DutyOut:
    """The shift that runs, who comes next, what is to be done, and the channels."""
    found = outward(desk_of(ctx).now())
    told = ctx.services.notifications
    channels = told.channels() if told is not None else ()
    return DutyOut.model_validate(
        {
            **found,
            "planned_shifts": bool(ctx.services.site.duty.shifts),
            "channels": [ChannelOut.model_validate(outward(one)) for one in channels],
        }
    )


@router.get("/mine")
def mine(ctx: Ctx, signed: Viewer) -> MineOut:
    """What this person must see on whatever page: a question to answer, or what is overdue."""
    if ctx.services.duty is None:
        return MineOut(on_duty=False, awake=[], overdue=[])
    found = ctx.services.duty.now()
    name = signed.user.name
    here = found.turn is not None and name in found.turn.on_duty()
    waiting = [one for one in found.tasks if one.open and one.due_ns <= found.now_ns]
    awake = [one for one in waiting if one.kind is TaskKind.AWAKE] if here else []
    late = [one for one in waiting if one.late and _concerns(one, signed)]
    return MineOut(
        on_duty=here,
        awake=[_task(one) for one in reversed(awake)],
        overdue=[_task(one) for one in late],
    )


@router.post("/sign-on")
def sign_on(ctx: Ctx, signed: Monitor) -> TurnOut:
    """Take a seat; begins the shift when none runs."""
    with _refusals(signed.user.language):
        turn = desk_of(ctx).sign_on(signed.user.name)
    return TurnOut.model_validate(outward(turn))


@router.post("/sign-off")
def sign_off(ctx: Ctx, signed: Monitor) -> TurnOut:
    """Leave the desk while a colleague stays."""
    with _refusals(signed.user.language):
        turn = desk_of(ctx).sign_off(signed.user.name)
    return TurnOut.model_validate(outward(turn))


@router.post("/tasks/{task_id:path}/done")
def done(task_id: str, given: DoneIn, ctx: Ctx, signed: Monitor) -> TaskOut:
    """A patrol was made, or somebody is awake."""
    with _refusals(signed.user.language):
        return _task(desk_of(ctx).do(task_id, signed.user.name, given.remark))


@router.get("/log")
def log(
    ctx: Ctx,
    _: Viewer,
    first: Annotated[str, Query(alias="from")],
    last: Annotated[str, Query(alias="to")],
    category: Categories = None,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> LogOut:
    """The duty log, newest first."""
    lines = desk_of(ctx).log(
        moment("from", first),
        moment("to", last),
        categories=tuple(category or ()),
        before=before,
        limit=limit,
    )
    return LogOut(
        items=[LogLineOut.model_validate(outward(one)) for one in lines],
        next=lines[-1].seq if len(lines) == limit else None,
    )


@router.get("/log.pdf")
def log_pdf(
    ctx: Ctx,
    signed: Viewer,
    first: Annotated[str, Query(alias="from")],
    last: Annotated[str, Query(alias="to")],
    category: Categories = None,
) -> Response:
    """The same as a document."""
    first_ns, last_ns = moment("from", first), moment("to", last)
    ctx.views.note(signed, "duty.export", "log", first=first, last=last)
    with _refusals(signed.user.language):
        made = desk_of(ctx).log_pdf(first_ns, last_ns, tuple(category or ()))
    return _pdf(made, "duty-log")


@router.post("/notes", status_code=201)
def note(given: NoteIn, ctx: Ctx, signed: Monitor) -> LogLineOut:
    """Write into the log; what is written stays, a correction names what it corrects."""
    with _refusals(signed.user.language):
        line = desk_of(ctx).note(signed.user.name, given.text, given.corrects)
    return LogLineOut.model_validate(outward(line))


@router.post("/handover")
def prepare(ctx: Ctx, signed: Monitor) -> HandoverOut:
    """The handover of the running shift, composed when there is none yet."""
    with _refusals(signed.user.language):
        return _handover(desk_of(ctx).prepare(signed.user.name))


@router.post("/handover/recompose")
def recompose(ctx: Ctx, signed: Monitor) -> HandoverOut:
    """Compose it anew; the instructions stay, signatures fall."""
    with _refusals(signed.user.language):
        return _handover(desk_of(ctx).recompose(signed.user.name))


@router.put("/handover")
def edit(given: HandoverIn, ctx: Ctx, signed: Monitor) -> HandoverOut:
    """Change its words; signatures fall."""
    with _refusals(signed.user.language):
        return _handover(desk_of(ctx).edit(signed.user.name, given.revision, given.words))


@router.post("/handover/sign")
def sign(given: SignIn, request: Request, ctx: Ctx, signed: Monitor) -> HandoverOut:
    """Sign it by one's own password; whoever is signed in at this browser."""
    name = _own_word(ctx, given.name.strip(), given.password, request)
    with _refusals(signed.user.language):
        return _handover(desk_of(ctx).sign(name, given.side, given.revision))


@router.get("/handovers/{turn_id}.pdf")
def handover_pdf(turn_id: str, ctx: Ctx, signed: Viewer) -> Response:
    """A handover as a document."""
    ctx.views.note(signed, "duty.export", turn_id)
    with _refusals(signed.user.language):
        made = desk_of(ctx).handover_pdf(turn_id)
    if made is None:
        raise not_found("handover", turn_id)
    return _pdf(made, f"handover-{turn_id}")


def desk_of(ctx: Context) -> DutyDesk:
    """The desk.

    Raises:
        ProblemError: 503 where there is none.
    """
    if ctx.services.duty is None:
        raise ProblemError(503, "no-duty", "There is no duty desk here")
    return ctx.services.duty


@contextmanager
def _refusals(language: Language) -> Iterator[None]:
    """What the desk refuses, with all that is missing, in the person's language."""
    try:
        yield
    except DutyRefusedError as refused:
        joint = "；" if language == "zh" else "; "
        said = joint.join(one[language] for one in refused.why)
        raise ProblemError(409, "duty", "Not possible now", said) from None
    except WardwatchError as error:
        raise ProblemError(503, "duty-paper", "The document cannot be made", str(error)) from None


def _own_word(ctx: Context, name: str, password: str, request: Request) -> str:
    """The name of the account whose password this is; guessing is slowed as at the sign-in."""
    address = request.client.host if request.client else "unknown"
    keys = (f"name:{name}", f"address:{address}")
    wait_s = ctx.throttle.wait_s(*keys)
    if wait_s > 0:
        again = str(math.ceil(wait_s))
        raise ProblemError(
            429, "throttled", "Too many failed sign-ins", f"Try again in {again} s.",
            {"retry-after": again},
        )  # fmt: skip
    with ctx.services.store.read() as unit:
        user = unit.users.get(name)
    if not password_fits(user, password) or user is None:
        ctx.throttle.failed(*keys)
        with ctx.services.store.begin() as unit:
            unit.audit.append("system", "session.refused", name, detail={"address": address})
        raise ProblemError(403, "wrong-password", "Name or password is wrong")
    ctx.throttle.succeeded(*keys)
    if not Signed(user, "", "").may(MIN_ROLE):
        raise ProblemError(403, "role", "Your role does not allow this", "Viewers do not sign.")
    return user.name


def _concerns(task: DutyTask, signed: Signed) -> bool:
    """The chief of the shift at first; every chief once it was reported upward."""
    if task.state is TaskState.ESCALATED or task.chief is None:
        return signed.may(Role.CHIEF)
    return task.chief == signed.user.name


def _task(task: DutyTask) -> TaskOut:
    return TaskOut.model_validate(outward(task))


def _handover(found: Handover) -> HandoverOut:
    return HandoverOut.model_validate(outward(found))


def _pdf(made: bytes, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)
