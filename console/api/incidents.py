"""Incidents: the list, one with all that belongs to it, and what people do about it."""

from collections.abc import Mapping
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Query

from console.api.evidence import evidence_out
from console.api.models import (
    ActionIn,
    AnnouncementOut,
    AuditOut,
    CatalogueOut,
    CommandOut,
    EvidenceOut,
    IncidentFile,
    IncidentList,
    IncidentOut,
    NoticeOut,
    OrderOut,
    ReceiptOut,
    SummonsOut,
)
from console.api.notices import concerns
from console.api.outward import outward
from console.api.status import RUNNING
from console.api.suppressions import made_by
from console.commanding import hand_over
from console.context import Context, Ctx, Monitor, Viewer
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.cases import Announcement, Incident, IncidentState, Order, Receipt, Severity
from core.clock import iso, local_day
from core.compliance import compliance
from core.config.catalogue import Authority
from core.lawbook import disposal, finding, ruling
from core.messages import Action, Command
from core.reviews import standing
from core.seeing import Kind
from core.store.unit import Unit
from core.store.users import Role
from core.value import new_id

router = APIRouter(prefix="/incidents", tags=["incidents"])
_log = structlog.get_logger()

FINAL = (IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.TRANSFERRED)
OPEN = tuple(state.value for state in IncidentState if state not in FINAL)
_DONE = (IncidentState.COMPLIED, IncidentState.CHECKED)
_SILENT = (*_DONE, IncidentState.HANDLED)
_NEEDS_REASON = (
    Action.DISMISS,
    Action.CLOSE,
    Action.TRANSFER,
    Action.REOPEN,
    Action.SPLIT,
)
_CHIEFS = (Action.CLOSE, Action.TRANSFER, Action.REOPEN)
_BUSY = (
    IncidentState.DISPATCHED,
    IncidentState.ACKNOWLEDGED,
    IncidentState.EN_ROUTE,
    IncidentState.ON_SCENE,
)


@router.get("")
def incidents(
    ctx: Ctx,
    _: Viewer,
    state: Annotated[list[IncidentState] | None, Query()] = None,
    kind: Annotated[list[Kind] | None, Query()] = None,
    severity: Severity | None = None,
    camera: str | None = None,
    source: Annotated[
        Literal["tip"] | None, Query(description="Of the public alone: no camera shows the place.")
    ] = None,
    unfinished: Annotated[bool, Query(alias="open", description="Only running ones.")] = False,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,19}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> IncidentList:
    """Incidents, newest first."""
    where: dict[str, str | bool | list[str]] = {}
    if state:
        where["state"] = [one.value for one in state]
    elif unfinished:
        where["state"] = list(OPEN)
    if kind:
        where["kind"] = [one.value for one in kind]
    if severity:
        where["severity"] = severity.value
    if camera:
        where["camera"] = camera
    elif source == "tip":
        where["camera"] = ""
    with ctx.services.store.read() as unit:
        found = unit.incidents.find(
            newest_by="started_ns",
            before=int(cursor) if cursor else None,
            limit=limit + 1,
            **where,
        )
    page = found[:limit]
    return IncidentList(
        items=[IncidentOut.model_validate(outward(one)) for one in page],
        next=str(page[-1].started_ns) if len(found) > limit else None,
    )


@router.get("/{incident_id}")
def incident(incident_id: str, ctx: Ctx, signed: Viewer) -> IncidentFile:
    """One incident with its timeline, warnings, orders, evidence and audit entries."""
    with ctx.services.store.read() as unit:
        _find(unit, incident_id)
    ctx.views.note(signed, "incident.view", incident_id)
    with ctx.services.store.read() as unit:
        found = _find(unit, incident_id)
        receipts = {one.announcement: one for one in unit.receipts.find(incident=incident_id)}
        announcements = sorted(
            unit.announcements.find(incident=incident_id), key=lambda one: one.requested_ns
        )
        orders = sorted(
            unit.orders.find(incident=incident_id),
            key=lambda one: one.history[0].at_ns if one.history else 0,
        )
        evidence = unit.evidence.find(incident=incident_id)
        sightings = unit.sightings_of(found)
        audit = list(unit.audit.entries(incident_id))
        suppression = made_by(unit, found, ctx.services.clock.utc_ns())
        reviews = unit.reviews.find(incident=incident_id)
        notices = sorted(
            (one for one in unit.notices.find(incident=incident_id) if concerns(one, signed)),
            key=lambda one: (one.at_ns, one.id),
        )
        catalogue = _catalogue(ctx, unit, found)
        summons = [made for one in orders for made in _summons(unit, one.id)]
    return IncidentFile(
        incident=IncidentOut.model_validate(outward(found)),
        announcements=[_announcement(one, receipts) for one in announcements],
        orders=[OrderOut.model_validate(outward(one)) for one in orders],
        evidence=[evidence_out(one) for one in evidence],
        audit=[AuditOut.model_validate(outward(one)) for one in audit],
        catalogue=catalogue,
        actions=allowed(ctx, found, signed, led=_led(orders)),
        compliance=compliance(found, announcements, receipts.values(), sightings),
        notices=[NoticeOut.model_validate(outward(one)) for one in notices],
        summons=summons,
        suppression=suppression,
        standing=standing(reviews, {one.sha256 for one in evidence if one.parent_sha256 is None}),
    )


def _summons(unit: Unit, order: str) -> list[SummonsOut]:
    """The last word of each delivery: one that failed may have arrived later."""
    newest = {
        str(one.detail.get("delivery")): one
        for one in unit.audit.entries(order)
        if one.action in ("summons.sent", "summons.failed")
    }
    return [
        SummonsOut(
            order=order,
            officer=str(one.detail.get("officer")),
            channel=str(one.detail.get("channel")),
            event=str(one.detail.get("event")),
            reached=one.action == "summons.sent",
            at=iso(one.at_ns),
            error=one.reason,
        )
        for one in newest.values()
    ]


@router.get("/{incident_id}/evidence")
def evidence_of(incident_id: str, ctx: Ctx, _: Viewer) -> list[EvidenceOut]:
    """The sealed files of one incident."""
    with ctx.services.store.read() as unit:
        _find(unit, incident_id)
        return [evidence_out(one) for one in unit.evidence.find(incident=incident_id)]


@router.post("/{incident_id}/actions", status_code=202)
def act(incident_id: str, given: ActionIn, ctx: Ctx, signed: Monitor) -> CommandOut:
    """Decide something about it. What becomes of that is told by the events."""
    with ctx.services.store.read() as unit:
        found = _find(unit, incident_id)
        led = _led(unit.orders.find(incident=incident_id))
        into = unit.incidents.get(given.into) if given.action is Action.JOIN else None
    reason = given.reason.strip()
    if given.seen is not None and given.seen != found.version:
        raise ProblemError(
            409,
            "moved-on",
            "Somebody else decided first",
            f"{found.id} is {found.state.value} now: look again, then decide.",
        )
    _check_action(ctx, found, given, reason, signed, led)
    if given.action is Action.JOIN:
        _check_joined(found, into)
    if given.action is Action.SPLIT:
        _check_split(found, set(given.sightings))
    command = Command(
        id=new_id("cmd"),
        incident=incident_id,
        action=given.action,
        user=signed.user.name,
        at_ns=ctx.services.clock.utc_ns(),
        reason=reason,
        officer=given.officer,
        seen=given.seen,
        to=given.to.strip(),
        documents=tuple(given.documents),
        group=given.group,
        priority=given.priority,
        volume=given.volume,
        into=given.into,
        sightings=tuple(given.sightings),
    )
    detail = {"officer": given.officer or ""}
    if given.action is Action.TRANSFER:
        detail |= {"to": command.to, "documents": "; ".join(command.documents)}
    if given.action is Action.JOIN:
        detail |= {"into": command.into}
    if given.action is Action.SPLIT:
        detail |= {"sightings": ", ".join(command.sightings)}
    if given.action is Action.WARN:
        detail |= {"priority": command.priority.value, "group": command.group or ""}
    return hand_over(ctx, signed, command, detail)


def allowed(ctx: Context, found: Incident, signed: Signed, *, led: bool) -> list[Action]:
    """What this person may do with the incident in its present state.

    Args:
        led: an officer has been asked to come, or is on the way or there.
    """
    if not signed.may(Role.MONITOR):
        return []
    if found.state in FINAL:
        return [Action.REOPEN] if signed.may(Role.CHIEF) else []
    camera = ctx.services.site.camera(found.camera)
    actions = []
    if found.state in (IncidentState.DETECTED, IncidentState.REOPENED):
        actions.append(Action.CONFIRM)
    if camera is not None and camera.speaker is not None and found.state not in _SILENT:
        actions.append(Action.WARN)
    if found.state not in _DONE:
        actions.append(Action.DISPATCH)
    if found.state in _BUSY and led:
        actions.append(Action.SUPPORT)
    actions += [Action.DISMISS, Action.JOIN]
    if len(found.sightings) > 1:
        actions.append(Action.SPLIT)
    if signed.may(Role.CHIEF):
        actions += [Action.TRANSFER, Action.CLOSE]
    return actions


def _check_action(
    ctx: Context, found: Incident, given: ActionIn, reason: str, signed: Signed, led: bool
) -> None:
    if given.action in _CHIEFS and not signed.may(Role.CHIEF):
        raise ProblemError(
            403, "role", "Your role does not allow this", f"To {given.action.value} needs chief."
        )
    if given.action not in allowed(ctx, found, signed, led=led):
        raise ProblemError(
            409,
            "state",
            "Not possible in this state",
            f"{given.action.value} is not possible while {found.id} is {found.state.value}.",
        )
    if given.action in _NEEDS_REASON and not reason:
        raise ProblemError(
            422, "reason", "A reason is needed", f"Say why you {given.action.value} it."
        )
    # A warning with a reason overrides quiet hours, pauses and maximum repeats (a logged right).
    if given.action is Action.WARN and reason and not signed.may(Role.CHIEF):
        raise ProblemError(
            403, "override", "Only a chief may override", "Warn without a reason, or ask the chief."
        )
    _check_manner(ctx, given)
    if given.officer is not None:
        if given.action not in (Action.DISPATCH, Action.SUPPORT):
            raise ProblemError(422, "officer", "Only dispatch and support take an officer")
        if ctx.services.site.officer(given.officer) is None:
            raise not_found("officer", given.officer)


def _check_manner(ctx: Context, given: ActionIn) -> None:
    if given.action is Action.TRANSFER and not given.to.strip():
        raise ProblemError(422, "to", "Say which department it is transferred to")
    if given.group is not None and ctx.services.site.speaker_group(given.group) is None:
        raise not_found("loudspeaker group", given.group)


def _check_joined(found: Incident, into: Incident | None) -> None:
    if into is None or into.id == found.id:
        raise ProblemError(422, "into", "Say which other incident is the same act")
    if into.state in FINAL or into.kind is not found.kind:
        raise ProblemError(
            409,
            "into",
            "Not one act",
            f"{into.id} is {into.state.value}, {into.kind.value}; it takes an open incident of "
            "the same kind.",
        )


def _check_split(found: Incident, taken: set[str]) -> None:
    if not taken or not taken < set(found.sightings):
        raise ProblemError(
            422, "sightings", "Choose some of its sightings", f"Leave one with {found.id} at least."
        )


def _led(orders: list[Order]) -> bool:
    return any(one.role == "lead" and one.state in RUNNING for one in orders)


def _find(unit: Unit, incident_id: str) -> Incident:
    found = unit.incidents.get(incident_id)
    if found is None:
        raise not_found("incident", incident_id)
    return found


def _announcement(one: Announcement, receipts: Mapping[str, Receipt]) -> AnnouncementOut:
    def out(receipt: Receipt) -> ReceiptOut:
        return ReceiptOut.model_validate(outward(receipt))

    own = receipts.get(one.id)
    others = [out(receipts[name]) for name in sorted(receipts) if name.startswith(f"{one.id}.")]
    given = {"receipt": out(own) if own else None, "others": others}
    return AnnouncementOut.model_validate({**outward(one), **given})


def _catalogue(ctx: Context, unit: Unit, found: Incident) -> CatalogueOut | None:
    law = ruling(unit, ctx.services.site.catalogue, found)
    if law is None:
        return None
    fields = law.content.model_dump(mode="json", include=set(CatalogueOut.model_fields))
    day = local_day(found.started_ns, ctx.services.site.zone_info)
    where = disposal(unit, law, day)
    if where.way != "unknown":  # the township's own list goes before what is usual
        power = where.power
        fields["authority"] = power.authority.value if power else Authority.TRANSFER.value
    known = finding(unit, law.id)
    if known is not None:
        fields["verified_by"] = known.by if known.confirmed else ""
    return CatalogueOut.model_validate(fields)
