"""Canonical JSON: one text for one value, so that a signature over the bytes means the value.

RFC 8785 (JSON Canonicalization Scheme), with two things refused that it leaves to the reader:
a name that appears twice, and a number beyond 2^53 - 1, which readers round differently.
"""

import json
import math
from decimal import Decimal
from typing import Any

_LARGEST = 2**53 - 1


class UnreadableError(Exception):
    """Something that is not what it should be; the message says what."""


def canonical(value: Any) -> bytes:
    """The canonical UTF-8 text of a JSON value.

    Raises:
        UnreadableError: it holds something that canonical JSON has no text for.
    """
    try:
        return "".join(_parts(value)).encode()
    except UnicodeEncodeError:
        raise UnreadableError("text with half a character (a lone surrogate)") from None


def read_canonical(content: bytes) -> Any:
    """The value of canonical JSON.

    Raises:
        UnreadableError: it is no JSON, or not the canonical text of its value.
    """
    value = read_json(content)
    if canonical(value) != content:
        raise UnreadableError("not canonical JSON (RFC 8785)")
    return value


def read_json(content: bytes) -> Any:
    """The value of a JSON text in which no name appears twice.

    Raises:
        UnreadableError: it is none.
    """
    try:
        return json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise UnreadableError("nested too deep") from None
    except ValueError as error:
        raise UnreadableError(f"no JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("a name appears twice in one object")
    return found


def _refuse(word: str) -> Any:
    raise UnreadableError(f"{word} is no JSON number")


def _parts(value: Any) -> list[str]:
    if value is None or isinstance(value, (bool, str)):
        return [json.dumps(value, ensure_ascii=False)]
    if isinstance(value, (int, float)):
        return [_number(value)]
    if isinstance(value, (list, tuple)):
        found = ["["]
        for position, one in enumerate(value):
            found += [","] if position else []
            found += _parts(one)
        return [*found, "]"]
    if isinstance(value, dict):
        found = ["{"]
        for position, name in enumerate(sorted(value, key=_utf16)):
            found += [","] if position else []
            found += [json.dumps(name, ensure_ascii=False), ":", *_parts(value[name])]
        return [*found, "}"]
    raise UnreadableError(f"{type(value).__name__} has no place in JSON")


def _utf16(name: Any) -> bytes:
    """RFC 8785 §3.2.3: names are sorted by their UTF-16 code units."""
    if not isinstance(name, str):
        raise UnreadableError(f"a name that is no text: {name!r}")
    return name.encode("utf-16-be")


def _number(value: float) -> str:
    """RFC 8785 §3.2.2.3: as ECMAScript writes it (ECMA-262, Number::toString)."""
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise UnreadableError(f"the number {value} is beyond 2^53 - 1")
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    _, figures, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, figures)).lstrip("0")
    point = len(digits) + int(exponent)
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if len(digits) <= point:
        return sign + digits.ljust(point, "0")
    if point > 0:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if point > -6:
        return f"{sign}0.{digits.rjust(len(digits) - point, '0')}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1}"
