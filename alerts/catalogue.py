"""Which row of the violation catalogue applies to an act."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, tzinfo

from core.cases import Severity
from core.clock import local_day
from core.config.catalogue import Catalogue, CatalogueRow
from core.lawbook import on, versions
from core.powers import RowVersion
from core.seeing import Kind
from core.store.unit import Unit

Judge = Callable[[Kind, Collection[str], date], RowVersion | None]
"""Gives the version of the row that applies to an act: kind, cues, day of the act."""


def act_day(at_ns: int, zone: tzinfo) -> date:
    """The calendar day of an act where it happened; the law of that day applies to it.

    >>> from zoneinfo import ZoneInfo
    >>> from core.clock import NS_PER_S
    >>> act_day(1_777_566_600 * NS_PER_S, ZoneInfo("Asia/Shanghai"))  # 2026-04-30T16:30:00Z
    datetime.date(2026, 5, 1)
    """
    return local_day(at_ns, zone)


def choose(
    catalogue: Catalogue, kind: Kind, cues: Collection[str], day: date
) -> CatalogueRow | None:
    """The row in force on ``day`` for an act of ``kind`` with these ``cues``.

    A row matches when all cues it names are present. Among the rows that match the highest
    priority wins, then the one that names more cues, then the serious one, then the one that
    stands first; so the choice never depends on chance. None when no row is in force.
    """
    return _best((row for row in catalogue.rows if row.in_force(day)), kind, cues)


def judge(unit: Unit, catalogue: Catalogue) -> Judge:
    """Judges by the versions in the database, else by the file; see :func:`choose`."""

    def by_version(kind: Kind, cues: Collection[str], day: date) -> RowVersion | None:
        found = on(versions(unit, catalogue, kind), day)
        row = _best((one.content for one in found), kind, cues)
        return next((one for one in found if one.content is row), None)

    return by_version


def _best(rows: Iterable[CatalogueRow], kind: Kind, cues: Collection[str]) -> CatalogueRow | None:
    present = set(cues)
    matching = [
        (row.priority, len(row.when), row.severity is Severity.SERIOUS, -place, row)
        for place, row in enumerate(rows)
        if row.kind == kind and present.issuperset(row.when)
    ]
    return max(matching, key=lambda one: one[:-1])[-1] if matching else None
