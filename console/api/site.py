"""The township: cameras, officers, the map's ground."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from console.api.site_models import (
    CameraOut,
    ContactOut,
    OfficerOut,
    SiteOut,
    SpeakerGroupOut,
    ZoneOut,
)
from console.context import Context, Ctx, Viewer
from console.errors import ProblemError
from core.clock import iso
from core.config.cameras import Camera

router = APIRouter(prefix="/site", tags=["site"])

_EMPTY = {"type": "FeatureCollection", "features": []}


@router.get("")
def site(ctx: Ctx, _: Viewer) -> SiteOut:
    """Names, cameras with their zones, officers, the middle of the map."""
    township = ctx.services.site
    vehicles = {one.id: one.name for one in township.dispatch.vehicles}
    return SiteOut(
        name=township.name,
        timezone=township.timezone,
        mode=township.mode,
        centre=township.centre,
        now=iso(ctx.services.clock.utc_ns()),
        cameras=[_camera(camera) for camera in township.cameras if camera.enabled],
        officers=[
            OfficerOut(
                id=one.id,
                name=one.name,
                call_sign=one.call_sign,
                place=one.place,
                travel=one.travel,
                vehicle=vehicles.get(one.vehicle or ""),
            )
            for one in township.officers
        ],
        contacts=[ContactOut(id=one.id, name=one.name, role=one.role) for one in township.contacts],
        speaker_groups=[
            SpeakerGroupOut(id=one.id, name=one.name, cameras=list(one.cameras))
            for one in township.speaker_groups
        ],
    )


@router.get("/map", response_model=dict[str, Any])
def ground(ctx: Ctx, _: Viewer) -> JSONResponse:
    """GeoJSON (RFC 7946) of roads, water, buildings, green and fields; empty without a map."""
    return ground_of(ctx)


def ground_of(ctx: Context) -> JSONResponse:
    """The map file."""
    path = ctx.services.site.map
    if path is None:
        return JSONResponse(_EMPTY, media_type="application/geo+json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProblemError(
            500, "map", "The map file cannot be read", f"{path.name}: {error}"
        ) from None
    return JSONResponse(content, media_type="application/geo+json")


@router.get("/reach", response_model=dict[str, Any])
def reach(
    ctx: Ctx,
    _: Viewer,
    now: Annotated[bool, Query(description="From where officers are; else their posts.")] = False,
) -> JSONResponse:
    """GeoJSON: what is reached within 5, 10 and 15 minutes, and the cameras that are not.

    ``reckoned`` says whether along roads or by the straight line, ``circle`` how many minutes
    count, ``at`` when it was reckoned.
    """
    if ctx.services.reach is None:
        raise ProblemError(503, "reach", "Nobody reckons the ways here")
    return JSONResponse(ctx.services.reach(now), media_type="application/geo+json")


def _camera(camera: Camera) -> CameraOut:
    return CameraOut(
        id=camera.id,
        name=camera.name,
        place=camera.place,
        bearing_deg=camera.bearing_deg,
        speaker=camera.speaker is not None,
        zones=[
            ZoneOut(
                id=zone.id,
                name=zone.name,
                kind=zone.rule.kind,
                polygon=list(zone.polygon.points),
                response=zone.response.value,
            )
            for zone in camera.zones
        ],
    )
