"""Reading many incidents for figures, a little at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Select, Text, cast, distinct, func, select

from core.store.tables import audit, incidents, receipts

_AT_ONCE = 500


class IncidentRow(NamedTuple):
    """What figures need of an incident; ``steps`` are its states and their times, in order."""

    camera: str
    zone: str
    kind: str
    started_ns: int
    state: str
    steps: list[tuple[str, int]]


class ReceiptRow(NamedTuple):
    """What figures need of a warning's receipt, with the start and place of its incident."""

    camera: str
    zone: str
    kind: str
    started_ns: int
    ok: bool
    verdict: str | None


class Figures:
    """Streams rows of one transaction. Bodies are read as they lie: figures need few fields."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def incidents(self, since_ns: int, until_ns: int) -> Iterator[IncidentRow]:
        """Incidents that began in ``[since_ns, until_ns)``."""
        c = incidents.c
        query = select(c.camera, c.zone, c.kind, c.started_ns, c.state, cast(c.body, Text)).where(
            c.started_ns >= since_ns, c.started_ns < until_ns
        )
        for camera, zone, kind, started_ns, state, body in self._stream(query):
            steps = [(one["state"], one["at_ns"]) for one in from_json(body)["history"]]
            yield IncidentRow(camera, zone, kind, started_ns, state, steps)

    def receipts(self, since_ns: int, until_ns: int) -> Iterator[ReceiptRow]:
        """Receipts of warnings of incidents that began in ``[since_ns, until_ns)``."""
        c = incidents.c
        told = receipts.c
        query = (
            select(c.camera, c.zone, c.kind, c.started_ns, told.ok, cast(told.body, Text))
            .join_from(receipts, incidents, receipts.c.incident == c.id)
            .where(c.started_ns >= since_ns, c.started_ns < until_ns)
        )
        for camera, zone, kind, started_ns, ok, body in self._stream(query):
            heard = from_json(body)["hearing"]
            yield ReceiptRow(camera, zone, kind, started_ns, ok, heard and heard["verdict"])

    def accesses(self, since_ns: int, until_ns: int) -> list[tuple[str, int, int]]:
        """The access register: action, how often, by how many accounts."""
        c = audit.c
        looks = c.action.like("%.view") | c.action.like("%.download") | c.action.like("%.export")
        query = (
            select(c.action, func.count(), func.count(distinct(c.actor)))
            .where(c.at_ns >= since_ns, c.at_ns < until_ns, looks)
            .group_by(c.action)
            .order_by(c.action)
        )
        return [
            (action, times, people) for action, times, people in self._connection.execute(query)
        ]

    def _stream(self, query: Select[Any]) -> Iterator[Any]:
        yield from self._connection.execute(query, execution_options={"yield_per": _AT_ONCE})
