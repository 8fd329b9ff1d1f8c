"""Signed session cookies and the token that protects against cross-site requests.

A session is a signed cookie: who, which session, until when, and a fingerprint of the password
hash and of how often the desk signed the person out, so that either ends every session. Signing
out puts the session on a list until it would have expired. Nothing of it needs the database, so a
page costs one look at the user alone.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from console.errors import ConsoleError, ProblemError
from core.clock import NS_PER_S, Clock
from core.store.database import Store
from core.store.users import Role, User

COOKIE = "wardwatch_session"
CSRF_HEADER = "x-csrf-token"
LIFETIME_S = 12 * 3600  # a shift of eight hours with handover


@dataclass(frozen=True)
class Signed:
    """A person who is signed in."""

    user: User
    session: str
    csrf: str

    def may(self, role: Role) -> bool:
        """True when the person may do what this role may."""
        return self.user.role.includes(role)


class Sessions:
    """Opens, checks and closes sessions."""

    def __init__(self, secret: bytes, clock: Clock, store: Store) -> None:
        if len(secret) < 32:
            raise ConsoleError(
                f"console: the session secret has {len(secret)} bytes; give it 32 or more"
            )
        self._secret = secret
        self._clock = clock
        self._store = store
        self._serializer = URLSafeSerializer(
            secret, salt="wardwatch.session", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._lock = threading.Lock()
        self._closed: dict[str, int] = {}

    def open(self, user: User) -> tuple[str, Signed]:
        """A new session: the cookie's value and who it is."""
        session = secrets.token_urlsafe(18)
        until_s = self._clock.utc_ns() // NS_PER_S + LIFETIME_S
        content = {"u": user.name, "s": session, "e": until_s, "p": _fingerprint(user)}
        return str(self._serializer.dumps(content)), self._signed(user, session)

    def check(self, cookie: str | None) -> Signed | None:
        """Who the cookie belongs to; None when it is absent, forged, expired or closed."""
        if not cookie:
            return None
        try:
            content: Any = self._serializer.loads(cookie)
            name, session, until_s = str(content["u"]), str(content["s"]), int(content["e"])
            fingerprint = str(content["p"])
        except (BadData, KeyError, TypeError, ValueError):
            return None
        with self._lock:
            if session in self._closed:
                return None
        if self._clock.utc_ns() // NS_PER_S >= until_s:
            return None
        with self._store.read() as unit:
            user = unit.users.get(name)
        if user is None or not hmac.compare_digest(fingerprint, _fingerprint(user)):
            return None
        return self._signed(user, session)

    def close(self, session: str) -> None:
        """Sign out: the session's cookie is worth nothing from now on."""
        now_s = self._clock.utc_ns() // NS_PER_S
        with self._lock:
            self._closed = {s: until for s, until in self._closed.items() if until > now_s}
            self._closed[session] = now_s + LIFETIME_S

    def _signed(self, user: User, session: str) -> Signed:
        token = hmac.digest(self._secret, b"csrf:" + session.encode(), "sha256").hex()
        return Signed(user, session, token)


def check_csrf(signed: Signed, given: str | None) -> None:
    """Refuse a state-changing request that does not carry the session's own token.

    Raises:
        ProblemError: 403.
    """
    if not given or not hmac.compare_digest(given.encode(), signed.csrf.encode()):
        raise ProblemError(
            403, "csrf", "The request lacks its token", f"Send {CSRF_HEADER} from GET /session."
        )


def _fingerprint(user: User) -> str:
    said = user.password_hash + (f":{user.generation}" if user.generation else "")
    return hashlib.sha256(said.encode()).hexdigest()[:16]
