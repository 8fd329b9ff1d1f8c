"""Sign-in of ONVIF clients: WS-UsernameToken and HTTP digest (ONVIF Core, section 5.9)."""

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict

from core.clock import NS_PER_S, parse_iso
from sim.camera.digest import Authenticator
from sim.camera.onvif.options import OnvifOptions
from sim.camera.onvif.soap import Ask, down

TOKEN_AGE_MOST_S = 10.0
_NONCES_KEPT = 512
OPEN = {
    "GetSystemDateAndTime",
    "GetCapabilities",
    "GetServices",
    "GetServiceCapabilities",
    "GetHostname",
    "GetWsdlUrl",
}
"""Operations of access class PRE_AUTH."""


class Gate:
    """Knows the one account."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._http = Authenticator(username, password, realm="Wardwatch")
        self._nonce = Authenticator.new_nonce()
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def challenges(self) -> tuple[tuple[str, str], ...]:
        """WWW-Authenticate headers."""
        return self._http.challenges(self._nonce)

    def lets_in(
        self, ask: Ask, path: str, authorization: str, camera_ns: int, options: OnvifOptions
    ) -> bool:
        """True when the request proves knowledge of the password in an accepted way.

        Args:
            camera_ns: the camera's clock, which may be wrong.
        """
        if options.sign_in != "token" and self.knows_http("POST", path, authorization):
            return True
        return options.sign_in != "digest" and self._knows_token(ask, camera_ns)

    def knows_http(self, method: str, path: str, authorization: str) -> bool:
        """HTTP digest."""
        return self._http.allows(method, path, authorization, self._nonce)

    def _knows_token(self, ask: Ask, camera_ns: int) -> bool:
        token = down(ask.header, "Security", "UsernameToken")
        if token is None:
            return False
        texts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in token}
        try:
            nonce = base64.b64decode(texts.get("Nonce", ""), validate=True)
            created = texts.get("Created", "")
            age_ns = camera_ns - parse_iso(created)
        except (binascii.Error, ValueError, OverflowError):
            return False
        secret = nonce + created.encode() + self._password.encode()
        due = base64.b64encode(hashlib.sha1(secret, usedforsecurity=False).digest())
        right = hmac.compare_digest(due, texts.get("Password", "").encode())
        if texts.get("Username") != self._username or not right:
            return False
        if abs(age_ns) > TOKEN_AGE_MOST_S * NS_PER_S or nonce in self._seen:
            return False
        self._seen[nonce] = None
        if len(self._seen) > _NONCES_KEPT:
            self._seen.popitem(last=False)
        return True
