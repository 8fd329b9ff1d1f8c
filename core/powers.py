"""Versions of catalogue rows, their confirmation, and the township's list of powers (权责清单)."""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.config.catalogue import Authority, CatalogueRow
from core.seeing import Kind
from core.value import Text, Value

FROM_FILE = "catalogue.yaml"
"""Author of versions that were taken from the file."""


class RowVersion(Value):
    """One state of a catalogue row. It is never changed: an edit makes the next one."""

    row: str
    version: int = Field(ge=0, description="From 1; 0: read from the file, not stored.")
    kind: Kind
    valid_from: date = Field(description="First day of acts that are judged by this version.")
    made_ns: int
    made_by: str
    reason: str
    content: CatalogueRow

    @property
    def id(self) -> str:
        """Name of this version, e.g. ``fishing-2026-net@2``."""
        return version_id(self.row, self.version)

    def applies(self, day: date) -> bool:
        """True when acts of that day may be judged by this version, others aside."""
        return self.valid_from <= day and self.content.in_force(day)


def version_id(row: str, version: int) -> str:
    """The id of a version.

    >>> version_id("fishing-2026-net", 2)
    'fishing-2026-net@2'
    """
    return f"{row}@{version}"


class Confirmation(Value):
    """What a legal officer found about one version; the newest finding counts."""

    id: str
    version: str = Field(description="Id of the version.")
    by: str = Field(description="Account.")
    office: str = Field(description="In which function, e.g. 法制审核员.")
    at_ns: int
    confirmed: bool
    basis: str = Field(description="On what the finding rests: the text that was read, where.")


class Power(Value):
    """One item of the township's list: it may act on a row, in whose name, since when."""

    id: str
    row: str
    authority: Authority = Field(description="own, assigned or delegated.")
    document: str = Field(description="The document that gives the power, with its number.")
    delegator: str = Field(default="", description="delegated: in whose name the township acts.")
    valid_from: date
    valid_to: date | None = Field(default=None, description="Last day.")
    made_ns: int
    made_by: str
    reason: str
    ended_by: str = ""
    ended_why: str = ""

    def holds(self, day: date) -> bool:
        """True on the days of the power."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Disposal(Value):
    """Whether the township acts itself or hands the case over (移送)."""

    way: Literal["act", "transfer", "unknown"] = Field(
        description="unknown: no list is recorded, or no row applies; a person decides."
    )
    why: Text
    department: Text
    power: Power | None = None


class PaperKind(StrEnum):
    """Papers made from facts alone; none of them speaks of a penalty."""

    PERSUASION = "persuasion"  # 劝离告知
    CORRECTION = "correction"  # 责令改正通知书
    TRANSFER = "transfer"  # 案件移送函
