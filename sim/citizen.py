"""One of the public with a phone, as the console sees it: no account, a proof of work, a code.

Speaks the HTTP of the page ``/tip`` (``docs/design/tips.md``).
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from core.clock import Clock, iso
from core.geometry import GeoPoint
from core.tipcode import tip_id
from sim.errors import SimulatorError

API = "/api/v1/tip"
ACCURACY_M = 15.0


@dataclass(frozen=True)
class Told:
    """What somebody has to tell."""

    kind: str
    place: GeoPoint
    place_words: str
    words: str
    happened_ns: int
    photos: Sequence[bytes] = ()


@dataclass
class Citizen:
    """Tells of one thing, used by one thread.

    Attributes:
        client: knows the console's address.
        token: the phone's secret for this tip.
        code: by which its state is asked for; empty until the tip has arrived.
        arrived: how many photos have.
    """

    client: httpx.Client
    clock: Clock
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    code: str = ""
    arrived: int = 0

    @property
    def tip(self) -> str:
        """The tip's id at the desk."""
        return tip_id(self.token)

    def tell(self, told: Told) -> None:
        """Send it with its photos; after an error the same again is the same tip.

        Raises:
            SimulatorError: the console does not take it.
            httpx.HTTPError: the console is out of reach.
        """
        given = _read(self.client.post(f"{API}/challenge"))
        said = {
            "token": self.token,
            "challenge": given["challenge"],
            "answer": proof(given["challenge"], given["bits"]),
            "kind": told.kind,
            "lon": told.place.lon,
            "lat": told.place.lat,
            "accuracy_m": ACCURACY_M,
            "placed": "phone",
            "place_words": told.place_words,
            "words": told.words,
            "happened": iso(told.happened_ns),
            "sent": iso(self.clock.utc_ns()),
            "photos": len(told.photos),
        }
        self.code = _read(self.client.post(API, json=said))["code"]
        for number, photo in enumerate(told.photos):
            path, secret = f"{API}/photos/{number}", {"x-tip-token": self.token}
            answer = _read(self.client.put(path, content=photo, headers=secret))
            self.arrived = len(answer["photos"])

    def ask(self) -> str:
        """The state of the tip, by its code.

        Raises:
            SimulatorError: the console does not tell it.
            httpx.HTTPError: the console is out of reach.
        """
        return str(_read(self.client.post(f"{API}/status", json={"code": self.code}))["state"])


def proof(challenge: str, bits: int) -> str:
    """The first number whose SHA-256 with the challenge begins with so many zero bits.

    >>> proof("a", 8)
    '63'
    """
    for number in count():
        digest = hashlib.sha256(f"{challenge}:{number}".encode()).digest()
        if int.from_bytes(digest, "big") >> (256 - bits) == 0:
            return str(number)
    raise AssertionError("numbers do not end")


def _read(answer: httpx.Response) -> Any:
    if answer.is_error:
        where = f"{answer.request.method} {answer.request.url.path}"
        raise SimulatorError(f"{where}: {answer.status_code} {answer.text[:200]}")
    return answer.json()
