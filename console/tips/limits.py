"""Limits against abuse, all of our own: buckets by network, a budget an hour, proof of work.

Nothing here knows a person. Networks are counted in memory and forgotten; what a whole building or
mobile operator shares (one IPv4 address, one IPv6 /64) is one network, so the buckets are lenient
and the costs fall on whoever sends many.
"""

import hashlib
import hmac
import ipaddress
import math
import secrets
import threading
from base64 import urlsafe_b64encode
from collections import OrderedDict, deque
from collections.abc import Iterable

from console.errors import ProblemError
from core.clock import NS_PER_S, Clock

HOUR_S = 3600.0
REMEMBERED = 20_000
"""Networks; the one heard of longest ago is forgotten first."""
CHALLENGE_S = 600
MORE_BITS = 6
"""At the end of the hour's budget a proof costs 64 times as much."""


def network_of(address: str) -> str:
    """The network that an address is counted in.

    >>> network_of("203.0.113.9"), network_of("2001:db8:1:2:3:4:5:6"), network_of("::ffff:1.2.3.4")
    ('203.0.113.9', '2001:db8:1:2::/64', '1.2.3.4')
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def too_many(code: str, title: str, wait_s: float) -> ProblemError:
    """429 with the time after which it may work."""
    seconds = max(1, math.ceil(wait_s))
    return ProblemError(
        429, code, title, f"Try again in {seconds} s.", {"retry-after": str(seconds)}
    )


class Buckets:
    """One token bucket for each network. Thread-safe, bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, network: str, per_hour: float, burst: float) -> None:
        """Take one token.

        Raises:
            ProblemError: 429, the bucket is empty; says when there will be one.
        """
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            level, at_ns = self._levels.pop(network, (burst, now_ns))
            level = min(burst, level + (now_ns - at_ns) / NS_PER_S * per_hour / HOUR_S)
            taken = level >= 1
            self._levels[network] = (level - 1 if taken else level, now_ns)
            while len(self._levels) > REMEMBERED:
                self._levels.popitem(last=False)
        if not taken:
            wait_s = (1 - level) * HOUR_S / per_hour
            raise too_many("too-many", "Too much from your network", wait_s)


class Budget:
    """So many an hour in all, whoever they come from.

    Args:
        taken_ns: UTC moments of what was taken before, the oldest first: a restart gives nothing.
    """

    def __init__(self, clock: Clock, taken_ns: Iterable[int] = ()) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        utc_ns, now_ns = clock.utc_ns(), clock.monotonic_ns()
        self._taken = deque(now_ns - max(0, utc_ns - one) for one in taken_ns)

    def share(self, per_hour: int) -> float:
        """How much of it is used, 0..1."""
        with self._lock:
            self._drain()
            return min(1.0, len(self._taken) / per_hour)

    def take(self, per_hour: int) -> None:
        """Use one.

        Raises:
            ProblemError: 429; says when there is room again.
        """
        with self._lock:
            now_ns = self._drain()
            if len(self._taken) < per_hour:
                self._taken.append(now_ns)
                return
            wait_s = HOUR_S - (now_ns - self._taken[len(self._taken) - per_hour]) / NS_PER_S
        raise too_many("many-tips", "Very many tips come in just now", wait_s)

    def _drain(self) -> int:
        now_ns = self._clock.monotonic_ns()
        while self._taken and now_ns - self._taken[0] >= HOUR_S * NS_PER_S:
            self._taken.popleft()
        return now_ns


def bits_for(base: int, share: float) -> int:
    """How hard a proof is, by how much of the hour's budget is used.

    >>> [bits_for(14, share) for share in (0, 0.2, 0.25, 0.5, 0.9, 1)]
    [14, 15, 15, 17, 19, 20]
    """
    return base + math.floor(MORE_BITS * min(1.0, share))


def proves(challenge: str, answer: str, bits: int) -> bool:
    """Whether SHA-256 of challenge and answer begins with so many zero bits (as in Hashcash)."""
    digest = hashlib.sha256(f"{challenge}:{answer}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


class Challenges:
    """Hands out challenges and takes each answer once.

    A challenge carries its hardness and its end, signed with a key that lives as long as this
    process: after a restart all of them are void, so none can be used twice.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._spent: OrderedDict[str, int] = OrderedDict()

    def new(self, bits: int) -> str:
        """A challenge that holds for ten minutes."""
        ends_ns = self._clock.monotonic_ns() + CHALLENGE_S * NS_PER_S
        body = f"{secrets.token_hex(8)}.{bits}.{ends_ns}"
        return f"{body}.{self._sign(body)}"

    def spend(self, challenge: str, answer: str) -> None:
        """Take an answer.

        Raises:
            ProblemError: 428, it is not ours, over, used or not solved; a fresh one is needed.
        """
        body, _, signature = challenge.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            raise _stale()
        _, bits, ends = body.split(".")
        ends_ns, now_ns = int(ends), self._clock.monotonic_ns()
        if now_ns >= ends_ns or not proves(challenge, answer, int(bits)):
            raise _stale()
        with self._lock:
            while self._spent and next(iter(self._spent.values())) <= now_ns:
                self._spent.popitem(last=False)
            if challenge in self._spent:
                raise _stale()
            self._spent[challenge] = ends_ns

    def _sign(self, body: str) -> str:
        return urlsafe_b64encode(hmac.digest(self._key, body.encode(), "sha256")[:15]).decode()


def _stale() -> ProblemError:
    return ProblemError(
        428,
        "challenge",
        "The challenge is over, used or not solved",
        "Ask for another one and send it again.",
        {"retry-after": "1"},
    )
