"""How officers are sent (就近派单)."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from core.config.base import Section
from core.config.people import Vehicle
from core.seeing import Kind


class Need(Section):
    """What an officer must bring to some incidents."""

    kind: Kind | None = Field(
        default=None, title="类型", description="Kind of incident; every kind when absent."
    )
    cue: str | None = Field(
        default=None, title="特征", description="Only when this was seen, e.g. boat."
    )
    skills: tuple[str, ...] = Field(
        min_length=1, title="需要", description="All of these, e.g. boat, certificate (执法证)."
    )


class Patience(Section):
    """How long dispatch waits before it reminds, asks the next one, and calls the duty chief."""

    acknowledge_s: float = Field(
        default=60, gt=0, title="签收", description="Seconds to acknowledge an order."
    )
    again_s: float = Field(
        default=60,
        ge=0,
        title="再问",
        description="Seconds before an officer who gave an order back is asked about it again.",
    )
    depart_s: float = Field(
        default=120, gt=0, title="出发", description="Seconds from acknowledging to setting off."
    )
    late_factor: float = Field(
        default=1.5, ge=1, title="迟到", description="Chased after so many times the travel time,"
    )
    late_s: float = Field(default=120, ge=0, title="宽限", description="and so many seconds more.")
    handle_s: float = Field(
        default=1800, gt=0, title="处置", description="Seconds on the scene before being chased."
    )
    escalate_s: float = Field(
        default=180,
        gt=0,
        title="升级",
        description="Seconds from chasing (催办), or from seeking an officer in vain, to the duty "
        "chief; an officer on the way whose phone is silent is replaced then.",
    )
    silent_s: float = Field(
        default=300,
        gt=0,
        title="失联",
        description="Seconds without a position until the state of an officer is unknown.",
    )


class Dispatch(Section):
    """Who is sent, how the way is reckoned, and how long everybody may take."""

    roads: Path | None = Field(
        default=None,
        title="路网",
        description="OpenStreetMap extract, .osm or .osm.pbf; none: straight lines.",
    )
    snap_m: float = Field(
        default=300,
        gt=0,
        le=5000,
        title="吸附",
        description="Farther than this from a road, metres, the straight line counts.",
    )
    detour: float = Field(
        default=1.4,
        ge=1,
        le=5,
        title="绕行系数",
        description="A way is so many times as long as the straight line.",
    )
    circle_minutes: float = Field(
        default=15,
        gt=0,
        le=240,
        title="执法圈",
        description="Who is farther away is sent only when nobody is nearer.",
    )
    contact_m: float = Field(
        default=3000, ge=0, title="联络范围", description="How near contacts must be to be told."
    )
    patience: Patience = Patience()
    vehicles: tuple[Vehicle, ...] = Field(default=(), title="车辆", description="Shared vehicles.")
    needs: tuple[Need, ...] = Field(
        default=(), title="派单条件", description="What officers must bring to which incidents."
    )

    @model_validator(mode="after")
    def _vehicle_ids_differ(self) -> Self:
        ids = [vehicle.id for vehicle in self.vehicles]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"vehicle id {one!r} appears twice")
        return self
