"""Incidents, found by where they are and when they were last seen."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, select

from core.cases import Incident
from core.store import tables
from core.store.collection import Collection


class Incidents(Collection[Incident]):
    """The incidents of one transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, tables.incidents, Incident, lambda one: one.id)

    def around(
        self, kind: str, since_ns: int, *, cameras: Sequence[str], cells: Sequence[str]
    ) -> list[Incident]:
        """All of one kind, by these cameras or in these squares, that may still go on.

        That is: they do, as far as is known, or they were seen at ``since_ns`` or later.
        """
        c = self._table.c
        keys = [(c.camera, cameras), (c.cell, cells)]
        # Each branch is a stretch of one index.
        branches = [
            branch
            for column, wanted in keys
            if wanted
            for branch in (
                and_(column.in_(wanted), c.active.is_(True)),
                and_(column.in_(wanted), c.active.is_(False), c.last_seen_ns >= since_ns),
            )
        ]
        if not branches:
            return []
        query = select(c.body).where(c.kind == kind, or_(*branches))
        bodies = self._connection.execute(query).scalars()
        return [self._model.model_validate(body) for body in bodies]
