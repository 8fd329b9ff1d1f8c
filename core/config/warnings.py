"""When, how often and in which languages the loudspeakers speak."""

from typing import Literal

from pydantic import Field, field_validator

from core.config.base import Hours, Section
from core.value import Language


class Warnings(Section):
    """When, how often and in which languages the loudspeakers may speak."""

    quiet_hours: Hours | None = Field(
        default=None, title="静音时段", description="No warning without an override."
    )
    cooldown_s: float = Field(
        default=60, ge=0, title="间隔", description="Seconds between two warnings of a speaker."
    )
    max_repeats: int = Field(
        default=3, ge=1, le=10, title="次数", description="Warnings an incident at most."
    )
    attempts_before_dispatch: int = Field(
        default=2, ge=0, title="派单前", description="Warnings before an officer is sent."
    )
    compliance_s: float = Field(
        default=60, gt=0, title="观察", description="Seconds to comply after a warning."
    )
    merge_s: float = Field(
        default=120, ge=0, title="合并", description="A new sighting so soon is the same incident."
    )
    broken_off: Literal["repeat", "drop"] = Field(
        default="repeat",
        title="被打断",
        description="What becomes of a warning that a more urgent one broke off.",
    )
    listen: bool = Field(
        default=True,
        title="回听",
        description="Look for each warning in the sound that was recorded while it was said.",
    )
    languages: tuple[Language, ...] = Field(
        default=("zh",),
        min_length=1,
        max_length=2,
        title="语言",
        description="Languages that warnings are said in, one after the other.",
    )
    only_approved: bool = Field(
        default=False,
        title="须审批",
        description="Say only what was approved. Otherwise words that nobody has judged yet are "
        "said as well, as long as the text has no approved version; what was turned down never is.",
    )

    @field_validator("languages")
    @classmethod
    def _languages_differ(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        return said_once(languages)


def said_once(languages: tuple[Language, ...]) -> tuple[Language, ...]:
    """The languages as given.

    Raises:
        ValueError: one of them stands there twice.
    """
    if len(set(languages)) < len(languages):
        raise ValueError("a language stands there twice")
    return languages
