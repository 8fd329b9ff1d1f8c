"""Films from the cards of drones and body cameras: the list, and the film itself."""

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from console.api.models import FilmList, FilmOut
from console.api.moments import moment
from console.api.outward import outward
from console.context import Ctx, Viewer
from console.errors import ProblemError, not_found
from core.films import Film
from core.store.users import Role

router = APIRouter(prefix="/films", tags=["films"])

# What browsers play in place; other films are downloaded.
_SHOWN = {".mp4": "video/mp4", ".mov": "video/quicktime"}


@router.get("")
def films(
    ctx: Ctx,
    _: Viewer,
    since: Annotated[
        str | None, Query(alias="from", description="ISO 8601 with an offset.")
    ] = None,
    until: Annotated[str | None, Query(alias="to", description="ISO 8601 with an offset.")] = None,
    source: Annotated[str | None, Query(max_length=80)] = None,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,19}-[0-9a-f]{64}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> FilmList:
    """Films that show a part of the time between, newest first."""
    where: dict[str, str] = {} if source is None else {"source": source}
    last_ns = None if until is None else moment("to", until)
    first_ns = None if since is None else moment("from", since)
    start, _dash, key = (cursor or "").partition("-")
    with ctx.services.store.read() as unit:
        found = unit.films.spanning(
            first_ns,
            last_ns,
            after=(int(start), key) if cursor else None,
            limit=limit + 1,
            where=where,
        )
    page = found[:limit]
    return FilmList(
        items=[film_out(one) for one in page],
        next=f"{page[-1].start_ns}-{page[-1].id}" if len(found) > limit else None,
    )


@router.get("/{film_id}")
def film(film_id: str, ctx: Ctx, _: Viewer) -> FilmOut:
    """One film."""
    return film_out(_find(ctx, film_id))


@router.get("/{film_id}/content", response_class=FileResponse)
@router.head("/{film_id}/content", include_in_schema=False)
def content(
    film_id: str,
    request: Request,
    ctx: Ctx,
    signed: Viewer,
    download: Annotated[bool, Query(description="Take the film out (an export).")] = False,
) -> FileResponse:
    """The film as it came from the card; answers range requests (RFC 9110 section 14)."""
    found = _find(ctx, film_id)
    base = ctx.services.films_root.resolve()
    path = (base / found.source / found.id / found.file).resolve()
    if not path.is_relative_to(base):
        raise not_found("film", film_id)
    if not path.is_file():
        raise ProblemError(410, "gone", "The film is no longer there", film_id)
    if download and not signed.may(Role.MONITOR):
        raise ProblemError(403, "role", "Your role does not allow this", "It needs monitor.")
    if request.method != "HEAD":
        action = "film.export" if download else "film.view"
        ctx.views.note(signed, action, found.id, source=found.source)
    mime = _SHOWN.get(path.suffix.lower())
    digest = base64.b64encode(bytes.fromhex(found.id)).decode()
    return FileResponse(
        path,
        media_type=mime or "application/octet-stream",
        filename=f"{found.source}-{found.file}",
        content_disposition_type="attachment" if download or mime is None else "inline",
        headers={
            "repr-digest": f"sha-256=:{digest}:",  # RFC 9530
            "cache-control": "private, no-store",
            "etag": f'"{found.id}"',
        },
    )


def film_out(found: Film) -> FilmOut:
    """The film as it leaves the house."""
    return FilmOut.model_validate({**outward(found), "url": f"/api/v1/films/{found.id}/content"})


def _find(ctx: Ctx, film_id: str) -> Film:
    with ctx.services.store.read() as unit:
        found = unit.films.get(film_id)
    if found is None:
        raise not_found("film", film_id)
    return found
