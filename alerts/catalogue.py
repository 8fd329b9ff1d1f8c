"""Which row of the violation catalogue applies to an act."""

from collections.abc import Collection
from datetime import UTC, date, datetime, tzinfo

from core.cases import Severity
from core.clock import NS_PER_S
from core.config.catalogue import Catalogue, CatalogueRow
from core.seeing import Kind


def act_day(at_ns: int, zone: tzinfo) -> date:
    """The calendar day of an act where it happened; the law of that day applies to it.

    >>> from zoneinfo import ZoneInfo
    >>> act_day(1_777_566_600 * NS_PER_S, ZoneInfo("Asia/Shanghai"))  # 2026-04-30T16:30:00Z
    datetime.date(2026, 5, 1)
    """
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(zone).date()


def choose(
    catalogue: Catalogue, kind: Kind, cues: Collection[str], day: date
) -> CatalogueRow | None:
    """The row in force on ``day`` for an act of ``kind`` with these ``cues``.

    A row matches when all cues it names are present. Among the rows that match the highest
    priority wins, then the one that names more cues, then the serious one, then the one that
    stands first; so the choice never depends on chance. None when no row is in force.
    """
    present = set(cues)
    matching = [
        (row.priority, len(row.when), row.severity is Severity.SERIOUS, -place, row)
        for place, row in enumerate(catalogue.rows)
        if row.kind == kind and row.in_force(day) and present.issuperset(row.when)
    ]
    return max(matching)[-1] if matching else None
