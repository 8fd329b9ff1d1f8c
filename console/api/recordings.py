"""Looking back at recordings: time line, HLS (RFC 8216), films to take out, thumbnails."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from console.api.models import Moment
from console.api.moments import moment
from console.api.outward import outward
from console.context import Context, Ctx, Monitor, Viewer
from console.errors import ProblemError
from core.cases import IncidentState, Severity
from core.clock import NS_PER_S, iso
from core.config.base import Id
from core.playback import Playback
from core.seeing import Kind

router = APIRouter(prefix="/recordings", tags=["recordings"])

PLAYLIST_MOST_S = 6 * 3600
TIMELINE_MOST_S = 32 * 86_400
_UNCHANGING = {"cache-control": "private, max-age=3600, immutable"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")

From = Annotated[str, Query(alias="from", description="ISO 8601 with an offset.")]
To = Annotated[str, Query(alias="to", description="ISO 8601 with an offset.")]


class StretchOut(BaseModel):
    first: Moment
    last: Moment


class HoleOut(StretchOut):
    reason: str
    detail: str


class MarkOut(BaseModel):
    """An incident on the time line."""

    incident: str
    kind: Kind
    severity: Severity
    state: IncidentState
    first: Moment
    last: Moment


class TimelineOut(BaseModel):
    camera: str
    recorded: list[StretchOut]
    holes: list[HoleOut]
    marks: list[MarkOut]


class ActivityOut(BaseModel):
    camera: str
    first: Moment
    part_s: float
    moving: list[int | None] = Field(
        description="255 times the root of the moving share of the picture; null: not analysed."
    )
    people: list[int]
    vehicles: list[int]
    animals: list[int]


class NextOut(BaseModel):
    at: Moment | None


@router.get("/{camera}/timeline")
def timeline(camera: Id, ctx: Ctx, _: Viewer, since: From, until: To) -> TimelineOut:
    """What is on disk of a range, what is not and why, and the incidents in it."""
    first_ns, last_ns = _range(since, until, TIMELINE_MOST_S)
    found = _playback(ctx).timeline(camera, first_ns, last_ns)
    with ctx.services.store.read() as unit:
        incidents = unit.incidents.find(camera=camera, newest_by="started_ns", before=last_ns)
    marks = [
        MarkOut(
            incident=one.id, kind=one.kind, severity=one.severity, state=one.state,
            first=iso(one.started_ns), last=iso(one.last_seen_ns),
        )
        for one in incidents
        if one.last_seen_ns > first_ns
    ]  # fmt: skip
    told = outward(found)
    return TimelineOut.model_validate({**told, "marks": marks})


@router.get("/{camera}/activity")
def activity(
    camera: Id,
    ctx: Ctx,
    _: Viewer,
    since: From,
    until: To,
    parts: Annotated[int, Query(ge=1, le=4000, description="At most; pixels of the bar.")] = 1000,
) -> ActivityOut:
    """How much moved and who was there, in equal parts that each tell the most of their time."""
    first_ns, last_ns = _range(since, until, TIMELINE_MOST_S)
    found = _playback(ctx).activity(camera, first_ns, last_ns, parts)
    return ActivityOut(
        camera=camera,
        first=iso(found.first_ns),
        part_s=found.part_ns / NS_PER_S,
        moving=list(found.moving),
        people=list(found.people),
        vehicles=list(found.vehicles),
        animals=list(found.animals),
    )


@router.get("/{camera}/activity/next")
def next_movement(
    camera: Id,
    ctx: Ctx,
    _: Viewer,
    at: Annotated[str, Query(description="ISO 8601 with an offset.")],
    back: Annotated[bool, Query(description="The last one before, instead.")] = False,
) -> NextOut:
    """When the next movement begins; null when there is none within a week."""
    found = _playback(ctx).next_movement(camera, moment("at", at), back=back)
    return NextOut(at=None if found is None else iso(found))


@router.get("/{camera}/playlist.m3u8", response_class=Response)
def playlist(
    camera: Id,
    ctx: Ctx,
    signed: Viewer,
    since: From,
    until: To,
    epoch: Annotated[str, Query(description="The moment that is media time 0, ISO 8601.")],
) -> Response:
    """A range to be played; the look is written down."""
    first_ns, last_ns = _range(since, until, PLAYLIST_MOST_S)
    epoch_ns = moment("epoch", epoch)
    if epoch_ns > first_ns:
        raise ProblemError(422, "time", "`epoch` is after `from`")
    text = _playback(ctx).playlist(camera, first_ns, last_ns, epoch_ns)
    ctx.views.note(signed, "recording.view", camera, **{"from": iso(first_ns), "to": iso(last_ns)})
    ctx.views.begun(signed, "recording.view", camera)
    return Response(
        text, media_type="application/vnd.apple.mpegurl", headers={"cache-control": "no-store"}
    )


@router.get("/{camera}/header/{segment}.mp4", response_class=Response)
def header(camera: Id, segment: int, ctx: Ctx, _: Viewer) -> Response:
    """What a player needs before a segment's media."""
    data = _playback(ctx).header(camera, segment)
    return Response(data, media_type="video/mp4", headers=_UNCHANGING)


@router.get("/{camera}/media/{segment}/{first}-{end}.m4s", response_class=Response)
def media(
    camera: Id, segment: int, first: int, end: int, epoch: int, ctx: Ctx, signed: Viewer
) -> Response:
    """Some groups of pictures; addresses come from the playlist.

    Watching on is the look that its playlist was; whoever kept an address looks anew.
    """
    data = _playback(ctx).media(camera, segment, first, end, epoch)
    ctx.views.going_on(signed, "recording.view", camera, at=iso(segment))
    return Response(data, media_type="video/iso.segment", headers=_UNCHANGING)


@router.get("/{camera}/film", response_class=StreamingResponse)
def film(
    camera: Id,
    ctx: Ctx,
    signed: Monitor,
    since: From,
    until: To,
    reason: Annotated[str, Query(min_length=2, max_length=500)],
    wanted: Annotated[str | None, Header(alias="range")] = None,
) -> Response:
    """A range as one file: an export, written down with its reason.

    One range of octets may be asked for (RFC 9110 section 14.2), so a download that broke off
    goes on; what one person takes for one reason within five minutes is one export.
    ``wardwatch-first`` and ``wardwatch-last`` tell what is in it: whole groups.
    """
    first_ns, last_ns = _range(since, until, TIMELINE_MOST_S)
    made = _playback(ctx).film(camera, first_ns, last_ns)
    first, end = _octets(wanted, made.size)
    taken = {"from": iso(made.first_ns), "to": iso(made.last_ns), "octets": str(made.size)}
    ctx.views.note(signed, "recording.export", camera, reason.strip(), **taken)
    name = f"{camera}_{iso(made.first_ns)}{made.suffix}".replace(":", "")
    headers = {
        "content-length": str(end - first),
        "content-disposition": f'attachment; filename="{name}"',
        "accept-ranges": "bytes",
        "etag": f'"{made.tag}"',
        "cache-control": "private, no-store",
        "wardwatch-first": iso(made.first_ns),
        "wardwatch-last": iso(made.last_ns),
        "wardwatch-holes": str(len(made.holes)),
    }
    if wanted is not None:
        headers["content-range"] = f"bytes {first}-{end - 1}/{made.size}"
    return StreamingResponse(
        made.read(first, end),
        206 if wanted is not None else 200,
        headers,
        media_type="video/mp4" if made.suffix == ".mp4" else "video/quicktime",
    )


@router.get("/{camera}/thumbnail", response_class=Response)
def thumbnail(
    camera: Id,
    ctx: Ctx,
    signed: Viewer,
    at: Annotated[str, Query(description="ISO 8601 with an offset.")],
    width: Annotated[int, Query(ge=64, le=640)] = 240,
) -> Response:
    """The key frame at or before a moment."""
    data, shown_ns = _playback(ctx).thumbnail(camera, moment("at", at), width)
    ctx.views.going_on(signed, "recording.view", camera, at=iso(shown_ns))
    return Response(
        data, media_type="image/jpeg", headers={**_UNCHANGING, "wardwatch-at": iso(shown_ns)}
    )


def _playback(ctx: Context) -> Playback:
    if ctx.services.playback is None:
        raise ProblemError(503, "no-recordings", "No recordings can be reached from here")
    return ctx.services.playback


def _range(since: str, until: str, most_s: int) -> tuple[int, int]:
    first_ns, last_ns = moment("from", since), moment("to", until)
    if not 0 < last_ns - first_ns <= most_s * NS_PER_S:
        raise ProblemError(
            422, "range", "The range is empty or too long", f"More than 0 and up to {most_s} s."
        )
    return first_ns, last_ns


def _octets(wanted: str | None, size: int) -> tuple[int, int]:
    """First octet and the one after the last."""
    if wanted is None:
        return 0, size
    found = _RANGE.match(wanted)
    if found is None or found.groups() == ("", ""):
        raise _unsatisfiable(size)
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    end = min(size, int(last) + 1) if last else size
    if int(first) >= end:
        raise _unsatisfiable(size)
    return int(first), end


def _unsatisfiable(size: int) -> ProblemError:
    return ProblemError(
        416,
        "octets",
        "No such octets",
        f"The film has {size}.",
        {"content-range": f"bytes */{size}"},
    )
