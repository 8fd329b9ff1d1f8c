"""Sign-in of RTSP clients: digest with MD5 (RFC 2617) and SHA-256 (RFC 7616), Basic on demand."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class Authenticator:
    """Knows the one account of the cameras and checks Authorization headers against it.

    Args:
        realm: shown to people by clients; part of the hash.
        basic: offer Basic (RFC 7617) as well. It sends the password in clear.
        md5: offer and take MD5; newer cameras can be told to know SHA-256 alone.
    """

    def __init__(
        self,
        username: str,
        password: str,
        *,
        realm: str,
        basic: bool = False,
        md5: bool = True,
    ) -> None:
        self._username = username
        self._password = password
        self._realm = realm
        self._basic = basic
        self._md5 = md5

    @staticmethod
    def new_nonce() -> str:
        """A nonce for one connection."""
        return secrets.token_hex(16)

    def challenges(self, nonce: str) -> tuple[tuple[str, str], ...]:
        """WWW-Authenticate headers, one an algorithm.

        MD5 stands last though it is the weaker one: FFmpeg takes the last challenge it is given
        and knows no other algorithm, as most recorders in the field.
        """
        lines = [
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm=SHA-256, qop="auth"',
        ]
        if self._md5:
            lines.append(f'Digest realm="{self._realm}", nonce="{nonce}"')
        if self._basic:
            lines.insert(0, f'Basic realm="{self._realm}"')
        return tuple(("WWW-Authenticate", line) for line in lines)

    def allows(self, method: str, url: str, authorization: str, nonce: str) -> bool:
        """True when the header proves knowledge of the password for this request.

        Args:
            url: of the request line; the signed one must lead to the same camera.
            nonce: the one this connection was challenged with.
        """
        scheme, _, rest = authorization.strip().partition(" ")
        if scheme.lower() == "basic":
            return self._basic and self._allows_basic(rest)
        if scheme.lower() != "digest":
            return False
        given = parse_parameters(rest)
        if given.get("nonce") != nonce or given.get("username") != self._username:
            return False
        if _camera(given.get("uri", "")) != _camera(url):
            return False
        if not self._md5 and given.get("algorithm", "MD5") != "SHA-256":
            return False
        expected = answer(method, self._username, self._password, {**given, "realm": self._realm})
        return expected is not None and hmac.compare_digest(
            expected, given.get("response", "").lower().encode()
        )

    def _allows_basic(self, token: str) -> bool:
        try:
            given = base64.b64decode(token.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self._username}:{self._password}".encode())


def parse_parameters(text: str) -> dict[str, str]:
    """``name="value", name=value`` as a mapping with lower-case names."""
    return {
        name.lower(): quoted.replace('\\"', '"') if quoted else bare
        for name, quoted, bare in _PARAMETER.findall(text)
    }


def answer(
    method: str, username: str, password: str, parameters: Mapping[str, str]
) -> bytes | None:
    """The ``response`` of RFC 7616, section 3.4.1 (without qop: RFC 2069), as hex digits.

    Args:
        parameters: realm, nonce, uri and, where used, algorithm, qop, nc and cnonce.

    Returns:
        None when the algorithm or the qop is not one of ours.
    """
    hasher = _HASHES.get(parameters.get("algorithm", "MD5").upper())
    if hasher is None:
        return None

    def h(*parts: str) -> str:
        return hasher(":".join(parts).encode()).hexdigest()

    secret = h(username, parameters.get("realm", ""), password)
    request = h(method, parameters.get("uri", ""))
    nonce, qop = parameters.get("nonce", ""), parameters.get("qop")
    if qop is None:
        return h(secret, nonce, request).encode()
    if qop != "auth":
        return None
    counted = (nonce, parameters.get("nc", ""), parameters.get("cnonce", ""), qop)
    return h(secret, *counted, request).encode()


def _camera(url: str) -> str:
    """First segment of the path: which camera a URL is about.

    Clients sign the aggregate URL for a request to a track and the other way round, so the rest
    is not compared.
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return next((unquote(part) for part in path.split("/") if part), "")
