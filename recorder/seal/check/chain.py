"""The chain of custody: every event carries the hash of the one before."""

import hashlib
from dataclasses import dataclass
from typing import Any

from recorder.seal.check.canonical import UnreadableError, canonical, read_canonical
from recorder.seal.check.times import utc_ns_of

GENESIS = "0" * 64
_TEXTS = ("prev_hash", "at", "incident", "actor", "unit", "action", "reason", "object", "hash")
_FIELDS = {"seq", "before", "after", *_TEXTS}


@dataclass(frozen=True)
class Custody:
    """A chain that holds.

    Attributes:
        events: in order.
        head: hash of the newest; zeros while there is none.
        back: numbers of events whose clock was behind the one before.
    """

    events: tuple[dict[str, Any], ...] = ()
    head: str = GENESIS
    back: tuple[int, ...] = ()

    def sealed(self) -> set[str]:
        """SHA-256 of everything that an event says came to be, or came under seal."""
        return {one["after"] for one in self.events if one["after"]}


def event_hash(event: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of an event without its ``hash``."""
    return hashlib.sha256(
        canonical({name: value for name, value in event.items() if name != "hash"})
    ).hexdigest()


def read_custody(content: bytes, incident: str) -> Custody:
    """Check ``custody.jsonl``.

    Raises:
        UnreadableError: names the first event that is wrong.
    """
    events: list[dict[str, Any]] = []
    back = []
    head, before_ns = GENESIS, 0
    lines = content.split(b"\n")
    if lines.pop():
        raise UnreadableError("the last event is cut")
    for number, line in enumerate(lines, 1):
        try:
            event = read_canonical(line)
            now_ns = _check_fields(event)
        except UnreadableError as error:
            raise UnreadableError(f"event {number}: {error}") from None
        if event["seq"] != number:
            raise UnreadableError(f"event {number} is missing: {event['seq']} is in its place")
        if event["incident"] != incident:
            raise UnreadableError(f"event {number} is of another incident")
        if event["prev_hash"] != head:
            raise UnreadableError(f"event {number} does not follow the one before it")
        if event["hash"] != event_hash(event):
            raise UnreadableError(f"event {number} was changed")
        if now_ns < before_ns:
            back.append(number)
        head, before_ns = event["hash"], now_ns
        events.append(event)
    return Custody(tuple(events), head, tuple(back))


def _check_fields(event: Any) -> int:
    if not isinstance(event, dict) or set(event) != _FIELDS:
        raise UnreadableError("not the fields of an event")
    if type(event["seq"]) is not int or not all(isinstance(event[one], str) for one in _TEXTS):
        raise UnreadableError("a field of the wrong kind")
    if not all(event[one] is None or isinstance(event[one], str) for one in ("before", "after")):
        raise UnreadableError("a field of the wrong kind")
    return utc_ns_of(event["at"])
