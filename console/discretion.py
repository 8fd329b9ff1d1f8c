"""Addresses and messages without the passwords that people and cameras put into them."""

import re

from console.errors import ProblemError

# Cheap cameras take the sign-in as parameters: rtsp://host/user=admin&password=secret&channel=1
_PARAMETER = re.compile(r"(?i)\b(pass|passw|password|passwd|pwd|token|passphrase)=[^&;/\s]*")
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s]*@")


def shown(text: str, *secrets: str) -> str:
    """An address, or a message with addresses in it, as it may be shown.

    >>> shown("camera gate at rtsp://admin:s3cret@10.0.0.9/main?pwd=s3cret refused")
    'camera gate at rtsp://10.0.0.9/main?pwd=*** refused'
    >>> shown("admin/horse-staple: wrong", "horse-staple")
    'admin/***: wrong'
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return _PARAMETER.sub(r"\1=***", _USERINFO.sub(r"\1", text))


def refuse_sign_in(field: str, address: str | None) -> None:
    """Addresses hold no user name: it would be stored, logged and shown with them.

    A password may hold a slash; then what seems to be the port is no number.

    Raises:
        ProblemError: 422; the address is not quoted.
    """
    if address is None:
        return
    rest = address.partition("://")[2] or address
    host = rest.partition("/")[0]
    port = host.rpartition("]")[2].partition(":")[2]
    if "@" in host or ("@" in rest and port and not port.isdigit()):
        raise ProblemError(
            422,
            "address-sign-in",
            "The address holds a user name",
            f"{field}: write the user name and the password into their own fields.",
        )


def same_address(given: str, known: str | None) -> bool:
    """The address as it was shown came back: it is not to be changed.

    >>> same_address("rtsp://h/pwd=***", "rtsp://h/pwd=s3cret")
    True
    """
    return known is not None and given in (known, shown(known))
