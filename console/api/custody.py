"""Evidence in people's hands: the register, copies to hand on, recordings kept and released."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from console.api.moments import moment
from console.api.outward import outward
from console.context import Chief, Context, Ctx, Monitor, Viewer
from console.errors import ProblemError, not_found
from core.cases import EvidenceItem
from core.clock import NS_PER_S, iso
from core.config.base import Id
from core.copies import COPIES_WANTED, CopyWanted, Masking
from core.custody import Custody, Kept
from core.errors import WardwatchError
from core.value import new_id

router = APIRouter(tags=["custody"])
_log = structlog.get_logger()

KEEP_MOST_S = 32 * 86_400
_COPIED = ("clip", "before", "after")

Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S.*\S")]


class HandledOut(BaseModel):
    """One event of the register."""

    seq: int
    at: Moment
    actor: str
    unit: str
    action: str
    reason: str
    object: str
    sha256: str | None


class CopyIn(Given):
    kind: Literal["working", "redacted"]
    masking: Masking | None = Field(default=None, description="redacted: what is masked.")
    sound: bool | None = Field(
        default=None, description="Keep the sound; without it, only a working copy does."
    )
    reason: Reason


class CopyOut(BaseModel):
    copy_id: str = Field(description="Ids of the sealed copy and its derivation begin with it.")


class KeptOut(BaseModel):
    owner: str
    camera: str
    first: Moment
    last: Moment
    incident: str | None
    reason: str
    by: str
    made: Moment


class KeepIn(Given):
    camera: Id
    first: str = Field(description="ISO 8601 with an offset.")
    last: str = Field(description="ISO 8601 with an offset.")
    incident: str | None = Field(default=None, max_length=80)
    reason: Reason


class ReleaseIn(Given):
    reason: Reason


@router.get("/incidents/{incident_id}/register")
def register(incident_id: str, ctx: Ctx, _: Viewer) -> list[HandledOut]:
    """Who had the evidence of an incident in hand, when and why (调用登记); oldest first."""
    _known_incident(ctx, incident_id)
    with refused_if_not_told():
        found = custody_of(ctx).register(incident_id)
    return [HandledOut.model_validate(outward(one)) for one in found]


@router.post("/evidence/{evidence_id}/copies", status_code=202)
def copy(evidence_id: str, given: CopyIn, ctx: Ctx, signed: Monitor) -> CopyOut:
    """Ask for a working or masked copy of a clip; it is sealed when it is ready."""
    with ctx.services.store.read() as unit:
        item = unit.evidence.get(evidence_id)
    if item is None:
        raise not_found("evidence", evidence_id)
    if item.role not in _COPIED:
        raise ProblemError(
            409, "no-clip", "Only clips are copied", f"{evidence_id} is a {item.role}."
        )
    masked = given.kind == "redacted"
    if not masked and given.masking is not None:
        raise ProblemError(422, "masking", "A working copy is not masked")
    _within_the_clip(item, given.masking)
    wanted = CopyWanted(
        id=new_id("cpy"),
        incident=item.incident,
        item=item.id,
        masking=(given.masking or Masking()) if masked else None,
        sound=not masked if given.sound is None else given.sound,
        by=signed.user.name,
        reason=given.reason.strip(),
    )
    detail = {"copy": wanted.id, "kind": given.kind, "evidence": item.id}
    with ctx.services.store.begin() as unit:
        unit.audit.append(signed.user.name, "evidence.copy", item.incident, wanted.reason, detail)
    try:
        ctx.services.send(COPIES_WANTED, wanted)
    except Exception as error:
        _log.error("console.copy_not_sent", copy=wanted.id, error=str(error))
        raise ProblemError(
            503, "bus", "The wish could not be handed over", "Try again.", {"retry-after": "5"}
        ) from None
    return CopyOut(copy_id=wanted.id)


def _within_the_clip(item: EvidenceItem, masking: Masking | None) -> None:
    """Refuse a mask that nobody would ever see: whoever drew it thinks that something is hidden."""
    lasts_s = (item.last_ns - item.first_ns) / NS_PER_S
    for number, mask in enumerate(masking.manual if masking else (), 1):
        if mask.from_s >= lasts_s:
            raise ProblemError(
                422,
                "mask",
                "A mask is not valid",
                f"mask {number} begins at {mask.from_s:g} s, the clip lasts {lasts_s:g} s",
            )


@router.get("/locks")
def locks(
    ctx: Ctx,
    _: Viewer,
    incident: Annotated[str | None, Query(description="Only those for its sake.")] = None,
) -> list[KeptOut]:
    """Recordings that retention leaves alone, and for whose sake; the latest range first."""
    found = [
        one for one in custody_of(ctx).kept()
        if incident is None or incident in (one.incident, one.owner)
    ]  # fmt: skip
    found.sort(key=lambda one: (one.first_ns, one.owner, one.camera), reverse=True)
    return [_kept_out(one) for one in found]


@router.post("/locks", status_code=201)
def keep(given: KeepIn, ctx: Ctx, signed: Monitor) -> KeptOut:
    """Keep a stretch of recordings without taking it out."""
    first_ns, last_ns = moment("first", given.first), moment("last", given.last)
    if not 0 < last_ns - first_ns <= KEEP_MOST_S * NS_PER_S:
        raise ProblemError(
            422,
            "range",
            "The range is empty or too long",
            f"More than 0 and up to {KEEP_MOST_S} s.",
        )
    if ctx.services.site.camera(given.camera) is None:
        raise not_found("camera", given.camera)
    if given.incident is not None:
        _known_incident(ctx, given.incident)
    kept = Kept(
        owner=new_id("lock"),
        camera=given.camera,
        first_ns=first_ns,
        last_ns=last_ns,
        incident=given.incident,
        reason=given.reason.strip(),
        by=signed.user.name,
        made_ns=ctx.services.clock.utc_ns(),
    )
    detail = {"camera": kept.camera, "from": iso(first_ns), "to": iso(last_ns), "lock": kept.owner}
    with ctx.services.store.begin() as unit:
        unit.audit.append(
            kept.by, "recording.lock", given.incident or kept.owner, kept.reason, detail
        )
    with refused_if_not_told():
        custody_of(ctx).keep(kept)
    return _kept_out(kept)


@router.post("/locks/{owner}/release")
def release(owner: str, given: ReleaseIn, ctx: Ctx, signed: Chief) -> list[KeptOut]:
    """Leave recordings to retention again; those that were kept until now."""
    custody = custody_of(ctx)
    found = [one for one in custody.kept() if one.owner == owner]
    if not found:
        raise not_found("lock", owner)
    reason = given.reason.strip()
    with ctx.services.store.begin() as unit:
        for one in found:
            detail = {"camera": one.camera, "from": iso(one.first_ns), "to": iso(one.last_ns)}
            unit.audit.append(
                signed.user.name,
                "recording.release",
                one.incident or owner,
                reason,
                {**detail, "lock": owner},
            )
    with refused_if_not_told():
        released = custody.release(owner, actor=signed.user.name, reason=reason)
    return [_kept_out(one) for one in released]


def _known_incident(ctx: Context, incident_id: str) -> None:
    with ctx.services.store.read() as unit:
        if unit.incidents.get(incident_id) is None:
            raise not_found("incident", incident_id)


def _kept_out(kept: Kept) -> KeptOut:
    return KeptOut.model_validate(outward(kept))


def custody_of(ctx: Context) -> Custody:
    """The register.

    Raises:
        ProblemError: 503 where it is out of reach.
    """
    if ctx.services.custody is None:
        raise ProblemError(503, "no-register", "The register cannot be reached from here")
    return ctx.services.custody


@contextmanager
def refused_if_not_told() -> Iterator[None]:
    """What the register cannot be told of is not done; nor is it shown when it is damaged.

    Raises:
        ProblemError: 503.
    """
    try:
        yield
    except WardwatchError as error:
        raise ProblemError(503, "register", "The register cannot be used", str(error)) from error
