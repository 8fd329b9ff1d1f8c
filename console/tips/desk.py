"""Tips at the desk: the list, one of them with what lies near it, and the decision."""

import structlog

from console.api.models import IncidentOut
from console.api.outward import outward
from console.context import Context
from console.errors import ProblemError, not_found
from console.sessions import Signed
from console.tips.models import (
    CameraNear,
    DecisionIn,
    DecisionOut,
    NearOut,
    PhotoOut,
    StepOut,
    TipFile,
    TipList,
    TipRow,
)
from core.clock import iso
from core.messages import TIP_DECISIONS
from core.store.unit import Unit
from core.tips import (
    WAITING,
    Tip,
    TipAction,
    TipChanged,
    TipDecision,
    TipState,
    nearby,
)
from core.value import new_id

NEWEST = 200
CAMERAS = 5
CAMERA_M = 1500.0
"""No camera is offered that stands farther away."""
_LOOKED_AT = 1000
_log = structlog.get_logger()


def tips(ctx: Context, *, waiting: bool) -> TipList:
    """The newest, all or only those that nobody has decided."""
    states = WAITING if waiting else tuple(TipState)
    with ctx.services.store.read() as unit:
        found = unit.tips.find(
            newest_by="submitted_ns", state=[one.value for one in states], limit=NEWEST
        )
        count = sum(unit.tips.count(state=one.value) for one in WAITING)
    return TipList(items=[TipRow.model_validate(_row(one)) for one in found], waiting=count)


def look(ctx: Context, signed: Signed, tip_id: str) -> TipFile:
    """One tip. Whoever looks first has taken it up (研判中), and the public may know that."""
    with ctx.services.store.read() as unit:
        find(unit, tip_id)
    ctx.views.note(signed, "tip.view", tip_id)
    moved = False
    with ctx.services.store.begin() as unit:
        tip = find(unit, tip_id)
        if tip.state is TipState.RECEIVED:
            now_ns = ctx.services.clock.utc_ns()
            tip = tip.step(TipState.REVIEWING, now_ns, signed.user.name)
            unit.tips.put(tip)
            facts = {"from": TipState.RECEIVED.value, "to": tip.state.value}
            unit.audit.append(signed.user.name, "tip.state", tip.id, "", facts)
            moved = True
        incidents = unit.incidents.find(newest_by="started_ns", limit=_LOOKED_AT)
    if moved:
        now_ns = ctx.services.clock.utc_ns()
        ctx.services.feed.push("tips", TipChanged(id=tip.id, state=tip.state, at_ns=now_ns))
    site, config = ctx.services.site, ctx.services.site.tips
    others = [one for one in incidents if one.id != tip.incident]
    near = nearby(tip, others, config.near_m, config.near_hours * 3600)
    cameras = sorted(
        (one.place.distance_m(tip.place), one.id, one.name)
        for one in site.cameras
        if one.enabled and one.place is not None
        if one.place.distance_m(tip.place) <= CAMERA_M
    )
    return TipFile.model_validate(
        {
            **_row(tip),
            "version": tip.version,
            "placed": tip.placed,
            "language": tip.language,
            "photos_expected": tip.photos_expected,
            "pictures": [
                PhotoOut(
                    number=one.number,
                    url=f"/api/v1/tips/{tip.id}/photos/{one.number}",
                    width=one.width,
                    height=one.height,
                    sha256=one.sha256,
                    taken=one.taken,
                    place=one.place,
                    sealed=bool(one.evidence),
                )
                for one in tip.photos
            ],
            "history": [
                StepOut(state=one.state, at=iso(one.at_ns), answer=one.answer, actor=one.actor)
                for one in tip.history
            ],
            "department": tip.department,
            "near": [
                NearOut(
                    incident=IncidentOut.model_validate(outward(one.incident)),
                    distance_m=round(one.distance_m, 1),
                    apart_s=round(one.apart_s, 1),
                )
                for one in near
            ],
            "cameras": [
                CameraNear(id=name, name=words, distance_m=round(metres, 1))
                for metres, name, words in cameras[:CAMERAS]
            ],
            "decidable": tip.decidable,
        }
    )


def decide(ctx: Context, signed: Signed, tip_id: str, given: DecisionIn) -> DecisionOut:
    """Write the decision down, then hand it to the owner of incidents.

    Raises:
        ProblemError: 404, 409 somebody was first, 422 something is missing, 503 no bus.
    """
    with ctx.services.store.read() as unit:
        tip = find(unit, tip_id)
        _check(ctx, unit, tip, given)
    decision = TipDecision(
        id=new_id("tipcmd"),
        tip=tip.id,
        action=given.action,
        user=signed.user.name,
        at_ns=ctx.services.clock.utc_ns(),
        seen=given.seen,
        answer=given.answer,
        incident=given.incident if given.action is TipAction.ATTACH else "",
        kind=given.kind,
        camera=given.camera,
        ongoing=given.ongoing,
        department=given.department,
    )
    facts = {
        "decision": decision.id,
        "incident": decision.incident,
        "kind": decision.kind.value if decision.kind else "",
        "camera": decision.camera,
        "department": decision.department,
    }
    # First the log, then the deed, as with every command.
    with ctx.services.store.begin() as unit:
        unit.audit.append(
            signed.user.name, f"tip.{given.action.value}", tip.id, given.answer, facts
        )
    try:
        ctx.services.send(TIP_DECISIONS, decision)
    except Exception as error:
        _log.error("console.decision_not_sent", decision=decision.id, error=str(error))
        with ctx.services.store.begin() as unit:
            unit.audit.append("system", "command.failed", tip.id, str(error), facts)
        raise ProblemError(
            503, "bus", "The command could not be handed over", "Try again.", {"retry-after": "5"}
        ) from None
    return DecisionOut(decision=decision.id)


def find(unit: Unit, tip_id: str) -> Tip:
    """A tip. Raises 404 when there is none."""
    tip = unit.tips.get(tip_id)
    if tip is None:
        raise not_found("tip", tip_id)
    return tip


def _check(ctx: Context, unit: Unit, tip: Tip, given: DecisionIn) -> None:
    if given.seen != tip.version or not tip.decidable:
        raise ProblemError(
            409,
            "moved-on",
            "Somebody else decided first",
            f"{tip.id} is {tip.state.value} now: look again, then decide.",
        )
    match given.action:
        case TipAction.DECLINE if not given.answer:
            raise ProblemError(422, "reason", "A reason is needed", "The public reads it.")
        case TipAction.TRANSFER if not given.department:
            raise ProblemError(422, "to", "Say which department it is transferred to")
        case TipAction.OPEN if given.kind is None:
            raise ProblemError(422, "kind", "Say what kind of incident it is")
        case TipAction.OPEN if given.camera and ctx.services.site.camera(given.camera) is None:
            raise not_found("camera", given.camera)
        case TipAction.ATTACH if unit.incidents.get(given.incident) is None:
            raise not_found("incident", given.incident)
        case _:
            return


def _row(tip: Tip) -> dict[str, object]:
    return {
        "id": tip.id,
        "kind": tip.kind,
        "state": tip.state,
        "place": tip.place,
        "accuracy_m": tip.accuracy_m,
        "place_words": tip.place_words,
        "words": tip.words,
        "happened": iso(tip.happened_ns),
        "submitted": iso(tip.submitted_ns),
        "photos": len(tip.photos),
        "incident": tip.incident,
    }
