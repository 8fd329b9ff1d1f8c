"""Where acts are: which are one, and where and when they come again."""

from pydantic import Field

from core.config.base import Section


class Places(Section):
    """Merging by place, and repeats of places and hours. People are never compared."""

    merge_m: float = Field(
        default=10,
        ge=0,
        le=100,
        title="合并距离",
        description="Metres that two sightings of one act may lie apart beyond their errors.",
    )
    merge_error_m: float = Field(
        default=20,
        ge=0,
        le=200,
        title="合并误差上限",
        description="A place that is right within no less than this, metres, merges nothing.",
    )
    repeat_m: float = Field(
        default=50,
        ge=0,
        le=500,
        title="重复范围",
        description="Acts so near each other, metres, happen at the same place; those of one zone "
        "do anyway.",
    )
    repeat_days: float = Field(
        default=14, gt=0, le=366, title="重复期限", description="Days that are counted over."
    )
    repeat_times: int = Field(
        default=3,
        ge=2,
        le=100,
        title="重复次数",
        description="From so many times on, the last one counted, it has the cue `repeat`.",
    )
    pattern_weeks: int = Field(
        default=8,
        ge=4,
        le=52,
        title="规律统计周数",
        description="Weeks that hours are looked for in.",
    )
    pattern_days: int = Field(
        default=4,
        ge=3,
        le=50,
        title="规律最少天数",
        description="Usual hours are said only when they were seen on so many days.",
    )
    pattern_chance: float = Field(
        default=0.01,
        gt=0,
        le=0.1,
        title="规律误判上限",
        description="Most often that a place without usual hours is said to have some.",
    )
