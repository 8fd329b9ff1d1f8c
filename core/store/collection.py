"""A typed collection of entities over one table, within one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from core.value import Value

T = TypeVar("T", bound=Value)

_AT_ONCE = 500


class Collection(Generic[T]):
    """Put, get and find entities of one type.

    Args:
        connection: the transaction everything happens in.
        table: where the entities are; its columns beside ``id`` and ``body`` are filled from
            the entity's fields of the same name.
        model: the entity's type.
        key: gives the entity's id.
    """

    def __init__(
        self,
        connection: Connection,
        table: Table,
        model: type[T],
        key: Callable[[T], str],
    ) -> None:
        self._connection = connection
        self._table = table
        self._model = model
        self._key = key
        self._columns = [c.name for c in table.columns if c.name not in ("id", "body")]

    def put(self, entity: T) -> None:
        """Store the entity, in place of an older version if there is one."""
        if not self.change(entity):
            key, row = self._key(entity), self._row(entity)
            self._connection.execute(insert(self._table).values(id=key, **row))

    def change(self, entity: T) -> bool:
        """Store a new version; False, and nothing is stored, when it has been removed."""
        same = self._table.c.id == self._key(entity)
        changed = self._connection.execute(
            update(self._table).where(same).values(self._row(entity))
        )
        return changed.rowcount > 0

    def get(self, key: str) -> T | None:
        """The entity of that id, or None."""
        body = self._connection.execute(
            select(self._table.c.body).where(self._table.c.id == key)
        ).scalar_one_or_none()
        return None if body is None else self._model.model_validate(body)

    def remove(self, key: str) -> None:
        """Forget the entity of that id, if there is one."""
        self._connection.execute(delete(self._table).where(self._table.c.id == key))

    def forget_before(self, moment: str, ns: int) -> int:
        """Remove what is older by that column of nanoseconds; how many it was."""
        gone = self._connection.execute(delete(self._table).where(self._table.c[moment] < ns))
        return gone.rowcount

    def find(
        self,
        *,
        newest_by: str | None = None,
        before: int | None = None,
        limit: int = 1000,
        **where: str | bool | Sequence[str],
    ) -> list[T]:
        """Entities whose columns equal the values given (a sequence: one of them).

        Args:
            newest_by: column of nanoseconds to sort by, newest first; by id otherwise.
            before: with ``newest_by``, only entities older than this, for paging.
            limit: at most so many.
        """
        query = select(self._table.c.body).where(*self._that(where))
        if newest_by is not None:
            column = self._table.c[newest_by]
            query = query.order_by(column.desc(), self._table.c.id)
            if before is not None:
                query = query.where(column < before)
        else:
            query = query.order_by(self._table.c.id)
        bodies = self._connection.execute(query.limit(limit)).scalars()
        return [self._model.model_validate(body) for body in bodies]

    def every(self, **where: str | bool | Sequence[str]) -> Iterator[T]:
        """All entities whose columns equal the values given, by id, some at a time."""
        key = self._table.c.id
        query = select(key, self._table.c.body).where(*self._that(where)).order_by(key)
        last = ""
        while found := self._connection.execute(query.where(key > last).limit(_AT_ONCE)).all():
            yield from (self._model.model_validate(body) for _, body in found)
            last = found[-1][0]

    def ids(self, oldest_by: str, **where: str | bool | Sequence[str]) -> list[str]:
        """The ids of all such entities, the oldest by a column of nanoseconds first."""
        key = self._table.c.id
        query = select(key).where(*self._that(where)).order_by(self._table.c[oldest_by], key)
        return list(self._connection.execute(query).scalars())

    def count(self, **where: str) -> int:
        """How many entities have these values in their columns."""
        query = select(func.count()).select_from(self._table)
        for name, value in where.items():
            query = query.where(self._table.c[name] == value)
        return int(self._connection.execute(query).scalar_one())

    def spanning(
        self,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        after: tuple[int, str] | None = None,
        limit: int = 1000,
        where: Mapping[str, str],
    ) -> list[T]:
        """Entities with a ``start_ns`` and an ``end_ns`` that touch a time, newest first.

        Args:
            after: only those that follow the one with this ``start_ns`` and id, for paging.
            limit: at most so many.
            where: columns and their values.
        """
        columns = self._table.c
        query = select(columns.body)
        for name, wanted in where.items():
            query = query.where(columns[name] == wanted)
        if since_ns is not None:
            query = query.where(columns.end_ns >= since_ns)
        if until_ns is not None:
            query = query.where(columns.start_ns <= until_ns)
        if after is not None:
            start_ns, key = after
            same = and_(columns.start_ns == start_ns, columns.id > key)
            query = query.where(or_(columns.start_ns < start_ns, same))
        query = query.order_by(columns.start_ns.desc(), columns.id).limit(limit)
        bodies = self._connection.execute(query).scalars()
        return [self._model.model_validate(body) for body in bodies]

    def _that(self, where: Mapping[str, str | bool | Sequence[str]]) -> list[ColumnElement[bool]]:
        """Conditions: a column equals a value, or one of several."""
        return [
            self._table.c[name] == value
            if isinstance(value, str | bool)
            else self._table.c[name].in_(list(value))
            for name, value in where.items()
        ]

    def _row(self, entity: T) -> dict[str, Any]:
        row: dict[str, Any] = {name: getattr(entity, name) for name in self._columns}
        return {**row, "body": entity.model_dump(mode="json")}
