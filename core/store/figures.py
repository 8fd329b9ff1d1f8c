"""Reading many incidents for figures, a little at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Select,
    Text,
    cast,
    desc,
    distinct,
    func,
    select,
    union,
)

from core.geometry import GeoPoint
from core.places import box_around, cells_around
from core.seeing import ENDED
from core.store.tables import audit, incidents, receipts, sightings

_AT_ONCE = 500


class IncidentRow(NamedTuple):
    """What figures need of an incident; ``steps`` are its states and their times, in order.

    Of its sightings the ids are given, for :meth:`Figures.endings`.
    """

    camera: str
    zone: str
    kind: str
    started_ns: int
    state: str
    steps: list[tuple[str, int]]
    sightings: list[str]


class ReceiptRow(NamedTuple):
    """What figures need of a warning's receipt, with the start and place of its incident."""

    camera: str
    zone: str
    kind: str
    started_ns: int
    ok: bool
    verdict: str | None


class ActRow(NamedTuple):
    """What repeats and patterns need of an incident: what, where, when, and whether it counts."""

    id: str
    kind: str
    camera: str
    zone: str
    started_ns: int
    state: str
    same_as: str | None
    place: GeoPoint | None
    place_error_m: float | None


class Figures:
    """Streams rows of one transaction. Bodies are read as they lie: figures need few fields."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def incidents(self, since_ns: int, until_ns: int) -> Iterator[IncidentRow]:
        """Incidents that began in ``[since_ns, until_ns)``; what was joined to another is none."""
        c = incidents.c
        query = select(c.camera, c.zone, c.kind, c.started_ns, c.state, cast(c.body, Text)).where(
            c.started_ns >= since_ns, c.started_ns < until_ns
        )
        for camera, zone, kind, started_ns, state, body in self._stream(query):
            known = from_json(body)
            if known.get("same_as"):
                continue  # a person found it to be the same act as another one
            steps = [(one["state"], one["at_ns"]) for one in known["history"]]
            yield IncidentRow(camera, zone, kind, started_ns, state, steps, known["sightings"])

    def endings(self, names: Sequence[str]) -> dict[str, tuple[int, str | None]]:
        """When sightings of cameras and drones ended, and the fact that tells how, by id."""
        body = sightings.c.body
        query = select(
            sightings.c.id,
            cast(body["ended_ns"].as_string(), BigInteger),
            body[("why", "facts", ENDED)].as_string(),
            body["source"].as_string(),
        )
        found: dict[str, tuple[int, str | None]] = {}
        for first in range(0, len(names), _AT_ONCE):
            some = query.where(sightings.c.id.in_(names[first : first + _AT_ONCE]))
            for name, ended_ns, how, source in self._connection.execute(some).all():
                if ended_ns is not None and source != "tip":
                    found[name] = (ended_ns, how)
        return found

    def acts(
        self,
        since_ns: int,
        until_ns: int,
        *,
        kind: str | None = None,
        cameras: Sequence[str] | None = None,
        around: tuple[GeoPoint, float] | None = None,
    ) -> Iterator[ActRow]:
        """Incidents that began in ``[since_ns, until_ns)``, newest first.

        Args:
            kind: only this kind.
            cameras: only those of these cameras, and those of ``around``.
            around: with ``cameras``: place and radius in metres; some beyond it may be among them.
        """
        c = incidents.c
        query = select(
            c.id, c.kind, c.camera, c.zone, c.started_ns, c.state, c.same_as,
            c.lat, c.lon, c.place_error_m,
        ).where(c.started_ns >= since_ns, c.started_ns < until_ns)  # fmt: skip
        if kind is not None:
            query = query.where(c.kind == kind)
        found: Select[Any] | CompoundSelect[Any] = query
        if cameras is not None:
            found = query.where(c.camera.in_(cameras))
        if cameras is not None and around is not None:
            # Two questions, for an index answers each; of one with `or` it answers neither.
            place, radius_m = around
            south, west, north, east = box_around(place, radius_m)
            near = query.where(
                c.cell.in_(cells_around(place, radius_m)),
                c.lat.between(south, north),
                c.lon.between(west, east),
            )
            found = union(found, near)
        found = found.order_by(desc("started_ns"), "id")
        for key, kind_, camera, zone, started_ns, state, same_as, *where in self._stream(found):
            lat, lon, error_m = where
            # What holds an error is a place of the act, else it is the camera's.
            act = None if error_m is None or lat is None else GeoPoint(lon=lon, lat=lat)
            known_m = None if act is None else error_m
            yield ActRow(key, kind_, camera, zone, started_ns, state, same_as, act, known_m)

    def receipts(self, since_ns: int, until_ns: int) -> Iterator[ReceiptRow]:
        """Receipts of warnings of incidents that began in ``[since_ns, until_ns)``."""
        c = incidents.c
        told = receipts.c
        query = (
            select(
                c.camera,
                c.zone,
                c.kind,
                c.started_ns,
                told.ok,
                told.body[("hearing", "verdict")].as_string(),
            )
            .join_from(receipts, incidents, receipts.c.incident == c.id)
            .where(c.started_ns >= since_ns, c.started_ns < until_ns)
        )
        yield from map(ReceiptRow._make, self._stream(query))

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

    def _stream(self, query: Select[Any] | CompoundSelect[Any]) -> Iterator[Any]:
        yield from self._connection.execute(query, execution_options={"yield_per": _AT_ONCE})
