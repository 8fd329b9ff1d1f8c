"""The sightings of an incident: what each camera, drone or person told of the act."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from console.api.models import Moment
from console.api.outward import outward
from console.context import Ctx, Viewer
from console.errors import not_found
from core.geometry import GeoPoint
from core.value import Text

router = APIRouter(prefix="/incidents", tags=["incidents"])


class SightingOut(BaseModel):
    """One sighting, as it was last heard."""

    id: str
    camera: str
    zone: str
    source: Literal["camera", "drone", "tip"]
    started: Moment
    last: Moment
    ended: Moment | None = Field(description="null: it goes on, as far as is known.")
    why: Text
    cues: list[str]
    place: GeoPoint | None
    place_error_m: float | None
    joined_from: str | None = Field(
        description="It came with this incident when that was joined: reopen it to take it out."
    )


@router.get("/{incident_id}/sightings")
def sightings_of(incident_id: str, ctx: Ctx, signed: Viewer) -> list[SightingOut]:
    """What was told of the act, in the order it came to belong to the incident."""
    with ctx.services.store.read() as unit:
        found = unit.incidents.get(incident_id)
        if found is None:
            raise not_found("incident", incident_id)
        heard = [unit.sightings.get(name) for name in found.sightings]
        joined = [unit.incidents.get(name) for name in found.joined]
    ctx.views.note(signed, "incident.view", incident_id)
    came = {name: one.id for one in joined if one for name in one.sightings}
    return [
        SightingOut.model_validate(
            {**outward(one), "why": one.why.text, "joined_from": came.get(one.id)}
        )
        for one in heard
        if one is not None
    ]
