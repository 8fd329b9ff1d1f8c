"""The audit log: append-only, each entry bound to the one before it by SHA-256.

``hash = SHA-256(canonical JSON of the entry with prev_hash, without hash)``; the first entry's
``prev_hash`` is 64 zeros. The chain shows any edit, removal or insertion before its head. Cutting
off the newest entries shows only against a head that was written down elsewhere, so
:func:`verify` also takes one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, text

from core.clock import Clock
from core.errors import AuditError
from core.store.tables import audit
from core.value import Value

GENESIS = "0" * 64


class AuditEntry(Value):
    """Who did what to which thing, when and why."""

    seq: int
    at_ns: int
    actor: str
    action: str
    object: str
    reason: str
    detail: Mapping[str, Any]
    prev_hash: str
    hash: str

    def expected_hash(self) -> str:
        """The hash that an unchanged entry carries."""
        return _digest(self.model_dump(exclude={"hash"}))


class AuditLog:
    """The log within one transaction."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def append(
        self,
        actor: str,
        action: str,
        object_id: str,
        reason: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        """Add an entry behind the last one.

        Args:
            actor: user name, or ``system``.
            action: a dotted verb, e.g. ``incident.state``, ``evidence.view``.
            object_id: what it was done to.
            detail: JSON-able facts.
        """
        if self._connection.dialect.name == "postgresql":
            # SQLite transactions are exclusive already (BEGIN IMMEDIATE).
            self._connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        last = self._connection.execute(
            select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
        ).first()
        entry: dict[str, Any] = {
            "seq": 1 if last is None else last.seq + 1,
            "at_ns": self._clock.utc_ns(),
            "actor": actor,
            "action": action,
            "object": object_id,
            "reason": reason,
            "detail": json.loads(json.dumps(dict(detail or {}))),
            "prev_hash": GENESIS if last is None else last.hash,
        }
        entry["hash"] = _digest(entry)
        self._connection.execute(insert(audit).values(entry))
        return AuditEntry.model_validate(entry)

    def entries(self, object_id: str | None = None) -> Iterator[AuditEntry]:
        """All entries in order, or those about one thing."""
        query = select(audit).order_by(audit.c.seq)
        if object_id is not None:
            query = query.where(audit.c.object == object_id)
        for row in self._connection.execute(query).mappings():
            yield AuditEntry.model_validate(dict(row))

    def between(
        self,
        first_ns: int,
        last_ns: int,
        *,
        before: int | None = None,
        actor: str = "",
        action: str = "",
        object_id: str = "",
        limit: int = 1000,
    ) -> Iterator[AuditEntry]:
        """Entries of a time, newest first.

        Args:
            before: only those with a lower number.
            actor, action, object_id: only by whom, what, on which thing; empty: any. An action
                that ends in a dot stands for all that begin so.
        """
        query = select(audit).where(audit.c.at_ns >= first_ns, audit.c.at_ns <= last_ns)
        if before is not None:
            query = query.where(audit.c.seq < before)
        if actor:
            query = query.where(audit.c.actor == actor)
        if action.endswith("."):
            query = query.where(audit.c.action.startswith(action, autoescape=True))
        elif action:
            query = query.where(audit.c.action == action)
        if object_id:
            query = query.where(audit.c.object == object_id)
        query = query.order_by(audit.c.seq.desc()).limit(limit)
        for row in self._connection.execute(query).mappings():
            yield AuditEntry.model_validate(dict(row))

    def after(self, seq: int, limit: int = 1000) -> Iterator[AuditEntry]:
        """Entries with a higher number, in order."""
        query = select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(limit)
        for row in self._connection.execute(query).mappings():
            yield AuditEntry.model_validate(dict(row))

    def of_action(self, action: str, first_ns: int, limit: int = 1000) -> Iterator[AuditEntry]:
        """Entries of one action from a time on, newest first."""
        query = select(audit).where(audit.c.action == action, audit.c.at_ns >= first_ns)
        query = query.order_by(audit.c.seq.desc()).limit(limit)
        for row in self._connection.execute(query).mappings():
            yield AuditEntry.model_validate(dict(row))

    def newest(self, action: str | None = None, object_id: str | None = None) -> AuditEntry | None:
        """The newest entry, of an action, about a thing; None when there is none."""
        query = select(audit).order_by(audit.c.seq.desc()).limit(1)
        if action is not None:
            query = query.where(audit.c.action == action)
        if object_id is not None:
            query = query.where(audit.c.object == object_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else AuditEntry.model_validate(dict(row))

    def verify(self, expected_head: str | None = None) -> tuple[int, str]:
        """Check the whole chain.

        Args:
            expected_head: a hash written down earlier that must still be in the chain.

        Returns:
            Number of entries and the hash of the newest.

        Raises:
            AuditError: names the first entry that is wrong.
        """
        count, head, known = 0, GENESIS, expected_head in (None, GENESIS)
        for entry in self.entries():
            count += 1
            if entry.seq != count:
                raise AuditError(f"audit entry {count} is missing: found {entry.seq} in its place")
            if entry.prev_hash != head:
                raise AuditError(
                    f"audit entry {entry.seq} does not follow entry {count - 1}: its prev_hash is "
                    f"{entry.prev_hash[:12]}…, the entry before has {head[:12]}…"
                )
            if entry.hash != entry.expected_hash():
                raise AuditError(f"audit entry {entry.seq} was changed after it was written")
            head = entry.hash
            known = known or head == expected_head
        if not known:
            raise AuditError(
                f"the head {expected_head} is not in the log: its newest entries were removed"
            )
        return count, head


def _digest(entry: Mapping[str, Any]) -> str:
    canonical = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
