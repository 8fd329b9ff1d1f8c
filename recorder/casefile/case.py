"""One case file in the making: what its documents and records are made from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.config.site import Site
from core.reviews import Standing
from recorder.casefile.facts import Facts
from recorder.seal.manifest import Row
from recorder.seal.signer import Signer


@dataclass(frozen=True)
class Wish:
    """Who wants a case file of what, and why.

    Attributes:
        id: of the case file, e.g. ``case-3f9a1c20b7``; doing it again under this id is the same
            export.
        by: account, or user of the machine.
        unit: the person's unit.
    """

    id: str
    incidents: tuple[str, ...]
    by: str
    reason: str
    unit: str = ""


@dataclass(frozen=True)
class Case:
    """One incident of it.

    Attributes:
        rows: of the sealed files with their paths in the case file.
        files: where these lie now.
        custody: events.
        gaps: of ``records.gaps_of``.
        at_ns: moment of the export.
        signatures: of ``signatures.signatures_of``.
    """

    wish: Wish
    site: Site
    facts: Facts
    standing: Standing
    rows: tuple[Row, ...]
    custody: tuple[dict[str, Any], ...]
    signers: tuple[Signer, ...]
    at_ns: int
    gaps: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    signatures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def evidence_rows(self) -> tuple[Row, ...]:
        """Rows of files, not of certificates and earlier seals."""
        return tuple(row for row in self.rows if "id" in row)
