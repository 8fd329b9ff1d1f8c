"""The code by which somebody who told us something asks what became of it.

Fourteen symbols drawn from 31 (69 bits) and a check symbol: ``7KQ2M-X9RBA-T4WDE``. The symbols are
digits and capital letters without those that look alike (0 O, 1 I L). Thirty-one is a prime, so a
weighted sum modulo 31 finds every single wrong symbol and every two that changed places (the
principle of ISO/IEC 7064's pure systems and of ISBN-10).
"""

import hashlib
import hmac

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
SYMBOLS = 14
GROUP = 5
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}


def code_of(secret: bytes, token: str) -> str:
    """The code of a tip, always the same for the same secret of the phone.

    Args:
        secret: the house's key; without it nobody can tell the code from the token.
        token: what the phone made.
    """
    number = int.from_bytes(_keyed(secret, "code", token), "big")
    symbols = []
    for _ in range(SYMBOLS):  # 256 bits leave no bias worth a name in 69
        number, value = divmod(number, len(ALPHABET))
        symbols.append(ALPHABET[value])
    plain = "".join(symbols)
    return _grouped(plain + _check(plain))


def read_code(typed: str) -> str | None:
    """The code that somebody typed, as it is written; None when it is none.

    >>> read_code("23456 789ab cdefx") is None
    True
    """
    plain = "".join(one for one in typed.upper() if one not in " -–—.·\t")
    if len(plain) != SYMBOLS + 1 or any(one not in _VALUE for one in plain):
        return None
    return _grouped(plain) if _check(plain[:-1]) == plain[-1] else None


def code_hash(secret: bytes, code: str) -> str:
    """What is stored of a code."""
    return _keyed(secret, "stored", code).hex()


def tip_id(token: str) -> str:
    """The id of the tip of a phone's secret; from it the secret cannot be told.

    >>> tip_id("0" * 32)
    'tip-84e0c0eafaa95a34'
    """
    return f"tip-{hashlib.sha256(token.encode()).hexdigest()[:16]}"


def _check(plain: str) -> str:
    # Weights 2 to 15; that of the check symbol itself is 1. All differ and none is 0 modulo 31.
    weighted = sum(_VALUE[one] * (SYMBOLS + 1 - at) for at, one in enumerate(plain))
    return ALPHABET[-weighted % len(ALPHABET)]


def _grouped(plain: str) -> str:
    return "-".join(plain[at : at + GROUP] for at in range(0, len(plain), GROUP))


def _keyed(secret: bytes, purpose: str, words: str) -> bytes:
    return hmac.digest(secret, f"wardwatch.tip.{purpose}:{words}".encode(), "sha256")
