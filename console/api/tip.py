"""The public's side of tips (线索举报): no account, no cookie."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from console.api.site import ground_of
from console.bodies import whole
from console.context import Ctx
from console.tips.models import (
    ChallengeOut,
    CodeIn,
    Received,
    StatusOut,
    TipIn,
    TipLimits,
    TipPage,
    Token,
)

router = APIRouter(prefix="/tip", tags=["tip"])

_MOST_PHOTOS = 10


@router.get("")
def page(ctx: Ctx) -> TipPage:
    """What the page needs to begin."""
    site, config = ctx.services.site, ctx.services.site.tips
    return TipPage(
        enabled=config.enabled,
        site=site.name,
        centre=site.centre,
        notice=config.notice,
        keep_days=config.keep_days,
        limits=TipLimits(
            words=config.max_words,
            photos=config.max_photos,
            photo_mb=config.max_photo_mb,
            reach_km=config.reach_km,
            oldest_days=config.oldest_days,
        ),
    )


@router.get("/map", response_model=dict[str, Any])
def ground(ctx: Ctx) -> JSONResponse:
    """The map's ground as GeoJSON (RFC 7946): the land and its names, nothing of the house."""
    answer = ground_of(ctx)
    answer.headers["cache-control"] = "public, max-age=3600"
    return answer


@router.post("/challenge")
def challenge(ctx: Ctx) -> ChallengeOut:
    """Something for the phone to reckon on before it may send a tip."""
    bits = ctx.tips.bits()
    return ChallengeOut(challenge=ctx.tips.challenges.new(bits), bits=bits)


@router.post("", status_code=201)
def submit(given: TipIn, request: Request, ctx: Ctx) -> Received:
    """A tip; the same token again gives the same answer."""
    return ctx.tips.submit(given, _address(request))


@router.put("/photos/{number}")
async def photo(
    number: Annotated[int, Path(ge=0, lt=_MOST_PHOTOS)],
    request: Request,
    ctx: Ctx,
    x_tip_token: Annotated[Token, Header()],
) -> Received:
    """One photo as the body, counted from 0."""
    await run_in_threadpool(ctx.tips.expects, x_tip_token, _address(request))
    most = round(ctx.services.site.tips.max_photo_mb * 1e6)
    content = await whole(request, most, "The photo is too large")
    return await run_in_threadpool(ctx.tips.photo, x_tip_token, number, content, _address(request))


@router.post("/status")
def status(given: CodeIn, request: Request, ctx: Ctx) -> StatusOut:
    """What became of a tip. The code comes in the body, so that no log of addresses holds it."""
    return ctx.tips.status(given.code, _address(request))


def _address(request: Request) -> str:
    """As for sign-ins: a proxy's word is taken by the server only where it trusts the proxy."""
    return request.client.host if request.client else "unknown"
