"""Evidence whose local copy was given up: shown from the storage elsewhere, a range at a time."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from console.api.models import Moment
from console.api.outward import outward
from console.context import Ctx, Viewer
from console.errors import ProblemError
from core.cases import EvidenceItem
from core.errors import WardwatchError
from core.remote import RemoteEvidence

router = APIRouter(prefix="/evidence", tags=["evidence"])

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class ElsewhereOut(BaseModel):
    """How far storing evidence elsewhere has come."""

    where: str
    state: str
    waiting: int
    waiting_bytes: int
    oldest: Moment | None
    sent: int
    sent_bytes: int
    failures: int
    last: Moment | None
    error: str
    problems: list[str]


@router.get("/elsewhere")
def elsewhere(ctx: Ctx, _: Viewer) -> ElsewhereOut | None:
    """How far storing evidence elsewhere has come; null where all of it stays here."""
    remote = ctx.services.remote
    return None if remote is None else ElsewhereOut.model_validate(outward(remote.state()))


def streamed(
    remote: RemoteEvidence, item: EvidenceItem, request: Request, headers: dict[str, str], mime: str
) -> Response:
    """The file or the part of it that is asked for (RFC 9110 section 14), as it arrives.

    Raises:
        ProblemError: 416 when there is no such part, 503 when the storage is away.
    """
    wanted = _wanted(request, item, headers.get("etag", ""))
    first, last = wanted or (0, item.bytes - 1)
    headers = {**headers, "accept-ranges": "bytes", "content-length": str(last - first + 1)}
    if wanted is not None:
        headers["content-range"] = f"bytes {first}-{last}/{item.bytes}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD" or not item.bytes:
        return Response(status_code=status, headers=headers, media_type=mime)
    try:
        pieces = remote.read(item, first, last)
    except WardwatchError as error:
        raise away(error) from None
    return StreamingResponse(pieces, status, headers, mime)


def away(error: WardwatchError) -> ProblemError:
    """What a page is told when the storage does not give the file."""
    return ProblemError(503, "elsewhere", "The file lies elsewhere and cannot be had", str(error))


def _wanted(request: Request, item: EvidenceItem, etag: str) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole file, also when several parts are."""
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    only_if = request.headers.get("if-range")
    if asked is None or asked.group() == "bytes=-" or (only_if is not None and only_if != etag):
        return None
    begin, end = asked.groups()
    if begin:
        first, last = int(begin), min(int(end) if end else item.bytes - 1, item.bytes - 1)
    else:
        first, last = max(0, item.bytes - int(end)), item.bytes - 1
    if first > last:
        raise ProblemError(416, "range", "There is no such part", f"{item.bytes} bytes")
    return first, last
