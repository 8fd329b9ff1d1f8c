"""What the console asks of whoever sets papers (文书) as PDF."""

from collections.abc import Mapping
from typing import Any, Protocol

from core.powers import PaperKind


class Papers(Protocol):
    """Papers as PDF. Raises :class:`core.errors.WardwatchError` when one cannot be set."""

    def paper(self, incident: str, kind: PaperKind, by: str) -> bytes:
        """A paper about an incident, from facts alone."""

    def assessment(self, sheet: Mapping[str, Any]) -> bytes:
        """The assessment sheet (考核表); ``sheet`` is ``core.supervision.sheet_of``'s."""
