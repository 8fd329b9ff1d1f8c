"""WS-UsernameToken with digest (Web Services Security UsernameToken Profile 1.0, section 3.1)."""

import base64
import hashlib

from core.clock import iso
from ingest.onvif.soap import Markup, element

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_EXTENSION = f"{_WSS}wssecurity-secext-1.0.xsd"
_UTILITY = f"{_WSS}wssecurity-utility-1.0.xsd"
_DIGEST = f"{_WSS}username-token-profile-1.0#PasswordDigest"
_BASE64 = f"{_WSS}soap-message-security-1.0#Base64Binary"


def digest(password: str, nonce: bytes, created: str) -> str:
    """Base64 of SHA-1 over nonce, creation time and password.

    The example of the ONVIF Application Programmer's Guide, section 6.1.1.3:

    >>> nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    >>> digest("userpassword", nonce, "2010-09-16T07:50:45Z")
    'tuOSpGlFlIXsozq4HFNeeGeFLEI='
    """
    secret = nonce + created.encode() + password.encode()
    return base64.b64encode(hashlib.sha1(secret, usedforsecurity=False).digest()).decode()


def username_token(username: str, password: str, nonce: bytes, camera_utc_ns: int) -> Markup:
    """The security header.

    Args:
        nonce: 16 fresh random bytes.
        camera_utc_ns: now, by the camera's own clock: it refuses tokens that look old.
    """
    created = iso(camera_utc_ns)
    token = element(
        "wsse:UsernameToken",
        element("wsse:Username", username),
        element("wsse:Password", digest(password, nonce, created), Type=_DIGEST),
        element("wsse:Nonce", base64.b64encode(nonce).decode(), EncodingType=_BASE64),
        element("wsu:Created", created),
    )
    spaces = {"xmlns:wsse": _EXTENSION, "xmlns:wsu": _UTILITY, "s:mustUnderstand": "1"}
    return element("wsse:Security", token, **spaces)
