"""What every address needs, and the dependencies that give it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from console.accounts import Throttle
from console.errors import ProblemError
from console.metrics import Metrics
from console.rate import Rate
from console.services import Services
from console.sessions import COOKIE, CSRF_HEADER, Sessions, Signed, check_csrf
from core.clock import NS_PER_S, Clock
from core.store.database import Store
from core.store.users import Role

VIEW_AGAIN_S = 300
_REMEMBERED = 20_000


class ViewRegister:
    """Writes who looked at what into the audit log (调用登记).

    A video that is being watched is asked for many times, so the same look by the same session
    is written once within five minutes.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def note(self, signed: Signed, action: str, object_id: str, **detail: str) -> bool:
        """Write the look down unless it was written a moment ago; True when it was written.

        Raises when it cannot be.
        """
        key = (signed.session, action, f"{object_id} {sorted(detail.items())}")
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            last = self._seen.get(key)
            if last is not None and now_ns - last < VIEW_AGAIN_S * NS_PER_S:
                return False
        with self._store.begin() as unit:
            unit.audit.append(signed.user.name, action, object_id, detail=detail)
        with self._lock:
            self._seen[key] = now_ns
            self._seen.move_to_end(key)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return True


@dataclass(frozen=True)
class Context:
    """The services and the state of this one application.

    Attributes:
        probes: cameras tried, by account.
        snapshots: pictures asked of cameras, by account.
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
    """A dependency that lets only this role and those above it in."""

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
Viewer = Annotated[Signed, Depends(signed_in)]
Monitor = Annotated[Signed, Depends(at_least(Role.MONITOR))]
Chief = Annotated[Signed, Depends(at_least(Role.CHIEF))]
