"""The violation catalogue (违法事项清单).

Rows are dated: the day of the act selects the row in force. ``verified_by`` stays empty until a
legal officer confirms the row.
"""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from core.cases import Severity
from core.config.base import Id, Section
from core.seeing import Kind
from core.value import Text


class Authority(StrEnum):
    """In whose name the township acts (权责清单)."""

    OWN = "own"  # 法定事项
    ASSIGNED = "assigned"  # 赋权事项
    DELEGATED = "delegated"  # 委托事项
    TRANSFER = "transfer"  # not on the list: 移送


class CatalogueRow(Section):
    """One act, its basis and sanction, and how serious the program takes it at first."""

    id: Id
    kind: Kind
    act: Text = Field(title="违法行为", description="What is done.")
    basis: str = Field(title="依据", description="Statute and articles in force.")
    sanction: Text = Field(title="罚则", description="Range; never announced as decided.")
    authority: Authority = Field(title="事权", description="Own, assigned, delegated, transfer.")
    department: Text = Field(title="主管部门", description="Competent department.")
    demand: Text | None = Field(
        default=None,
        title="改正要求",
        description="What the order to correct asks; without it the paper leaves a line to fill.",
    )
    severity: Severity = Field(title="程度", description="minor: warn first; serious: dispatch.")
    when: tuple[str, ...] = Field(
        default=(),
        title="情形",
        description="Cues of the sighting that must all be present for this row.",
    )
    priority: int = Field(
        default=0, title="优先", description="Among rows that match, the highest wins."
    )
    source: str = Field(title="来源", description="Where and when the text was read.")
    effective_from: date = Field(title="施行", description="First day in force.")
    effective_to: date | None = Field(default=None, title="失效", description="Last day in force.")
    verified_by: str = Field(default="", title="审核人", description="Legal officer, if confirmed.")

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError("effective_to lies before effective_from")
        return self

    def in_force(self, day: date) -> bool:
        """True when the row was in force on that day."""
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )


class Catalogue(Section):
    """All rows."""

    rows: tuple[CatalogueRow, ...]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [row.id for row in self.rows]
        for row_id in ids:
            if ids.count(row_id) > 1:
                raise ValueError(f"row id {row_id!r} appears twice")
        return self

    @model_validator(mode="after")
    def _one_in_force(self) -> Self:
        for number, row in enumerate(self.rows):
            for other in self.rows[:number]:
                if row.kind is other.kind and set(row.when) == set(other.when):
                    first = max(row.effective_from, other.effective_from)
                    if row.in_force(first) and other.in_force(first):
                        raise ValueError(
                            f"rows {other.id!r} and {row.id!r} are both in force from {first} "
                            "with the same cues; end one of them or change its cues"
                        )
        return self
