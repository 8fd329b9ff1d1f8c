"""Officers who can be sent, what they travel with, and people who are told early."""

from enum import StrEnum

from pydantic import Field

from core.config.base import Id, Section
from core.config.times import Window
from core.geometry import GeoPoint
from core.value import Text


class Travel(StrEnum):
    """How somebody gets to a place."""

    CAR = "car"  # 汽车
    MOTORCYCLE = "motorcycle"  # 电动摩托
    FOOT = "foot"  # 步行
    BOAT = "boat"  # 船


class Reach(Section):
    """A way to reach an officer whose page is closed."""

    channel: Id = Field(title="渠道", description="Of `notify.channels`; apprise or webhook.")
    recipient: str = Field(
        default="",
        pattern=r"^[^\s{}]{0,200}$",
        title="收件人",
        description="Stands where the channel's address has {recipient}: a number, topic or user.",
    )
    mention: str = Field(
        default="",
        max_length=80,
        title="提及",
        description="Before the words, as the service writes it, e.g. <@USERID>.",
    )


class Officer(Section):
    """An officer (执法队员) with the place and speed that dispatch assumes until told better."""

    id: Id
    name: Text
    call_sign: str = Field(default="", title="呼号", description="Radio call sign.")
    place: GeoPoint = Field(title="驻点", description="Where the officer waits.")
    travel: Travel = Field(
        default=Travel.MOTORCYCLE,
        title="出行方式",
        description="car, motorcycle, foot or boat: which roads, and how fast on them.",
    )
    vehicle: Id | None = Field(
        default=None,
        title="车辆",
        description="Vehicle of `dispatch.vehicles` that is shared with others; while another "
        "officer is out with it, `travel` holds.",
    )
    speed_kmh: float = Field(
        default=30,
        gt=0,
        le=150,
        title="速度",
        description="Average travel speed, km/h, where there is no road map.",
    )
    skills: tuple[str, ...] = Field(
        default=(), title="专长", description="e.g. fishery, traffic, boat, certificate (执法证)."
    )
    shifts: tuple[Id, ...] = Field(
        default=(),
        title="班次",
        description="Shifts of duty.yaml that the officer works, every day. Who has a phone is on "
        "duty by the phone; for all others this and `hours` decide, always when both are empty.",
    )
    hours: tuple[Window, ...] = Field(
        default=(), title="勤务时段", description="On duty then as well, e.g. market days."
    )
    notify: tuple[Reach, ...] = Field(
        default=(), title="通知", description="All of them are used for orders, chases and calls."
    )


class Vehicle(Section):
    """A car, motorcycle or boat that officers share."""

    id: Id
    name: Text
    travel: Travel = Field(default=Travel.CAR, title="出行方式", description="As of officers.")
    speed_kmh: float = Field(default=40, gt=0, le=150, title="速度", description="As of officers.")
    equipment: tuple[str, ...] = Field(
        default=(), title="装备", description="Counts like the skills of whoever travels with it."
    )


class Contact(Section):
    """A village cadre or grid worker (村干部、网格员) who is told early; no enforcer."""

    id: Id
    name: Text
    role: Text = Field(
        default=Text(zh="网格员", en="grid worker"), title="身份", description="Shown to people."
    )
    place: GeoPoint = Field(title="位置", description="Where this person usually is.")
    cameras: tuple[str, ...] = Field(
        default=(), title="摄像头", description="Told of these first, however far away."
    )
