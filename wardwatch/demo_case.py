"""The demo's people who end a case: two reviewers, and a duty chief who exports the case file.

They work through the console's own addresses, with accounts of their own, and only on what an
officer handled, that is closed, and that no person has begun to review or to export.
"""

import threading
from dataclasses import dataclass

import httpx
import structlog

from core.clock import NS_PER_S, Clock
from core.store.users import Role
from wardwatch.demo_client import Connect, DeskError, get, post, sign_in

CHIEF, LEGAL, TECHNICAL = "demo-chief", "demo-legal", "demo-technical"
ACCOUNTS = {CHIEF: Role.CHIEF, LEGAL: Role.REVIEWER, TECHNICAL: Role.REVIEWER}
REASON = "演示：立案"
_LOOK_S = 2.0
_LATEST = 50

log = structlog.get_logger()


@dataclass
class _Case:
    """An incident that may become a case file.

    Attributes:
        files: how many were sealed when it was last looked at.
        since_ns: it has looked like this since then.
        state: ``open``: not yet; ``asked``: its case file is being made; ``done``: it is ended,
            or a person's.
    """

    files: int
    since_ns: int
    state: str = "open"


class CaseDesk:
    """Looks for cases that are over, in a thread of its own.

    Args:
        connect: a new client of the console, for each account one.
        password: of all :data:`ACCOUNTS`.
        pause_s: so long a person may be first, and so long nothing more may have been sealed.
    """

    def __init__(self, connect: Connect, password: str, clock: Clock, pause_s: float) -> None:
        self._connect, self._password = connect, password
        self._clock, self._pause_s = clock, pause_s
        self._cases: dict[str, _Case] = {}
        self._clients: dict[str, httpx.Client] = {}
        self._stop, self._idle = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="case-desk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Go home; returns when nobody of them does anything more."""
        self._stop.set()
        self._thread.join()

    def settle(self, stop: threading.Event, most_s: float) -> None:
        """Wait until what is over has its case file, for as long at most."""
        self._idle.clear()
        end_ns = self._clock.monotonic_ns() + round(most_s * NS_PER_S)
        while not self._idle.is_set() and self._clock.monotonic_ns() < end_ns:
            if self._clock.wait(stop, 0.2):
                return

    def look(self) -> None:
        """See what is over, and do what is due.

        Raises:
            WardwatchError: the console refused; it is tried again with the next look.
            httpx.HTTPError: the console is out of reach.
        """
        for name in ACCOUNTS:
            if name not in self._clients:
                self._clients[name] = sign_in(self._connect, name, self._password)
        path = f"/incidents?state=checked&state=closed&limit={_LATEST}"
        found = get(self._clients[CHIEF], path)["items"]
        waiting = False
        for incident in found:
            if incident["state"] == "checked":
                waiting = True
            elif any(step["state"] == "handled" for step in incident["history"]):
                case = self._take(incident["id"], len(incident["evidence"]))
                waiting = waiting or case.state != "done"
        if not waiting:
            self._idle.set()

    def _work(self) -> None:
        while not self._clock.wait(self._stop, _LOOK_S):
            try:
                self.look()
            except (DeskError, httpx.HTTPError) as error:
                log.warning("case desk", error=str(error))
                self._leave()  # sessions end after half a day, or with the console
        self._leave()

    def _leave(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _take(self, incident: str, files: int) -> _Case:
        now_ns = self._clock.monotonic_ns()
        case = self._cases.setdefault(incident, _Case(files, now_ns))
        if case.state == "done":
            return case
        if case.files != files:
            case.files, case.since_ns = files, now_ns
        if now_ns - case.since_ns < self._pause_s * NS_PER_S:
            return case
        shown = get(self._clients[CHIEF], f"/incidents/{incident}/casefile")
        exports, reviews = shown["exports"], shown["reviews"]
        names = {one["by"] for one in exports} | {one["reviewer"] for one in reviews}
        if names - ACCOUNTS.keys():
            case.state = "done"  # a person has begun
        elif not exports:
            self._end(incident, {one["kind"] for one in reviews})
            case.state = "asked"
        elif all(one["state"] not in ("waiting", "running") for one in exports):
            case.state = "done"
        return case

    def _end(self, incident: str, reviewed: set[str]) -> None:
        """Both reviews, by two accounts as the law wants it, and the export by a third."""
        for name, kind, office, basis in (
            (LEGAL, "legal", "法制审核员", "演示：取证主体、程序合法"),
            (TECHNICAL, "technical", "技术审核员", "演示：校验值、签名、时间一致"),
        ):
            if kind in reviewed:
                continue
            review = {"kind": kind, "office": office, "passed": True, "basis": basis}
            post(self._clients[name], f"/incidents/{incident}/reviews", review)
        post(self._clients[CHIEF], f"/incidents/{incident}/casefile", {"reason": REASON})
