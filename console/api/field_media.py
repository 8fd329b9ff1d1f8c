"""Pictures, voice and film from officers' phones, in pieces that may come again."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool

from console.bodies import whole
from console.context import Ctx
from console.field import media
from console.field.models import FinishIn, MediaIn, MediaOut, PhoneId
from console.field.who import Here

router = APIRouter(prefix="/field/media", tags=["field"])

_MOST_PIECES = 5_000


@router.put("/{media_id}")
def begin(media_id: PhoneId, given: MediaIn, ctx: Ctx, here: Here) -> MediaOut:
    """Announce a file; again: how far it has come."""
    return media.begin(ctx, here, media_id, given)


@router.put("/{media_id}/pieces/{number}")
async def piece(
    media_id: PhoneId,
    number: Annotated[int, Path(ge=0, lt=_MOST_PIECES)],
    request: Request,
    ctx: Ctx,
    here: Here,
) -> MediaOut:
    """One piece, counted from 0, as the body."""
    content = await whole(request, media.PIECE_BYTES, "The piece is too large")
    return await run_in_threadpool(media.piece, ctx, here, media_id, number, content)


@router.post("/{media_id}/finish")
def finish(media_id: PhoneId, given: FinishIn, ctx: Ctx, here: Here) -> MediaOut:
    """All pieces were sent: seal the file as evidence of the incident."""
    return media.finish(ctx, here, media_id, given)
