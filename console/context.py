"""What every address needs, and the dependencies that give it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from console.accounts import Throttle
from console.errors import ProblemError
from console.field.watchers import Watchers
from console.metrics import Metrics
from console.rate import Rate
from console.services import Services
from console.sessions import COOKIE, CSRF_HEADER, Sessions, Signed, check_csrf
from console.tips.door import Door
from core.clock import NS_PER_S, Clock
from core.store.database import Store
from core.store.users import Role

VIEW_AGAIN_S = 300
_REMEMBERED = 20_000
_TURNS = 64


class ViewRegister:
    """Writes who looked at what into the audit log (调用登记).

    A video that is being watched, or a file that is taken out piece by piece, is asked for many
    times, so the same access by the same account is written once within five minutes.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        # Two pieces asked for at the same moment are one access.
        self._turns = [threading.Lock() for _ in range(_TURNS)]
        self._seen: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def note(
        self, signed: Signed, action: str, object_id: str, reason: str = "", **detail: str
    ) -> bool:
        """Write the access down unless it was written a moment ago; True when it was written.

        Raises when it cannot be.
        """
        with self.once(signed, action, object_id, reason, **detail) as new:
            return new

    @contextmanager
    def once(
        self, signed: Signed, action: str, object_id: str, reason: str = "", **detail: str
    ) -> Iterator[bool]:
        """The same around what is to be done at a new access; if that fails, it was none.

        It stays in the audit log, and the next try is written down again.
        """
        key = (signed.user.name, action, f"{object_id} {reason} {sorted(detail.items())}")
        now_ns = self._clock.monotonic_ns()
        with self._turns[hash(key) % _TURNS]:
            if self._known(key, now_ns):
                yield False
                return
            with self._store.begin() as unit:
                unit.audit.append(signed.user.name, action, object_id, reason, detail)
            yield True
            self._remember(key, now_ns)

    def going_on(self, signed: Signed, action: str, object_id: str, **detail: str) -> None:
        """One piece of what is looked at for a while: written down when the last one was five
        minutes ago or more, whichever pieces they are.

        Raises when it cannot be.
        """
        key = (signed.user.name, action, object_id)
        now_ns = self._clock.monotonic_ns()
        with self._turns[hash(key) % _TURNS]:
            if not self._known(key, now_ns):
                with self._store.begin() as unit:
                    unit.audit.append(signed.user.name, action, object_id, detail=detail)
            self._remember(key, now_ns)

    def begun(self, signed: Signed, action: str, object_id: str) -> None:
        """What goes on from here on has been written down."""
        self._remember((signed.user.name, action, object_id), self._clock.monotonic_ns())

    def _known(self, key: tuple[str, str, str], now_ns: int) -> bool:
        with self._lock:
            last = self._seen.get(key)
        return last is not None and now_ns - last < VIEW_AGAIN_S * NS_PER_S

    def _remember(self, key: tuple[str, str, str], now_ns: int) -> None:
        with self._lock:
            self._seen[key] = now_ns
            self._seen.move_to_end(key)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)


@dataclass(frozen=True)
class Context:
    """The services and the state of this one application.

    Attributes:
        probes: cameras tried, by account.
        snapshots: pictures asked of cameras, by account.
        watchers: who looks at films while they are taken.
        tips: takes in what the public says.
        discovering: held while somebody searches the networks for cameras.
    """

    services: Services
    sessions: Sessions
    throttle: Throttle
    views: ViewRegister
    metrics: Metrics
    probes: Rate
    snapshots: Rate
    discovering: threading.Lock
    tips: Door
    watchers: Watchers = field(default_factory=Watchers)


def context_of(connection: HTTPConnection) -> Context:
    """The context the application was made with."""
    context: Context = connection.app.state.context
    return context


def signed_in(request: Request) -> Signed:
    """The person behind the request; also checks the token of requests that change something.

    Raises:
        ProblemError: 401 without a session, 403 without the token.
    """
    signed = context_of(request).sessions.check(request.cookies.get(COOKIE))
    if signed is None:
        raise ProblemError(
            401, "sign-in", "Please sign in", "There is no session, or it has ended."
        )
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        check_csrf(signed, request.headers.get(CSRF_HEADER))
    return signed


def at_least(role: Role) -> Callable[[Signed], Signed]:
    """A dependency that lets only those in who may do what this role may."""

    def check(signed: Annotated[Signed, Depends(signed_in)]) -> Signed:
        if not signed.may(role):
            raise ProblemError(
                403,
                "role",
                "Your role does not allow this",
                f"It needs {role.value}; you are {signed.user.role.value}.",
            )
        return signed

    return check


Ctx = Annotated[Context, Depends(context_of)]
SignedIn = Annotated[Signed, Depends(signed_in)]
Viewer = Annotated[Signed, Depends(at_least(Role.VIEWER))]
Reviewer = Annotated[Signed, Depends(at_least(Role.REVIEWER))]
Supervisor = Annotated[Signed, Depends(at_least(Role.SUPERVISOR))]
Monitor = Annotated[Signed, Depends(at_least(Role.MONITOR))]
Chief = Annotated[Signed, Depends(at_least(Role.CHIEF))]
