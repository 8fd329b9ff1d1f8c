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
        for state, keep in ((_FINAL[0], days.dismissed), (_FINAL[1], days.closed)):
            if keep is None:
                continue
            rule = f"keeping_days.{state.value}={keep}"
            for incident in self._ended(state, keep):
                why = Why("retention", "age", rule)
                count += self._tried(incident.id, partial(self.incident, incident.id, why))
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
            known = unit.incidents.get(incident_id)
        if known is None:
            raise ExpiryError(f"there is no incident {incident_id!r}")
        if known.state not in _FINAL:
            raise ExpiryError(
                f"incident {incident_id} is {known.state.value}: only what is dismissed or closed "
                "has served its purpose"
            )
        if ended_ns(known) >= self._before_ns(FLOOR_DAYS):
            raise ExpiryError(
                f"incident {incident_id} ended less than {FLOOR_DAYS} days ago; the law wants it "
                "kept so long"
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

    def _ended(self, state: IncidentState, days: int) -> Iterator[Incident]:
        """Incidents that ended so long ago, and have evidence or locks."""
        before_ns = self._before_ns(days)
        locked = {one.owner for one in Locks(self._paths.recordings).all()}
        sealed = set(self._vault.incidents())
        with self._store.read() as unit:
            found = unit.incidents.find(state=[state.value])
        for one in found:
            if ended_ns(one) < before_ns and one.id in sealed | locked:
                yield one

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


def ended_ns(incident: Incident) -> int:
    """When an incident came to its present state."""
    return incident.history[-1].at_ns if incident.history else incident.last_seen_ns
