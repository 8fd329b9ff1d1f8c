"""Signing in to RTSP devices: Digest (RFC 7616: MD5, SHA-256) and Basic (RFC 7617).

The strongest scheme offered is taken: ONVIF devices list SHA-256 beside MD5, and a device that
asks for Digest must never be shown the password by Basic.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_SCHEME = re.compile(r"(?:^|,\s*|\s)(Digest|Basic)\s+(?=[A-Za-z])", re.IGNORECASE)
_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_STRENGTH = {"SHA-256": 3, "MD5": 2, "BASIC": 1}


@dataclass
class Challenge:
    """What a ``WWW-Authenticate`` header asks for, and the answers given to it so far.

    Attributes:
        algorithm: SHA-256, MD5 or BASIC; ``session`` marks the ``-sess`` forms.
    """

    algorithm: str
    realm: str
    nonce: str = ""
    opaque: str | None = None
    qop: bool = False
    session: bool = False
    stale: bool = False
    _count: int = field(default=0, repr=False)
    _cnonce: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)

    def answer(self, method: str, uri: str, username: str, password: str) -> str:
        """The ``Authorization`` header for one request (RFC 7616, section 3.4)."""
        if self.algorithm == "BASIC":
            pair = f"{username}:{password}".encode()
            return f"Basic {base64.b64encode(pair).decode('ascii')}"
        digest = _HASHES[self.algorithm]
        self._count += 1
        count = f"{self._count:08x}"
        ha1 = digest(f"{username}:{self.realm}:{password}".encode())
        if self.session:
            ha1 = digest(f"{ha1}:{self.nonce}:{self._cnonce}".encode())
        ha2 = digest(f"{method}:{uri}".encode())
        middle = f"{self.nonce}:{count}:{self._cnonce}:auth" if self.qop else self.nonce
        fields = [
            f'username="{_quoted(username)}"',
            f'realm="{_quoted(self.realm)}"',
            f'nonce="{_quoted(self.nonce)}"',
            f'uri="{_quoted(uri)}"',
            f'response="{digest(f"{ha1}:{middle}:{ha2}".encode())}"',
        ]
        # Old firmware knows MD5 only and stumbles over being told so.
        if self.algorithm != "MD5" or self.session:
            fields.append(f"algorithm={self.algorithm}{'-sess' if self.session else ''}")
        if self.opaque is not None:
            fields.append(f'opaque="{_quoted(self.opaque)}"')
        if self.qop:
            fields.append(f'qop=auth, nc={count}, cnonce="{self._cnonce}"')
        elif self.session:
            fields.append(f'cnonce="{self._cnonce}"')
        return f"Digest {', '.join(fields)}"


def strongest(headers: Sequence[str]) -> Challenge | None:
    """The strongest challenge that we can answer among ``WWW-Authenticate`` headers."""
    return max(challenges(headers), key=lambda one: _STRENGTH[one.algorithm], default=None)


def challenges(headers: Sequence[str]) -> list[Challenge]:
    """All challenges that we can answer, in order; one header may carry several."""
    return [challenge for header in headers for challenge in _read(header)]


def _read(header: str) -> list[Challenge]:
    found = []
    marks = list(_SCHEME.finditer(_without_quoted(header)))
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(header)
        given = {
            key.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
            for key, quoted, plain in _PARAMETER.findall(header[mark.end() : end])
        }
        realm = given.get("realm", "")
        if mark[1].lower() == "basic":
            found.append(Challenge("BASIC", realm))
            continue
        algorithm = given.get("algorithm", "MD5").upper()
        session = algorithm.endswith("-SESS")
        algorithm = algorithm.removesuffix("-SESS")
        offers = [offer.strip().lower() for offer in given.get("qop", "").split(",")]
        if (
            algorithm not in _HASHES
            or "nonce" not in given
            or (offers != [""] and "auth" not in offers)
        ):
            continue
        found.append(
            Challenge(
                algorithm,
                realm,
                given["nonce"],
                given.get("opaque"),
                qop="auth" in offers,
                session=session,
                stale=given.get("stale", "").lower() == "true",
            )
        )
    return found


def _without_quoted(header: str) -> str:
    """The header with quoted strings blanked out, same length."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: f'"{"_" * (len(m[0]) - 2)}"', header)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
