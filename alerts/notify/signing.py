"""Signatures of webhooks, as Standard Webhooks 1.0.0 has them (symmetric, ``v1``).

HMAC-SHA256 over ``id.timestamp.body`` with the key behind ``whsec_``. While keys change there are
two, and a signature of each; the receiver takes the message when one of them fits. It refuses
what is older than five minutes, and an id that it has seen.
"""

import base64
import binascii
import hashlib
import hmac

REPLAY_S = 300
MIN_KEY, MAX_KEY = 24, 64
PREFIX = "whsec_"


def keys_of(secret: str) -> tuple[bytes, ...]:
    """The keys of a secret: one, or two with a space between; the first is the newer.

    Raises:
        ValueError: it is no such secret; the message does not repeat it.
    """
    keys = []
    for part in secret.split():
        try:
            key = base64.b64decode(part.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not MIN_KEY <= len(key) <= MAX_KEY:
            raise ValueError(f"a key is {PREFIX} and {MIN_KEY} to {MAX_KEY} bytes in base64")
        keys.append(key)
    if not 1 <= len(keys) <= 2:
        raise ValueError("give one key, or two with a space between")
    return tuple(keys)


def sign(keys: tuple[bytes, ...], message_id: str, timestamp_s: int, body: bytes) -> str:
    """The header ``webhook-signature``.

    >>> keys = keys_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    content = f"{message_id}.{timestamp_s}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys
    )


def verify(
    keys: tuple[bytes, ...],
    message_id: str,
    timestamp_s: int,
    body: bytes,
    signature: str,
    now_s: int,
) -> bool:
    """What a receiver does: one signature fits one key, and the time is not long ago."""
    if abs(now_s - timestamp_s) > REPLAY_S:
        return False
    ours = sign(keys, message_id, timestamp_s, body).split()
    return any(hmac.compare_digest(one, given) for one in ours for given in signature.split())
