"""Officers who can be sent."""

from pydantic import Field

from core.config.base import Id, Section
from core.geometry import GeoPoint
from core.value import Text


class Officer(Section):
    """An officer (执法队员) with the place and speed that dispatch assumes until told better."""

    id: Id
    name: Text
    call_sign: str = Field(default="", title="呼号", description="Radio call sign.")
    place: GeoPoint = Field(title="驻点", description="Where the officer waits.")
    speed_kmh: float = Field(
        default=30, gt=0, le=150, title="速度", description="Average travel speed, km/h."
    )
    skills: tuple[str, ...] = Field(default=(), title="专长", description="e.g. fishery, traffic.")
