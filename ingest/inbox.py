"""A watch folder: films from the cards of drones and body cameras, put on the time line.

``inbox/<source>/DJI_0001.MP4`` (with ``DJI_0001.SRT`` or ``.tlog`` beside it) becomes
``store/<source>/<sha256>/DJI_0001.MP4`` and a ``manifest.json``, written last: where there is a
manifest, the import is whole. The originals are never touched.
"""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from core.clock import NS_PER_S, Clock, iso
from ingest.errors import IngestError
from ingest.inbox_clock import chosen
from ingest.inbox_film import look, summary

FILMS = frozenset({".mp4", ".mov", ".ts", ".m2ts", ".mts", ".mkv", ".avi", ".mpg"})
SIDECARS = frozenset({".srt", ".tlog"})
MANIFEST = "manifest.json"
SCHEMA = "wardwatch.inbox/1"
STEADY_S = 10.0
POLL_S = 5.0
CHUNK_BYTES = 1 << 20

log = structlog.get_logger()

Stamp = tuple[str, int, int]
"""Path, bytes and modification time: what tells that a file is still the same."""


class _StoppedError(Exception):
    """Told to stop in the middle of a copy."""


@dataclass(frozen=True)
class Result:
    """What became of one film."""

    film: Path
    outcome: Literal["imported", "known", "failed"]
    manifest: Path | None = None
    error: str = ""


class Inbox:
    """Imports what lies in ``folder`` into ``store``.

    Args:
        zone: of times of day that name none (subtitles, file names).
        zones: the same for single sources.
        steady_s: size and time must not have changed for this long; a side-car that is to be
            imported with its film must be there by then (one that comes later is added).
    """

    def __init__(
        self,
        folder: Path,
        store: Path,
        clock: Clock,
        *,
        zone: str = "Asia/Shanghai",
        zones: Mapping[str, str] | None = None,
        steady_s: float = STEADY_S,
    ) -> None:
        self.folder, self.store, self._clock = folder, store, clock
        self._zone = _zone(zone)
        self._zones = {s: _zone(z) for s, z in (zones or {}).items()}
        self._steady_ns = round(steady_s * NS_PER_S)
        self._seen: dict[tuple[Stamp, ...], int] = {}  # since when (monotonic)
        self._stop = threading.Event()
        self._journal = store / "done.jsonl"
        store.mkdir(parents=True, exist_ok=True)
        self._done = self._read_journal()
        for left in (store / "incoming").glob("*"):
            shutil.rmtree(left, ignore_errors=True)  # a copy that a crash cut short

    def run(self, stop: threading.Event, poll_s: float = POLL_S) -> None:
        """Look again and again until told to stop."""
        while not stop.is_set():
            try:
                self.poll(stop)
            except OSError as error:
                log.warning("inbox cannot be read", folder=str(self.folder), error=str(error))
            self._clock.wait(stop, poll_s)

    def poll(self, stop: threading.Event | None = None) -> list[Result]:
        """Look once; import every film that is complete. ``stop`` cuts even a long copy short."""
        self._stop = stop or threading.Event()
        now_ns = self._clock.monotonic_ns()
        results, present = [], {}
        for film, sidecars in self._films():
            if self._stop.is_set():
                break
            try:
                stamps = tuple(_stamp(self.folder, path) for path in (film, *sidecars))
            except OSError:
                continue  # taken away meanwhile
            if stamps in self._done or stamps[0][1] == 0:
                continue
            present[stamps] = since_ns = self._seen.get(stamps, now_ns)
            if now_ns - since_ns < self._steady_ns:
                continue
            try:
                results.append(self._result(film, sidecars, stamps))
            except _StoppedError:
                break
        self._seen = present
        return results

    def _films(self) -> list[tuple[Path, list[Path]]]:
        files = sorted(p for p in self.folder.rglob("*") if p.is_file() and not p.is_symlink())
        beside: dict[tuple[Path, str], list[Path]] = {}
        for path in files:
            if path.suffix.lower() in SIDECARS:
                beside.setdefault((path.parent, path.stem.lower()), []).append(path)
        return [
            (path, beside.get((path.parent, path.stem.lower()), []))
            for path in files
            if path.suffix.lower() in FILMS and not path.name.startswith(".")
        ]

    def _result(self, film: Path, sidecars: list[Path], stamps: tuple[Stamp, ...]) -> Result:
        message = film.with_name(film.name + ".error.txt")
        try:
            result = self._import(film, sidecars, stamps)
            message.unlink(missing_ok=True)
        except (IngestError, OSError) as error:
            result = Result(film, "failed", error=" ".join(str(error).split()))
            log.warning("film not imported", film=str(film), error=result.error)
            try:
                message.write_text(f"{iso(self._clock.utc_ns())} {result.error}\n", "utf-8")
            except OSError as unwritable:
                log.warning("no message beside the film", film=str(film), error=str(unwritable))
            if isinstance(error, OSError):
                return result  # the disk or the card, not the film: try again
        self._remember(stamps)
        return result

    def _import(self, film: Path, sidecars: list[Path], stamps: tuple[Stamp, ...]) -> Result:
        relative = film.relative_to(self.folder)
        source = relative.parts[0] if len(relative.parts) > 1 else "unassigned"
        incoming = self.store / "incoming" / hashlib.sha256(repr(stamps).encode()).hexdigest()
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        try:
            copies = [_copied(path, incoming / path.name, self._stop) for path in (film, *sidecars)]
            if tuple(_stamp(self.folder, path) for path in (film, *sidecars)) != stamps:
                raise OSError(f"{relative}: changed while it was copied; waiting for its end")
            home = self.store / source / copies[0]["sha256"]
            whole = home / MANIFEST
            old = json.loads(whole.read_text("utf-8")) if whole.exists() else None
            if old and {f["sha256"] for f in copies} <= {f["sha256"] for f in old["files"]}:
                return Result(film, "known", whole)
            manifest = self._manifest(source, film, incoming, copies, stamps)
            home.mkdir(parents=True, exist_ok=True)
            for copy in copies:
                target = home / copy["name"]
                if not (target.exists() and copy is copies[0]):
                    (incoming / copy["name"]).replace(target)
            _write(whole, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
            _sync_folder(home)
            _sync_folder(home.parent)
            return Result(film, "imported", whole)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _manifest(
        self,
        source: str,
        film: Path,
        incoming: Path,
        copies: list[dict[str, Any]],
        stamps: tuple[Stamp, ...],
    ) -> dict[str, Any]:
        zone = self._zones.get(source, self._zone)
        beside = [incoming / copy["name"] for copy in copies[1:]]
        seen = look(incoming / film.name, film.name, beside, zone, stamps[0][2])
        start = chosen(seen.readings, self._clock.utc_ns())
        if start is None:
            raise IngestError(f"{film.name}: no clock of it is set; name it YYYYMMDD_HHMMSS")
        track = seen.track(start.start_ns)
        end_ns = start.start_ns + round(seen.duration_s * NS_PER_S)
        notes = [*seen.notes, *start.notes]
        telemetry = None
        if track is not None and len(track):
            kind = "klv" if seen.klv else "tlog" if seen.flight else "dji_srt"
            telemetry = summary(track, kind)
            assert track.first_ns is not None
            assert track.last_ns is not None
            if track.first_ns > end_ns or track.last_ns < start.start_ns:
                notes.append("the telemetry is of another time than the film")
        return {
            "schema": SCHEMA,
            "source": source,
            "sha256": copies[0]["sha256"],
            "files": copies,
            "original": film.relative_to(self.folder).as_posix(),
            "imported_utc": iso(self._clock.utc_ns()),
            "start_utc": iso(start.start_ns),
            "end_utc": iso(end_ns),
            "duration_s": round(seen.duration_s, 3),
            "clock": {
                "source": start.source,
                "confidence": start.confidence,
                "zone": str(zone),
                "readings": {r.source: iso(r.start_ns) for r in seen.readings},
            },
            "video": seen.video,
            "telemetry": telemetry,
            "notes": notes,
        }

    def _read_journal(self) -> set[tuple[Stamp, ...]]:
        done = set()
        lines = self._journal.read_text("utf-8").splitlines() if self._journal.exists() else []
        for line in filter(None, lines):
            try:
                done.add(tuple((str(p), int(n), int(m)) for p, n, m in json.loads(line)))
            except (ValueError, TypeError):
                log.warning("a line of the inbox journal is torn; its film is looked at again")
        return done

    def _remember(self, stamps: tuple[Stamp, ...]) -> None:
        self._done.add(stamps)
        with self._journal.open("a", encoding="utf-8") as journal:
            # Begun with a new line, for a crash may have left half of one.
            journal.write("\n" + json.dumps(stamps))
            journal.flush()
            os.fsync(journal.fileno())


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise IngestError(f"inbox: {name!r} is no time zone; write e.g. Asia/Shanghai") from None


def _stamp(root: Path, path: Path) -> Stamp:
    status = path.stat()
    return path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns


def _copied(path: Path, target: Path, stop: threading.Event) -> dict[str, Any]:
    """Copy, hash, bring to the disk, make read-only."""
    digest, count = hashlib.sha256(), 0
    with path.open("rb") as original, target.open("xb") as copy:
        while chunk := original.read(CHUNK_BYTES):
            if stop.is_set():
                raise _StoppedError
            digest.update(chunk)
            copy.write(chunk)
            count += len(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    target.chmod(0o440)
    return {"name": path.name, "bytes": count, "sha256": digest.hexdigest()}


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
