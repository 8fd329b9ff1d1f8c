"""Sending what was sealed: in the background, until all of it is stored.

The queue is the vault itself: what no record says is stored waits. A pass looks at every incident
whose folder changed, sends its files and then the state that lists them, so that no state names
what is not there. After any crash the next pass finds what was stored, and compares it.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from core.cases import EvidenceItem
from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from core.remote import RemoteState
from recorder.remote.cache import Cache
from recorder.remote.deleting import Deleting
from recorder.remote.errors import AwayError, DiffersError, RefusedError, RemoteError
from recorder.remote.library import Library
from recorder.remote.records import SentState
from recorder.remote.sending import Sender
from recorder.remote.states import StateName, digest_of, key_of, packed
from recorder.remote.vault import RemoteVault
from recorder.seal.check.form import CUSTODY, MANIFEST, read_manifest
from recorder.seal.check.judge import STAMP
from recorder.seal.check.times import utc_ns_of

IDLE_S = 10.0
LEAST_S, MOST_S = 2.0, 600.0
AGAIN_S = 3600.0
"""What time alone will not mend is looked at again this much later."""
_TOLD = 20

log = structlog.get_logger()


@dataclass
class _Job:
    """One incident whose folder changed."""

    incident: str
    mark: str
    items: list[EvidenceItem]


@dataclass
class _Tally:
    sent: int = 0
    sent_bytes: int = 0
    failures: int = 0
    last_ns: int | None = None
    error: str = ""
    refused: bool = False
    waiting: dict[str, EvidenceItem] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


class Uploads:
    """Sends what one vault holds; one of them at a time.

    Args:
        cache: gives up local copies after a pass.
        alarm_s: how long evidence, or its deletion, may wait before the state is ``stuck``.
    """

    def __init__(
        self,
        vault: RemoteVault,
        sender: Sender,
        cache: Cache,
        clock: Clock,
        *,
        alarm_s: float = 6 * 3600.0,
    ) -> None:
        self._vault, self._sender, self._cache, self._clock = vault, sender, cache, clock
        self._library: Library = vault.library
        self._deleting = Deleting(vault, sender.remote, clock)
        self._alarm_ns = round(alarm_s * NS_PER_S)
        self._mutex = threading.Lock()
        self._tally = _Tally()
        self._not_before: dict[str, int] = {}
        self._marks: dict[str, str] = {}
        self._delay_s = 0.0
        self._random = random.Random()

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; an attempt that fails is made again, later and later."""
        while not stop.is_set():
            self._clock.wait(stop, self.step(stop))

    def step(self, stop: threading.Event) -> float:
        """One pass; how many seconds to wait before the next."""
        try:
            self.once(stop)
        except (RemoteError, OSError) as error:
            if stop.is_set():
                return 0.0
            self._failed(error)
            self._delay_s = min(MOST_S, max(LEAST_S, 2 * self._delay_s))
            # Spread, so that many sites do not come back to one storage at the same moment.
            return self._random.uniform(self._delay_s / 2, self._delay_s)
        self._delay_s = 0.0
        with self._mutex:
            self._tally.error, self._tally.refused = "", False
        return IDLE_S

    def once(self, stop: threading.Event) -> None:
        """Send what waits, delete what was deleted here, give up local copies as configured.

        Raises:
            RemoteError: the storage is away or refuses.
            OSError: the vault cannot be read or the records not be written.
        """
        self._deleting.finish_here()
        try:
            self._send_all(stop)
        finally:  # deleting may make the room that sending lacks
            self._deleting.once(stop)
        for item, why in self._cache.look():
            # What is gone there is sent again in time; what was changed there stays a problem.
            self._problem(item.path, why)
            self._library.records.forget(item.incident, _name(item))
            self._marks.pop(item.incident, None)

    def _send_all(self, stop: threading.Event) -> None:
        self._forget_deleted()
        jobs = list(self._jobs())
        waiting = {item.path: item for job in jobs for item in job.items}
        with self._mutex:
            self._tally.waiting = waiting
        for job in jobs:
            if stop.is_set():
                return
            with self._noted(job.incident):
                self._send(job, stop)

    def state(self) -> RemoteState:
        """How far it has come; from any thread."""
        with self._mutex:
            tally = self._tally
            waiting = list(tally.waiting.values())
            problems = tuple(tally.problems.values())
            oldest_ns = min((one.sealed_ns for one in waiting), default=None)
            deleting = self._deleting
            undeleted, owed_ns = deleting.problems(), deleting.oldest_ns
            late_ns = self._clock.utc_ns() - self._alarm_ns
            late = any(since is not None and since < late_ns for since in (oldest_ns, owed_ns))
            stuck = late or tally.refused or bool(problems) or bool(undeleted)
            busy = waiting or owed_ns is not None
            calm = "away" if tally.error else "sending" if busy else "ok"
            return RemoteState(
                where=self._sender.remote.name,
                state="stuck" if stuck else calm,
                waiting=len(waiting),
                waiting_bytes=sum(one.bytes for one in waiting),
                oldest_ns=oldest_ns,
                sent=tally.sent,
                sent_bytes=tally.sent_bytes,
                failures=tally.failures,
                last_ns=tally.last_ns,
                error=tally.error,
                deleting=deleting.waiting,
                # A lock that was asked for is told, and keeps nobody awake for years.
                problems=(*problems, *undeleted, *deleting.locks())[:_TOLD],
            )

    def _jobs(self) -> Iterator[_Job]:
        for incident in self._vault.incidents():
            if self._vault.owed.holds_back(incident):
                continue
            mark = _mark_of(self._vault.root / incident)
            if mark == self._marks.get(incident):
                continue
            known = self._library.records.of(incident)
            if mark == known.mark:
                self._marks[incident] = mark
                continue
            try:
                items = self._vault.manifest(incident).items
            except WardwatchError as error:
                self._problem(incident, str(error))
                continue
            left = [one for one in items if _name(one) not in known.files]
            yield _Job(incident, mark, left)

    def _send(self, job: _Job, stop: threading.Event) -> None:
        whole = True
        for item in job.items:
            whole &= self._send_item(item, stop)
            if stop.is_set():
                return
        if whole:
            self._send_state(job)

    def _send_item(self, item: EvidenceItem, stop: threading.Event) -> bool:
        """True when it is stored."""
        if self._clock.monotonic_ns() < self._not_before.get(item.path, 0):
            return False
        with self._noted(item.path):
            source = self._vault.path_of(item)
            if not source.is_file():
                raise RemoteError(f"{source}: is gone, and was never stored elsewhere")
            sent = self._sender.send(item, source, stop)
            self._library.records.sent(item.incident, _name(item), sent)
            log.info("stored elsewhere", path=item.path, bytes=item.bytes, compared=sent.how)
            with self._mutex:
                tally = self._tally
                tally.waiting.pop(item.path, None)
                tally.problems.pop(item.path, None)
                tally.sent += 1
                tally.sent_bytes += item.bytes
                tally.last_ns = sent.at_ns
            return True
        return False

    def _send_state(self, job: _Job) -> None:
        incident, records = job.incident, self._library.records
        files = self._vault.sealed_state(incident)
        manifest = read_manifest(files[MANIFEST])
        known = records.of(incident)
        if any("id" in row and row["path"] not in known.files for row in manifest["files"]):
            return  # sealed meanwhile: with the next pass
        digest = digest_of(files)
        state = known.state
        if state is None or state.digest != digest:
            state = self._stored_state(job, files, digest, utc_ns_of(manifest["made"]))
        mark, made = job.mark, state
        records.change(incident, lambda now: now.model_copy(update={"state": made, "mark": mark}))
        with self._mutex:
            self._tally.problems.pop(incident, None)
            self._tally.last_ns = self._clock.utc_ns()

    def _stored_state(
        self, job: _Job, files: dict[str, bytes], digest: str, made_ns: int
    ) -> SentState:
        newest = self._library.newest_state(job.incident)
        number = 1 if newest is None else newest.number
        if newest is None or newest.digest != digest[:16] or not self._is_whole(newest):
            number += newest is not None
            proof = self._vault.proof(job.incident)
            content = packed({**files, **({"log.json": proof} if proof is not None else {})})
            self._sender.send_state(key_of(job.incident, number, digest), content, made_ns)
        key = key_of(job.incident, number, digest)
        return SentState(number=number, digest=digest, key=key, at_ns=self._clock.utc_ns())

    def _is_whole(self, state: StateName) -> bool:
        """Whether what an attempt stored, whose end was not noted, is good; else it stays aside."""
        try:
            self._library.read_state(state)
        except DiffersError as error:
            log.error("a damaged state is left alone", error=str(error))
            return False
        return True

    def _forget_deleted(self) -> None:
        """Of what was deleted nothing is a problem any more."""
        here = set(self._vault.incidents())
        with self._mutex:
            for known in (self._tally.problems, self._not_before, self._marks):
                for what in [one for one in known if one.partition("/")[0] not in here]:
                    del known[what]

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        """Trouble with one thing is noted and does not keep others from being sent."""
        try:
            yield
        except (AwayError, RefusedError):
            raise
        except (WardwatchError, OSError) as error:
            incident = what.partition("/")[0]
            if self._vault.owed.holds_back(incident):  # deleted on the way
                with self._mutex:
                    waiting = self._tally.waiting.items()
                    left = {path: one for path, one in waiting if one.incident != incident}
                    self._tally.waiting = left
                return
            if isinstance(error, OSError):
                raise
            self._problem(what, str(error))

    def _problem(self, what: str, why: str) -> None:
        due = self._clock.monotonic_ns() + round(AGAIN_S * NS_PER_S)
        self._not_before[what] = due
        with self._mutex:
            new = self._tally.problems.get(what) != why
            self._tally.problems[what] = why
            self._tally.failures += new
        if new:
            log.error("not stored elsewhere", what=what, error=why)

    def _failed(self, error: Exception) -> None:
        with self._mutex:
            new = self._tally.error != str(error)
            self._tally.error = str(error)
            self._tally.refused = isinstance(error, RefusedError)
            self._tally.failures += 1
        if new:
            log.warning("storing elsewhere waits", error=str(error))


def _mark_of(folder: Path) -> str:
    """Differs whenever something was sealed, told or stamped: custody only ever grows."""
    found = []
    for name in (MANIFEST, CUSTODY, STAMP):
        try:
            stat = (folder / name).stat()
        except FileNotFoundError:
            continue
        found.append(f"{name} {stat.st_ino} {stat.st_mtime_ns} {stat.st_size}")
    return ", ".join(found)


def _name(item: EvidenceItem) -> str:
    return item.path.removeprefix(f"{item.incident}/")
