"""The case files that the console had made: a folder, one job after another."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from core.casefiles import Export, NoCaseFileError
from core.clock import NS_PER_S
from core.errors import WardwatchError
from core.value import new_id
from recorder.casefile.case import Wish
from recorder.casefile.encryption import check_password
from recorder.casefile.errors import StoppedError
from recorder.casefile.making import make
from recorder.casefile.station import Station
from recorder.casefile.work import Made, Work
from recorder.seal.deletion import Deleted, Deletions, Why
from recorder.seal.files import write_whole

log = structlog.get_logger()

CLEARED = "evidence.export_cleared"
"""Action in the audit log."""
_DAY_NS = 86_400 * NS_PER_S


class Exports:
    """``<id>.json`` tells of an export, ``<id>.zip`` is there when it is whole.

    Passwords are kept in memory only, so an encrypted export that a restart cut short has to be
    asked for again.

    Args:
        book: where a case file that is deleted is written down, signed; None: nowhere.
    """

    def __init__(self, station: Station, folder: Path, book: Deletions | None = None) -> None:
        self.station = station
        self._folder = folder
        self._book = book
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._running: dict[str, Export] = {}
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix="casefile")

    def resume(self) -> int:
        """Go on with what the last run left; returns how many."""
        known = self.all()
        for one in known:
            if one.state == "cleared":
                self._file(one).unlink(missing_ok=True)
        left = [one for one in known if one.state in ("waiting", "running")]
        for one in reversed(left):
            if one.encrypted:
                Work(self._file(one), one.id).remove()
                why = "the program was stopped and passwords are not kept; ask for it again"
                self._fail(one, why)
            else:
                self._submit(one, None)
        return len(left)

    def begin(self, incidents: Sequence[str], by: str, reason: str, password: str | None) -> Export:
        """Have one made.

        Raises:
            CaseFileError: the password is too short.
        """
        if password is not None:
            check_password(password)
        export = Export(
            id=new_id("case"),
            incidents=tuple(dict.fromkeys(incidents)),
            by=by,
            reason=reason,
            asked_ns=self.station.clock.utc_ns(),
            encrypted=password is not None,
        )
        self._keep(export)
        self._submit(export, password)
        return export

    def of(self, incident: str) -> list[Export]:
        """All of an incident, newest first."""
        return [one for one in self.all() if incident in one.incidents]

    def whole(self, export_id: str) -> tuple[Export, Path]:
        """A finished one and where it lies.

        Raises:
            NoCaseFileError: there is none of that id, or it is not whole.
        """
        found = self._find(export_id)
        path = self._file(found)
        if found.state != "done" or not path.is_file():
            raise NoCaseFileError(f"case file {export_id} is {found.state}: it is not whole")
        return found, path

    def clear(self, export_id: str, by: str, reason: str) -> Export:
        """Delete a case file; it is written down first, and the record of the export stays.

        Raises:
            NoCaseFileError: there is none of that id, or it is still being made.
            SealError: its deletion cannot be written down and signed; nothing is deleted.
        """
        return self._clear(export_id, by, reason, Why(by, reason))

    def _clear(self, export_id: str, by: str, reason: str, why: Why) -> Export:
        found = self._find(export_id)
        if found.state not in ("done", "failed"):
            raise NoCaseFileError(f"case file {export_id} is {found.state}: nothing to clear")
        facts: dict[str, Any] = {"case": found.id, "sha256": found.sha256, "bytes": found.bytes}
        whole = self._file(found)
        if self._book is not None and whole.exists():
            thing = Deleted(
                path=f"{whole.parent.name}/{whole.name}",
                size=whole.stat().st_size,
                sha256=found.sha256 or None,
                hashed="sealing" if found.sha256 else "",
            )
            facts["record"] = self._book.record([thing], why)
        with self.station.store.begin() as unit:
            for incident in found.incidents:
                unit.audit.append(by, CLEARED, incident, reason, facts)
        now_ns = self.station.clock.utc_ns()
        told = {"cleared_ns": now_ns, "cleared_by": by, "cleared_why": reason}
        cleared = found.model_copy(update={"state": "cleared", **told})
        self._keep(cleared)
        whole.unlink(missing_ok=True)
        return cleared

    def clear_old(self) -> int:
        """Delete those that were whole longer ago than the site wants; returns how many."""
        days = self.station.site.keeping_days.case_files
        before_ns = self.station.clock.utc_ns() - days * _DAY_NS
        old = [
            one for one in self.all()
            if one.state == "done" and (one.ended_ns or one.asked_ns) < before_ns
        ]  # fmt: skip
        why = Why("retention", "age", f"keeping_days.case_files={days}")
        count = 0
        for one in old:
            try:
                self._clear(one.id, "system", why.rule, why)
            except (WardwatchError, OSError) as error:
                log.error("case file past its days, and not deleted", case=one.id, error=str(error))
            else:
                count += 1
        return count

    def close(self) -> None:
        """Stop; what is not whole is gone on with by :meth:`resume`."""
        self._stop.set()
        self._jobs.shutdown(cancel_futures=True)

    def all(self) -> list[Export]:
        """All that there ever were, newest first."""
        found = {}
        for path in self._folder.glob("case-*.json"):
            try:
                one = Export.model_validate_json(path.read_bytes())
            except (OSError, ValidationError) as error:
                log.error("case file's record cannot be read", file=str(path), error=str(error))
                continue
            found[one.id] = one
        with self._mutex:
            for one in self._running.values():
                if one.id in found and found[one.id].state in ("waiting", "running"):
                    found[one.id] = one
        return sorted(found.values(), key=lambda one: (one.asked_ns, one.id), reverse=True)

    def _submit(self, export: Export, password: str | None) -> None:
        self._jobs.submit(self._make, export, password)

    def _make(self, export: Export, password: str | None) -> None:
        wish = Wish(export.id, export.incidents, export.by, export.reason)

        def told(done: int, total: int) -> None:
            if self._stop.is_set():
                raise StoppedError("stopped")
            facts = {"state": "running", "done_bytes": done, "total_bytes": total}
            with self._mutex:
                self._running[export.id] = export.model_copy(update=facts)

        def reported(made: Made) -> None:
            facts = {
                "state": "done",
                "sha256": made.sha256,
                "bytes": made.size,
                "evidence": made.evidence,
                "verdict": made.verdict,
                "ended_ns": self.station.clock.utc_ns(),
            }
            self._keep(export.model_copy(update=facts))

        try:
            path = self._file(export)
            make(self.station, wish, path, password=password, told=told, reported=reported)
        except StoppedError:
            return
        except WardwatchError as error:
            log.error("case file failed", case=export.id, error=str(error))
            self._fail(export, str(error))
        except Exception:
            log.exception("case file failed", case=export.id)
            self._fail(export, "an unexpected error; see the log of the program")
        with self._mutex:
            self._running.pop(export.id, None)

    def _fail(self, export: Export, why: str) -> None:
        facts = {"state": "failed", "error": why, "ended_ns": self.station.clock.utc_ns()}
        self._keep(export.model_copy(update=facts))

    def _file(self, export: Export) -> Path:
        return self._folder / f"{export.id}.zip"

    def _find(self, export_id: str) -> Export:
        found = next((one for one in self.all() if one.id == export_id), None)
        if found is None:
            raise NoCaseFileError(f"there is no case file {export_id!r}")
        return found

    def _keep(self, export: Export) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        content = export.model_dump_json().encode()
        write_whole(self._folder / f"{export.id}.json", content, 0o640)
