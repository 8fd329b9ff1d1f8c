"""How long to wait before trying a camera again.

Exponential backoff with full jitter: when a switch reboots, a hundred cameras must not be
asked in the same instant, and a camera that is gone must not be asked often.

A camera that answers "no" is another matter. One that says so to a wrong password counts, and
locks the account or our address: Hikvision after five wrong sign-ins in a row of an operator
(seven of an administrator) for 30 minutes, Dahua for about as long, other makes until 30 minutes
have passed without another one. Recorder and analyst sign in to the same camera, each
for itself, with one wrong sign-in an attempt. So each may try twice in half an hour, which makes
four, and a lock is over before anybody tries again. A right password meets 401, too, from cameras
that are starting up: that is what the early second try is for. Nobody waits for the late ones,
for a changed password restarts the source.
"""

import random

from ingest.errors import IngestError, RefusedError, SignInError

FIRST_S = 0.5
MOST_S = 30.0

REFUSED_FIRST_S = 2.0
REFUSED_MOST_S = 60.0
"""After any other refusal (404, 454, 503): while a camera starts up it may say so, too, but as a
rule somebody must put the path right."""

SIGN_IN_PAUSES_S = (60.0, 1800.0)
"""After the first refused sign-in, and after each further one; up to a quarter longer."""


class Backoff:
    """Waits of a random length up to a ceiling that doubles from 0.5 s to ``most_s``.

    After a refusal they are at least half of another ceiling, and after a refused sign-in at
    least ``SIGN_IN_PAUSES_S``, whatever other failures come between.
    """

    def __init__(self, rng: random.Random, most_s: float = MOST_S) -> None:
        self._rng, self._most_s = rng, most_s
        self._failures = 0
        self._sign_ins = 0

    def failed(self, error: IngestError | None = None) -> float:
        """Seconds to wait after one more failure; ``error`` says why a session did not open."""
        if isinstance(error, SignInError):
            at_least_s = SIGN_IN_PAUSES_S[min(self._sign_ins, 1)]
            self._sign_ins += 1
            return self._rng.uniform(at_least_s, 1.25 * at_least_s)
        refused = isinstance(error, RefusedError)
        first_s, most_s = (REFUSED_FIRST_S, REFUSED_MOST_S) if refused else (FIRST_S, self._most_s)
        ceiling_s = min(most_s, first_s * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return self._rng.uniform(ceiling_s / 2 if refused else 0.0, ceiling_s)

    def let_in(self) -> None:
        """The camera knew the password; it counts from the beginning, and so do we."""
        self._sign_ins = 0

    def succeeded(self) -> None:
        """A session lived long enough to count: start small again."""
        self._failures = 0
