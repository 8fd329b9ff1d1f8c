"""Tips of the public at the desk."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from console.context import Ctx, Monitor
from console.errors import not_found
from console.tips import desk
from console.tips.models import DecisionIn, DecisionOut, TipFile, TipList

router = APIRouter(prefix="/tips", tags=["tips"])


@router.get("")
def tips(
    ctx: Ctx,
    _: Monitor,
    waiting: Annotated[bool, Query(description="Only those nobody has decided.")] = False,
) -> TipList:
    """Tips, the newest first."""
    return desk.tips(ctx, waiting=waiting)


@router.get("/{tip_id}")
def tip(tip_id: str, ctx: Ctx, signed: Monitor) -> TipFile:
    """One with its photos, and what lies near it. The first look takes it up (研判中)."""
    return desk.look(ctx, signed, tip_id)


@router.get("/{tip_id}/photos/{number}", response_class=FileResponse)
def photo(
    tip_id: str, number: Annotated[int, Path(ge=0, lt=10)], ctx: Ctx, signed: Monitor
) -> FileResponse:
    """The clean photo; what was sent is never served."""
    with ctx.services.store.read() as unit:
        found = desk.find(unit, tip_id)
    path = ctx.tips.album.path(found.id, number)
    if not any(one.number == number for one in found.photos) or not path.is_file():
        raise not_found("photo", str(number))
    ctx.views.note(signed, "tip.view", tip_id)
    return FileResponse(
        path, media_type="image/jpeg", headers={"cache-control": "private, no-store"}
    )


@router.post("/{tip_id}/decisions", status_code=202)
def decide(tip_id: str, given: DecisionIn, ctx: Ctx, signed: Monitor) -> DecisionOut:
    """Decide about it. What becomes of that is told by the events."""
    return desk.decide(ctx, signed, tip_id, given)
