"""The township: cameras, officers, the map's ground."""

import json
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from console.api.models import CameraOut, OfficerOut, SiteOut, ZoneOut
from console.context import Ctx, Viewer
from console.errors import ProblemError
from core.clock import iso
from core.config.cameras import Camera

router = APIRouter(prefix="/site", tags=["site"])

_EMPTY = {"type": "FeatureCollection", "features": []}


@router.get("")
def site(ctx: Ctx, _: Viewer) -> SiteOut:
    """Names, cameras with their zones, officers, the middle of the map."""
    township = ctx.services.site
    return SiteOut(
        name=township.name,
        timezone=township.timezone,
        mode=township.mode,
        centre=township.centre,
        now=iso(ctx.services.clock.utc_ns()),
        cameras=[_camera(camera) for camera in township.cameras if camera.enabled],
        officers=[
            OfficerOut(id=one.id, name=one.name, call_sign=one.call_sign, place=one.place)
            for one in township.officers
        ],
    )


@router.get("/map", response_model=dict[str, Any])
def ground(ctx: Ctx, _: Viewer) -> JSONResponse:
    """GeoJSON (RFC 7946) of roads, water, buildings, green and fields; empty without a map."""
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
