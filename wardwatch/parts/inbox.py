"""Films from cards: out of the watch folder, into the store."""

import hashlib
import json
from pathlib import Path
from typing import Any

import structlog

from core.clock import parse_iso
from core.config.site import Inbox as InboxConfig
from core.films import Film, FilmFile
from core.store.database import Store
from core.store.unit import Unit
from ingest.inbox import MANIFEST, POLL_S, STEADY_S, Inbox, Result
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

log = structlog.get_logger()


class InboxPart(Part):
    """Imports what lies in the inbox, and writes it down.

    The manifests beside the films are the truth: what a crash kept out of the store is taken in
    at the next start.
    """

    name = "inbox"

    def __init__(
        self, context: Context, store: Store, config: InboxConfig, *, steady_s: float = STEADY_S
    ) -> None:
        super().__init__(context)
        self._store, self._config, self._steady_s = store, config, steady_s

    def run(self) -> None:
        site, stop, clock = self.context.site, self.context.stop, self.context.clock
        home = self.context.paths.films
        inbox = Inbox(
            self._config.folder,
            home,
            clock,
            zone=self._config.timezone or site.timezone,
            zones=self._config.timezones,
            steady_s=self._steady_s,
        )
        for manifest in sorted(home.glob(f"*/*/{MANIFEST}")):
            self._take(manifest)
        reachable = True
        while not stop.is_set():
            try:
                results = inbox.poll(stop)
            except OSError as error:
                results = []
                if reachable:
                    log.error("inbox cannot be read", error=str(error))
                reachable = False
            else:
                reachable = True
            for result in results:
                self._write_down(result)
            clock.wait(stop, POLL_S)

    def _write_down(self, result: Result) -> None:
        if result.manifest is not None:
            self._take(result.manifest)
        else:
            self._failed(result)

    def _take(self, manifest: Path) -> None:
        try:
            film = film_of(json.loads(manifest.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            log.error("film not taken", manifest=str(manifest), error=repr(error))
            return
        with self._store.begin() as unit:
            known = unit.films.get(film.id)
            # The same film from two devices is one film; what came later with it is news.
            if known is None or (known.source == film.source and known.files != film.files):
                unit.films.put(film)
                _note(unit, "film.imported", film.id, _facts(film))

    def _failed(self, result: Result) -> None:
        """Once for a film and a reason, however often it is tried."""
        shown = result.film.relative_to(self._config.folder).as_posix()
        said = hashlib.sha256(f"{shown}\n{result.error}".encode()).hexdigest()
        with self._store.begin() as unit:
            if unit.first_time(f"film.failed-{said[:40]}"):
                _note(unit, "film.failed", shown[-120:], {"error": result.error})


def film_of(manifest: dict[str, Any]) -> Film:
    """What a manifest of ``ingest.inbox`` says."""
    files = tuple(FilmFile.model_validate(one) for one in manifest["files"])
    return Film(
        id=manifest["sha256"],
        source=manifest["source"],
        file=files[0].name,
        start_ns=parse_iso(manifest["start_utc"]),
        end_ns=parse_iso(manifest["end_utc"]),
        imported_ns=parse_iso(manifest["imported_utc"]),
        clock_source=manifest["clock"]["source"],
        clock_confidence=manifest["clock"]["confidence"],
        video=manifest["video"],
        telemetry=manifest["telemetry"],
        files=files,
        notes=tuple(manifest["notes"]),
    )


def _facts(film: Film) -> dict[str, Any]:
    files = {one.name: one.sha256 for one in film.files}
    return {"source": film.source, "files": files, "clock": film.clock_source}


def _note(unit: Unit, action: str, object_id: str, detail: dict[str, Any]) -> None:
    unit.audit.append("system", action, object_id, detail=detail)
