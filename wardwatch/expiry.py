"""What has served its purpose goes: evidence of dismissed incidents, and films.

Everything is written down and signed before it goes, in the book of deleted evidence and in the
audit log. Recordings are the recorder's own matter, case files that of the part that makes them.
"""

import shutil
from collections.abc import Callable, Iterator
from functools import partial

import structlog

from core.cases import Incident, IncidentState
from core.clock import NS_PER_S, Clock
from core.config.site import Site
from core.errors import WardwatchError
from core.films import Film
from core.store.database import Store
from core.store.unit import Unit
from recorder.locks import Locks
from recorder.seal.deletion import Deleted, Why
from wardwatch.paths import Paths
from wardwatch.vaults import evidence_book, open_vault

FLOOR_DAYS = 30
_DAY_NS = 86_400 * NS_PER_S
_FINAL = (IncidentState.DISMISSED, IncidentState.CLOSED)

log = structlog.get_logger()


class ExpiryError(WardwatchError):
    """Something must not be deleted."""


class Expiry:
    """Deletes what is past its days, and what a person wants deleted."""

    def __init__(self, site: Site, paths: Paths, store: Store, clock: Clock) -> None:
        self.site = site
        self._paths, self._store, self._clock = paths, store, clock
        self._vault = open_vault(site, paths, clock)
        self._book = evidence_book(site, paths, clock)

    def look(self) -> int:
        """Delete what is past its days; how many incidents and films."""
        days = self.site.keeping_days
        count = 0
        for incident, rule in self._over():
            why = Why("retention", "age", rule)
            count += self._tried(incident, partial(self.incident, incident, why))
        with self._store.read() as unit:
            films = unit.films.find()
        oldest_ns = self._before_ns(days.films)
        for film in films:
            if max(film.end_ns, film.imported_ns) < oldest_ns:
                rule = f"keeping_days.films={days.films}"
                count += self._tried(film.id, partial(self._film, film, rule))
        return count

    def incident(self, incident_id: str, why: Why) -> int:
        """Delete the evidence of an incident and release its recordings.

        Returns:
            How many files there were.

        Raises:
            ExpiryError: it is not at its end, or not for 30 days.
            WardwatchError: the record cannot be written and signed; nothing is deleted.
        """
        with self._store.read() as unit:
            served = served_by(unit, incident_id)
        if not served:
            raise ExpiryError(f"there is no incident {incident_id!r}")
        for one in served:
            about = "" if one.id == incident_id else f"evidence of {incident_id} serves this too: "
            if one.state not in _FINAL:
                raise ExpiryError(
                    f"{about}incident {one.id} is {one.state.value}: only what is dismissed or "
                    "closed has served its purpose"
                )
            if ended_ns(one) >= self._before_ns(FLOOR_DAYS):
                raise ExpiryError(
                    f"{about}incident {one.id} ended less than {FLOOR_DAYS} days ago; the law "
                    "wants it kept so long"
                )

        def tell(things: list[Deleted]) -> None:
            digest = self._book.record(things, why)
            self._audit("evidence.deleted", incident_id, why, record=digest, files=len(things))

        count = self._vault.delete(incident_id, tell)
        released = Locks(self._paths.recordings).release(incident_id)
        with self._store.begin() as unit:
            for item in unit.evidence.find(incident=incident_id):
                unit.evidence.remove(item.id)
            if released:
                unit.audit.append(
                    why.by, "recording.release", incident_id, "its evidence was deleted"
                )
        log.info("evidence deleted", incident=incident_id, files=count, reason=why.reason)
        return count

    def _over(self) -> Iterator[tuple[str, str]]:
        """Incidents that have evidence or locks and are past their days, with the rule."""
        days = self.site.keeping_days
        kept = {IncidentState.DISMISSED: days.dismissed, IncidentState.CLOSED: days.closed}
        owners = {one.owner for one in Locks(self._paths.recordings).all()}
        for name in sorted(owners.union(self._vault.incidents())):
            with self._store.read() as unit:
                served = served_by(unit, name)
            rules = []
            for one in served:
                keep = kept.get(one.state)
                if keep is None or ended_ns(one) >= self._before_ns(keep):
                    break
                rules.append(f"keeping_days.{one.state.value}={keep}")
            if served and len(rules) == len(served):
                yield name, " ".join(sorted(set(rules)))

    def _film(self, film: Film, rule: str) -> None:
        folder = self._paths.films / film.source / film.id
        why = Why("retention", "age", rule)
        things = [
            Deleted(
                path=f"{self._paths.films.name}/{film.source}/{film.id}/{one.name}",
                size=one.bytes,
                sha256=one.sha256,
                first_ns=film.start_ns,
                last_ns=film.end_ns,
                hashed="sealing",
            )
            for one in film.files
        ]
        digest = self._book.record(things, why)
        with self._store.begin() as unit:
            unit.films.remove(film.id)
            unit.audit.append("system", "film.deleted", film.id, rule, {"record": digest})
        shutil.rmtree(folder, ignore_errors=True)

    def _tried(self, what: str, delete: Callable[[], object]) -> int:
        try:
            delete()
        except (WardwatchError, OSError) as error:
            log.error("past its days, and not deleted", what=what, error=str(error))
            return 0
        return 1

    def _audit(self, action: str, about: str, why: Why, **detail: object) -> None:
        reason = f"{why.reason} {why.rule}".strip()
        with self._store.begin() as unit:
            unit.audit.append(why.by, action, about, reason, detail)

    def _before_ns(self, days: int) -> int:
        return self._clock.utc_ns() - days * _DAY_NS


def served_by(unit: Unit, incident_id: str) -> list[Incident]:
    """The incidents that one's evidence is kept for; empty: it is not known.

    Of one that was joined to another it is the other. What was taken out of an incident may be
    seen in its evidence as well.
    """
    found: dict[str, Incident | None] = {}
    ahead = [incident_id]
    while ahead:
        name = ahead.pop()
        if name not in found:
            one = found[name] = unit.incidents.get(name)
            ahead += [*one.split, *([one.same_as] if one.same_as else [])] if one else []
    return [one for one in found.values() if one and not (one.same_as and found[one.same_as])]


def ended_ns(incident: Incident) -> int:
    """When an incident came to its present state."""
    return incident.history[-1].at_ns if incident.history else incident.last_seen_ns
