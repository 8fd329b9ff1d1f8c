"""An officer's phone as the console sees it: what it has to say waits in line, each thing once.

Speaks the HTTP of the page ``/field`` (``docs/design/field.md``). Ids are made on this side, and an
entry leaves the line when it was answered: a lost answer makes the same request go out again.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import structlog

from core.clock import Clock, iso
from core.geometry import GeoPoint
from core.value import new_id
from sim.errors import SimulatorError

API = "/api/v1"
PIECE_BYTES = 1 << 20
MOST_POINTS = 200
ACCURACY_M = 8.0

_log = structlog.get_logger()

Method = Literal["POST", "PUT"]


@dataclass(frozen=True)
class _Entry:
    """One request; when it is ``timed`` the moment it leaves is put in."""

    method: Method
    path: str
    json: dict[str, Any] | None = None
    content: bytes = b""
    timed: bool = True


class _NotNowError(SimulatorError):
    """The network or the server does not take it at present."""


@dataclass
class Phone:
    """One phone, used by one thread.

    Attributes:
        client: knows the console's address.
        loses: tells of every answer whether it got lost on its way back.
        refused: what the console will never take, with its reason.
    """

    client: httpx.Client
    user: str
    password: str
    clock: Clock
    loses: Callable[[], bool] = lambda: False
    refused: list[str] = field(default_factory=list)
    _line: deque[_Entry] = field(default_factory=deque)
    _points: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_POINTS))
    _token: str = ""

    @property
    def waiting(self) -> int:
        """How many requests have not been answered yet."""
        return len(self._line) + bool(self._points)

    def do(self, did: str, place: GeoPoint | None = None, **more: Any) -> str:
        """Say what the officer did: duty, an answer to an order; its id.

        Args:
            more: ``order``, ``words``, ``media``; ``id`` when it has one already.
        """
        body = {"id": new_id("act"), "did": did, "at": self._now(), **more}
        if place is not None:
            body["fix"] = _fix(place)
        self._line.append(_Entry("POST", "/field/acts", body))
        return str(body["id"])

    def stand(self, place: GeoPoint) -> None:
        """Where the phone is now; the oldest places are forgotten when too many wait."""
        self._points.append({"id": new_id("point"), "at": self._now(), **_fix(place)})

    def file(
        self,
        media_id: str,
        kind: Literal["photo", "audio"],
        mime: str,
        content: bytes,
        order: str,
        place: GeoPoint,
    ) -> None:
        """A picture or a voice message that belongs to an order."""
        path = f"/field/media/{media_id}"
        about = {"kind": kind, "order": order, "mime": mime, "at": self._now(), "fix": _fix(place)}
        self._line.append(_Entry("PUT", path, about))
        pieces = range(0, len(content), PIECE_BYTES)
        for number, start in enumerate(pieces):
            piece = content[start : start + PIECE_BYTES]
            self._line.append(_Entry("PUT", f"{path}/pieces/{number}", content=piece))
        whole = {"pieces": len(pieces), "sha256": hashlib.sha256(content).hexdigest()}
        self._line.append(_Entry("POST", f"{path}/finish", whole, timed=False))

    def deliver(self) -> bool:
        """Send what waits, in order, as far as it goes; True when nothing waits any more."""
        try:
            while self._line:
                self._settle(self._line[0])
                self._line.popleft()
            if self._points:
                points = list(self._points)
                self._settle(_Entry("POST", "/field/positions", {"points": points}))
                for _ in points:
                    self._points.popleft()
        except _NotNowError:
            return False
        return True

    def state(self) -> dict[str, Any] | None:
        """What the phone shows; None while it is out of reach."""
        try:
            answer = self._request("GET", "/field/state")
        except _NotNowError:
            return None
        if answer.status_code != httpx.codes.OK:
            return None
        shown: dict[str, Any] = answer.json()
        return shown

    def _settle(self, entry: _Entry) -> None:
        body = entry.json
        if body is not None and entry.timed:
            body = {**body, "sent": self._now()}
        answer = self._request(entry.method, entry.path, body, entry.content)
        if self.loses():
            raise _NotNowError("the answer was lost")
        if answer.is_client_error:
            self.refused.append(f"{entry.path}: {answer.status_code} {answer.text[:200]}")
            _log.warning("phone refused", user=self.user, why=self.refused[-1])

    def _request(
        self, method: str, path: str, json: dict[str, Any] | None = None, content: bytes = b""
    ) -> httpx.Response:
        if not self._token:
            self._sign_in()
        answer = self._ask(method, path, json, content)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._sign_in()
            answer = self._ask(method, path, json, content)
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise _NotNowError(f"{path}: {answer.status_code}")
        return answer

    def _sign_in(self) -> None:
        account = {"name": self.user, "password": self.password}
        answer = self._ask("POST", "/session", account)
        if answer.status_code != httpx.codes.OK:
            raise _NotNowError(f"sign-in of {self.user}: {answer.status_code}")
        self._token = answer.json()["csrf"]

    def _ask(
        self, method: str, path: str, json: dict[str, Any] | None, content: bytes = b""
    ) -> httpx.Response:
        headers = {"x-csrf-token": self._token}
        try:
            if json is not None:
                return self.client.request(method, API + path, json=json, headers=headers)
            return self.client.request(method, API + path, content=content, headers=headers)
        except httpx.TransportError as error:
            raise _NotNowError(str(error)) from None

    def _now(self) -> str:
        return iso(self.clock.utc_ns())


def _fix(place: GeoPoint) -> dict[str, float]:
    return {"lon": place.lon, "lat": place.lat, "accuracy_m": ACCURACY_M}
