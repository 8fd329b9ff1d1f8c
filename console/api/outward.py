"""Values as they leave the house: times become ISO 8601 text.

Nanoseconds since 1970 are larger than the integers JavaScript can hold (2**53), so every field
``x_ns`` leaves as ``x`` in ISO 8601, and a raw one never does.
"""

from collections.abc import Mapping
from typing import Any

from core.clock import iso
from core.value import Value


def outward(value: Value) -> dict[str, Any]:
    """The value as JSON-able data with ISO times.

    >>> from core.geometry import GeoPoint
    >>> from core.cases import OfficerPosition
    >>> place = GeoPoint(lat=30.5, lon=114.3)
    >>> at_ns = 1_790_000_000_000_000_000
    >>> outward(OfficerPosition(officer="o", at_ns=at_ns, place=place, status="free"))["at"]
    '2026-09-21T14:13:20.000Z'
    """
    changed: dict[str, Any] = _times(value.model_dump(mode="json"))
    return changed


def _times(data: Any) -> Any:
    if isinstance(data, Mapping):
        return dict(_field(name, content) for name, content in data.items())
    if isinstance(data, list | tuple):
        return [_times(one) for one in data]
    return data


def _field(name: str, content: Any) -> tuple[str, Any]:
    if name.endswith("_ns") and isinstance(content, int | None):
        return name.removesuffix("_ns"), None if content is None else iso(content)
    return name, _times(content)
