"""The case files that the console had made: a folder, one job after another."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from pydantic import ValidationError

from core.casefiles import Export, NoCaseFileError
from core.errors import WardwatchError
from core.value import new_id
from recorder.casefile.case import Wish
from recorder.casefile.encryption import check_password
from recorder.casefile.errors import CaseFileError
from recorder.casefile.making import make
from recorder.casefile.station import Station
from recorder.seal.files import write_whole

log = structlog.get_logger()


class StoppedError(CaseFileError):
    """The program ends; the export is made anew when it runs again."""


class Exports:
    """``<id>.json`` tells of an export, ``<id>.zip`` is there when it is whole.

    Passwords are kept in memory only, so an encrypted export that a restart cut short has to be
    asked for again.
    """

    def __init__(self, station: Station, folder: Path) -> None:
        self.station = station
        self._folder = folder
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._running: dict[str, Export] = {}
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix="casefile")

    def resume(self) -> int:
        """Go on with what the last run left; returns how many."""
        left = [one for one in self._all() if one.state in ("waiting", "running")]
        for one in left:
            if one.encrypted:
                why = "the program was stopped and passwords are not kept; ask for it again"
                self._keep(one.model_copy(update={"state": "failed", "error": why}))
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
            incidents=tuple(incidents),
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
        found = [one for one in self._all() if incident in one.incidents]
        return sorted(found, key=lambda one: one.asked_ns, reverse=True)

    def whole(self, export_id: str) -> tuple[Export, Path]:
        """A finished one and where it lies.

        Raises:
            NoCaseFileError: there is none of that id, or it is not whole.
        """
        found = next((one for one in self._all() if one.id == export_id), None)
        if found is None:
            raise NoCaseFileError(f"there is no case file {export_id!r}")
        path = self._folder / f"{found.id}.zip"
        if found.state != "done" or not path.is_file():
            raise NoCaseFileError(f"case file {export_id} is {found.state}: it is not whole")
        return found, path

    def close(self) -> None:
        """Stop; what is not whole is made anew by :meth:`resume`."""
        self._stop.set()
        self._jobs.shutdown(cancel_futures=True)

    def _submit(self, export: Export, password: str | None) -> None:
        self._jobs.submit(self._make, export, password)

    def _make(self, export: Export, password: str | None) -> None:
        wish = Wish(export.id, export.incidents, export.by, export.reason)
        path = self._folder / f"{export.id}.zip"
        path.unlink(missing_ok=True)  # one that a crash kept from being reported

        def told(done: int, total: int) -> None:
            if self._stop.is_set():
                raise StoppedError("stopped")
            facts = {"state": "running", "done_bytes": done, "total_bytes": total}
            with self._mutex:
                self._running[export.id] = export.model_copy(update=facts)

        try:
            made = make(self.station, wish, path, password=password, told=told)
            facts = {"sha256": made.sha256, "bytes": made.size, "evidence": made.evidence}
            export = export.model_copy(update={"state": "done", **facts})
        except StoppedError:
            return
        except WardwatchError as error:
            log.error("case file failed", case=export.id, error=str(error))
            export = export.model_copy(update={"state": "failed", "error": str(error)})
        except Exception:
            log.exception("case file failed", case=export.id)
            why = "an unexpected error; see the log of the program"
            export = export.model_copy(update={"state": "failed", "error": why})
        self._keep(export)
        with self._mutex:
            self._running.pop(export.id, None)

    def _keep(self, export: Export) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        content = export.model_dump_json().encode()
        write_whole(self._folder / f"{export.id}.json", content, 0o640)

    def _all(self) -> list[Export]:
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
                if one.id in found and found[one.id].state not in ("done", "failed"):
                    found[one.id] = one
        return list(found.values())
