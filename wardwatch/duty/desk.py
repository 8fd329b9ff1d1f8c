"""The duty desk as the console has it (``core.duty.DutyDesk``)."""

from alerts.duty.desk import Desk
from core.duty import LogCategory
from wardwatch.duty import paper

_MOST_LINES = 5000


class DutyDesk(Desk):
    """The desk, and its log and handovers as PDF."""

    def log_pdf(
        self, first_ns: int, last_ns: int, categories: tuple[LogCategory, ...] = ()
    ) -> bytes:
        """The log as a document, oldest first."""
        lines = self.log(first_ns, last_ns, categories=categories, limit=_MOST_LINES)
        return paper.log(self.site, lines[::-1], first_ns, last_ns, self.now().now_ns)

    def handover_pdf(self, turn_id: str) -> bytes | None:
        """A handover as a document."""
        found = self.handover(turn_id)
        return None if found is None else paper.handover(self.site, found)
