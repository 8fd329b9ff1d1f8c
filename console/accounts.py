"""Accounts and passwords: Argon2id (RFC 9106), and a brake on guessing."""

import secrets
import threading
from collections import OrderedDict

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.errors import ConsoleError
from core.clock import NS_PER_S, Clock
from core.store.database import Store
from core.store.users import Role, User
from core.value import Language

MIN_PASSWORD = 8
FREE_FAILURES = 5
FIRST_PAUSE_S = 15
LONGEST_PAUSE_S = 300
_REMEMBERED = 10_000

_hasher = PasswordHasher()
_nobody = _hasher.hash(secrets.token_hex(16))


def create_user(
    store: Store,
    name: str,
    password: str,
    role: Role,
    clock: Clock,
    language: Language = "zh",
    officer: str | None = None,
) -> User:
    """Make an account, or give an existing one a new password and role.

    Args:
        officer: the officer of the site who signs in with it.

    Raises:
        ConsoleError: the name is empty or too long, or the password too short; or it
            is an officer's account and no officer is named.
    """
    if role is Role.OFFICER and officer is None:
        raise ConsoleError(f"user {name!r}: name the officer whose account it is")
    name = name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise ConsoleError(f"user {name!r}: the name must have 1 to 64 printable characters")
    if len(password) < MIN_PASSWORD:
        raise ConsoleError(
            f"user {name!r}: the password must have {MIN_PASSWORD} characters or more"
        )
    user = User(
        name=name,
        password_hash=_hasher.hash(password),
        role=role,
        language=language,
        created_ns=clock.utc_ns(),
        officer=officer,
    )
    with store.begin() as unit:
        unit.users.put(user)
        unit.audit.append(
            "system", "user.created", name, detail={"role": role.value, "officer": officer or ""}
        )
    return user


def password_fits(user: User | None, password: str) -> bool:
    """True when the password is the user's; takes as long for a user who does not exist."""
    try:
        return _hasher.verify(user.password_hash if user else _nobody, password) and bool(user)
    except (VerificationError, InvalidHashError):
        return False


class Throttle:
    """Makes guessing slow: after a few failures each further one doubles a pause.

    Names and addresses are counted apart, so neither one account nor one guesser escapes; a
    success clears both. Only the most recent ten thousand keys are remembered.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def wait_s(self, *keys: str) -> float:
        """Seconds until any of these may try again; 0 when they may now."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            return max(
                0.0, *((self._failures.get(k, (0, now_ns))[1] - now_ns) / NS_PER_S for k in keys)
            )

    def failed(self, *keys: str) -> None:
        """Remember a failure."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            for key in keys:
                count = self._failures.pop(key, (0, 0))[0] + 1
                # A person mistypes a few times; the cap keeps the shift from capping at 2**big.
                over = min(count - FREE_FAILURES, 16)
                pause_s = min(FIRST_PAUSE_S * 2**over, LONGEST_PAUSE_S) if over >= 0 else 0
                self._failures[key] = (count, now_ns + round(pause_s * NS_PER_S))
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget the failures."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)
