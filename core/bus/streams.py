"""The bus over Redis Streams (Redis 6.2 or Valkey 7 and later).

Delivery is at least once: a message is acknowledged after its handler returned, what a dead
consumer left is claimed by another, and what fails time and again is set aside in
``dead.<stream>`` so that it cannot block the rest. While the server is away
:meth:`RedisBus.publish` spools to disk and :meth:`RedisBus.show` drops.
"""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import redis
import structlog
from pydantic import ValidationError

from core.bus.base import Handler
from core.bus.spool import Spool
from core.errors import BusError
from core.value import Value

V = TypeVar("V", bound=Value)
Fields = dict[str, str]

_KEPT_MESSAGES = 100_000
_SHOWN_MESSAGES = 200
_BLOCK_MS = 300
_RETRY_S = 0.5
_CLAIM_IDLE_MS = 10_000
_CLAIM_EVERY = 10  # reads
_MOST_DELIVERIES = 5
_BATCH = 32

log = structlog.get_logger()


class RedisBus:
    """A connection of one process to the bus.

    Args:
        url: ``redis://…`` or ``unix://…``.
        name: this process's name, unique among those that share a consumer group.
        spool_dir: where messages wait while the server is away.
    """

    def __init__(self, url: str, name: str, spool_dir: Path) -> None:
        self._name = name
        self._url = url
        self._redis: Any = redis.Redis.from_url(
            url, decode_responses=True, protocol=2, socket_timeout=2, socket_connect_timeout=2
        )
        self._spool = Spool(spool_dir / f"{name}.jsonl")
        self._sending = threading.Lock()
        self._away = False
        self._closed = threading.Event()
        self._deliverer = threading.Thread(
            target=self._deliver_later, name=f"bus-{name}", daemon=True
        )
        self._deliverer.start()

    def ping(self) -> None:
        """Raise :class:`BusError` unless the server answers."""
        try:
            self._redis.ping()
        except redis.RedisError as error:
            raise BusError(f"message bus {self._url}: {error}") from None

    def publish(self, stream: str, message: Value) -> None:
        fields = {"body": message.model_dump_json()}
        with self._sending:
            if not self._away and not self._spool.waiting:
                try:
                    self._add(stream, fields)
                except redis.RedisError as error:
                    log.warning("bus away, spooling", stream=stream, error=str(error))
                    self._away = True
                else:
                    return
            self._spool.keep(stream, fields)

    def show(self, stream: str, message: Value) -> None:
        if self._away:
            return
        try:
            self._redis.xadd(
                stream,
                {"body": message.model_dump_json()},
                maxlen=_SHOWN_MESSAGES,
                approximate=True,
            )
        except redis.RedisError as error:
            log.warning("bus away, not shown", stream=stream, error=str(error))
            self._away = True

    def consume(
        self, group: str, handlers: Mapping[str, tuple[type[Value], Handler]], stop: threading.Event
    ) -> None:
        prepared = False
        turn = 0
        while not stop.is_set():
            try:
                if not prepared:
                    self._make_groups(group, list(handlers))
                    prepared = True
                if turn % _CLAIM_EVERY == 0:
                    for stream in handlers:
                        self._claim_abandoned(group, stream, handlers[stream])
                turn += 1
                found = self._redis.xreadgroup(
                    group, self._name, dict.fromkeys(handlers, ">"), count=_BATCH, block=_BLOCK_MS
                )
                for stream, entries in found or ():
                    for entry_id, fields in entries:
                        self._handle(group, stream, entry_id, fields, handlers[stream])
            except redis.RedisError as error:
                log.warning("bus away, waiting", group=group, error=str(error))
                prepared = False
                stop.wait(_RETRY_S)

    def tail(self, stream: str, model: type[V], stop: threading.Event) -> Iterator[V]:
        last = "$"
        while not stop.is_set():
            try:
                if last == "$":
                    newest = self._redis.xrevrange(stream, count=1)
                    last = newest[0][0] if newest else "0-0"
                found = self._redis.xread({stream: last}, count=_BATCH, block=_BLOCK_MS)
            except redis.RedisError:
                stop.wait(_RETRY_S)
                continue
            for _, entries in found or ():
                for entry_id, fields in entries:
                    last = entry_id
                    message = _read(stream, entry_id, fields, model)
                    if message is not None:
                        yield message

    def close(self) -> None:
        self._closed.set()
        self._deliverer.join(timeout=5)
        self._redis.close()

    def _add(self, stream: str, fields: Fields) -> None:
        self._redis.xadd(stream, fields, maxlen=_KEPT_MESSAGES, approximate=True)

    def _deliver_later(self) -> None:
        while not self._closed.wait(_RETRY_S):
            if not self._away and not self._spool.waiting:
                continue
            try:
                self._redis.ping()
                with self._sending:
                    sent = self._spool.drain(self._add)
            except redis.RedisError:
                continue
            self._away = False
            log.info("bus back", delivered=sent)

    def _make_groups(self, group: str, streams: list[str]) -> None:
        for stream in streams:
            try:
                self._redis.xgroup_create(stream, group, id="0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    def _claim_abandoned(
        self, group: str, stream: str, handler: tuple[type[Value], Handler]
    ) -> None:
        _, entries, *_ = self._redis.xautoclaim(
            stream, group, self._name, min_idle_time=_CLAIM_IDLE_MS, count=_BATCH
        )
        for entry_id, fields in entries:
            state = self._redis.xpending_range(stream, group, entry_id, entry_id, 1)
            if state and state[0]["times_delivered"] > _MOST_DELIVERIES:
                self._set_aside(group, stream, entry_id, fields, "failed too often")
            else:
                self._handle(group, stream, entry_id, fields, handler)

    def _handle(
        self,
        group: str,
        stream: str,
        entry_id: str,
        fields: Fields,
        handler: tuple[type[Value], Handler],
    ) -> None:
        model, handle = handler
        message = _read(stream, entry_id, fields, model)
        if message is None:
            self._set_aside(group, stream, entry_id, fields, "cannot be read")
            return
        try:
            handle(message)
        except Exception:
            # Not ours to judge: the message stays pending and comes again.
            log.exception("handler failed", stream=stream, entry=entry_id)
            return
        self._redis.xack(stream, group, entry_id)

    def _set_aside(
        self, group: str, stream: str, entry_id: str, fields: Fields, reason: str
    ) -> None:
        log.error("message set aside", stream=stream, entry=entry_id, reason=reason)
        self._redis.xadd(f"dead.{stream}", {**fields, "entry": entry_id, "reason": reason})
        self._redis.xack(stream, group, entry_id)


def _read(stream: str, entry_id: str, fields: Fields, model: type[V]) -> V | None:
    try:
        return model.model_validate_json(fields["body"])
    except (KeyError, ValidationError) as error:
        log.error("unreadable message", stream=stream, entry=entry_id, error=str(error))
        return None
