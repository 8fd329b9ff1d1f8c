"""What is said at the loudspeakers (喊话词): texts by kind, zone, attempt and time."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from core.config.base import Id, Section
from core.config.times import Schedule, meeting
from core.seeing import Kind
from core.templates import TemplateError, fill
from core.value import Text


class WarningText(Section):
    """What is said for one kind. ``{zone}``, ``{place}`` and ``{township}`` are filled in."""

    id: Id = Field(
        title="编号",
        description="Name of the text, of which there may be versions; made from kind, zone and "
        "attempt when absent.",
    )
    kind: Kind
    zone: str | None = Field(default=None, title="区域", description="Only for this zone id.")
    attempt: int | None = Field(
        default=None, ge=1, title="第几次", description="Only for this warning of the incident."
    )
    when: Schedule | None = Field(
        default=None, title="时间", description="Only at these times; at any time when absent."
    )
    text: Text = Field(title="内容", description="Who speaks, where, what is asked, on what basis.")
    approved_by: str = Field(default="", title="审批人", description="Who approved the words.")
    retired: bool = Field(default=False, title="停用", description="It is no longer said.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("id") or "kind" not in data:
            return data
        kind = data["kind"]
        steps = [kind.value if isinstance(kind, Kind) else str(kind)]
        steps += [str(data[name]) for name in ("zone", "attempt") if data.get(name) is not None]
        return {**data, "id": "-".join([*steps, *(["timed"] if data.get("when") else [])])}

    @field_validator("text")
    @classmethod
    def _can_be_filled_in(cls, text: Text) -> Text:
        for template in (text.zh, text.en):
            try:
                fill(template, {"zone": "", "place": "", "township": ""})
            except TemplateError as error:
                raise ValueError(str(error)) from None
        return text

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """How specific it is: a zone goes before an attempt, that before a time."""
        return self.zone is not None, self.attempt is not None, self.when is not None


def clashes(texts: Iterable[WarningText]) -> list[str]:
    """Pairs of texts of which none is the more specific one, each with a moment of both."""
    found: list[str] = []
    groups: dict[tuple[Any, ...], list[WarningText]] = {}
    for one in texts:
        if not one.retired:
            groups.setdefault((one.kind, one.zone, one.attempt, one.when is None), []).append(one)
    for group in groups.values():
        for one, other in combinations(group, 2):
            moment = meeting(one.when, other.when) if one.when and other.when else None
            if one.when is not None and moment is None:
                continue
            at = f" at {moment:%m-%d (%a) %H:%M}" if moment else ""
            found.append(
                f"texts {one.id!r} and {other.id!r} both fit {one.kind.value}"
                f"{f' in zone {one.zone}' if one.zone else ''}"
                f"{f', warning {one.attempt}' if one.attempt else ''}{at}; "
                "end one of them or set them apart"
            )
    return found


class WarningTexts(Section):
    """All warning texts; the most specific match wins."""

    texts: tuple[WarningText, ...]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids: Sequence[str] = [one.id for one in self.texts]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"text id {twice!r} appears twice; give each an `id` of its own")
        return self

    @model_validator(mode="after")
    def _one_fits_best(self) -> Self:
        wrong = clashes(self.texts)
        if wrong:
            raise ValueError("; ".join(wrong))
        return self
