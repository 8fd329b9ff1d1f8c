"""The disks: how they are, and what was deleted from them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from console.api.models import Moment
from console.api.outward import outward
from console.context import Ctx, Viewer
from console.errors import ProblemError
from core.clock import NS_PER_S
from core.errors import WardwatchError
from core.storage import AlarmKind, VolumeCondition

router = APIRouter(prefix="/storage", tags=["storage"])

STALE_S = 60


class VolumeOut(BaseModel):
    volume: str
    condition: VolumeCondition
    since: Moment
    size_bytes: int
    free_bytes: int
    recorded_bytes: int
    locked_bytes: int
    most_bytes: int | None
    oldest: Moment | None
    days: float | None
    detail: str


class TroubleOut(BaseModel):
    kind: AlarmKind
    since: Moment
    volume: str
    detail: str


class StorageOut(BaseModel):
    """As the recorder last told it."""

    at: Moment
    volumes: list[VolumeOut]
    troubles: list[TroubleOut]
    days_wanted: float
    days: float | None


class RemovedOut(BaseModel):
    """One record of deletions."""

    seq: int
    at: Moment
    act: str
    by: str
    reason: str
    rule: str
    unit: str
    signed: bool
    things: int
    size_bytes: int
    cameras: list[str]
    first: Moment | None
    last: Moment | None
    example: str


@router.get("")
def storage(ctx: Ctx, _: Viewer) -> StorageOut | None:
    """How the disks are; null when the recorder has not said so for a minute."""
    found = ctx.services.feed.storage()
    oldest_ns = ctx.services.clock.utc_ns() - STALE_S * NS_PER_S
    if found is None or found.at_ns < oldest_ns:
        return None
    return StorageOut.model_validate(outward(found))


@router.get("/deletions")
def deletions(
    ctx: Ctx, _: Viewer, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[RemovedOut]:
    """What was deleted lately, when, why and by which rule; newest first."""
    books = ctx.services.deletions
    if books is None:
        raise ProblemError(503, "no-deletions", "The records of deletions are out of reach")
    try:
        found = books.newest(limit)
    except WardwatchError as error:
        raise ProblemError(
            503, "no-deletions", "The records of deletions cannot be read", str(error)
        ) from error
    return [RemovedOut.model_validate(outward(one)) for one in found]
