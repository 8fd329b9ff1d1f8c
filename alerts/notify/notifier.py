"""From the audit log to the channels: one reader, and one worker a channel.

The reader's place in the log and what it queued are stored in one transaction, so every entry is
queued exactly once, whenever the process dies.
"""

import threading
from collections.abc import Callable
from functools import partial

import structlog

from alerts.notify import queue, states
from alerts.notify.apprise import Apprise
from alerts.notify.channel import ChannelError, Driver, Message
from alerts.notify.mqtt import Mqtt
from alerts.notify.notifications import notification_of, test_notification
from alerts.notify.rules import channels_for
from alerts.notify.secrets import secret_of
from alerts.notify.summons import summons_of
from alerts.notify.webhook import Webhook
from alerts.notify.worker import Worker
from core.cases import Notice
from core.clock import NS_PER_S, Clock
from core.config.notify import AnyChannel, AppriseChannel, WebhookChannel
from core.config.site import Site
from core.networks import Networks
from core.notifications import ChannelNow, ChannelRecord, Cursor, Notification
from core.store.database import Store
from core.store.unit import Unit

_log = structlog.get_logger()

_CURSOR = "notify"
_BATCH = 200
_POLL_S = 0.5
_KEPT_DAYS = 30
_PRUNE = 500


class Notifier:
    """The face of this package (``core.notifications.Notifications``).

    Args:
        site: channels and rules are those of the start; names of cameras follow :meth:`use`.
        tell: hears at once what the desk is told; it is in the store already.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        clock: Clock,
        tell: Callable[[Notice], None] = lambda _: None,
    ) -> None:
        self._site, self._store, self._clock = site, store, clock
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.workers = {
            one.id: Worker(
                one,
                store,
                clock,
                partial(self._driver, one),
                tell=tell,
                unreached_s=site.notify.officers.unreached_s,
            )
            for one in site.notify.channels
            if one.enabled
        }
        self.use(site)

    def use(self, site: Site) -> None:
        """Take other names of cameras and officers; channels stay as they were at the start."""
        self._site = site.model_copy(update={"notify": self._site.notify})
        ways = {way.channel for officer in site.officers for way in officer.notify}
        for name, worker in self.workers.items():
            worker.summons = name in ways

    def start(self) -> None:
        """Begin to read and to send; a second time changes nothing."""
        if self._threads:
            return
        loops: dict[str, Callable[[], None]] = {"reader": self._read}
        for name, worker in self.workers.items():
            loops[name] = partial(self._work, worker)
        for name, loop in loops.items():
            thread = threading.Thread(target=loop, name=f"notify-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End; what waits stays in the store."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)
        for worker in self.workers.values():
            worker.close()

    def pump(self) -> int:
        """Read on in the log and queue what it tells; the number of entries read."""
        with self._store.read() as unit:
            cursor, newest = unit.cursors.get(_CURSOR), unit.audit.newest()
            if cursor is not None and (newest is None or newest.seq <= cursor.seq):
                return 0  # without waiting for whoever writes
        with self._store.begin() as unit:
            cursor = unit.cursors.get(_CURSOR)
            if cursor is None:
                # What happened before there were channels is told to nobody.
                newest = unit.audit.newest()
                unit.cursors.put(Cursor(id=_CURSOR, seq=newest.seq if newest else 0))
                return 0
            entries = list(unit.audit.after(cursor.seq, _BATCH))
            running = unit.duty_turns.find(state="running", limit=1)
            shift = running[0].plan.shift if running else None
            now_ns = self._clock.utc_ns()
            for entry in entries:
                for summons in summons_of(entry, unit, self._site):
                    self._summon(unit, summons, entry.seq, now_ns)
                notification = notification_of(entry, unit, self._site)
                if notification is None:
                    continue
                for name in channels_for(notification, self._site, shift):
                    channel = self._site.notify.channel(name)
                    if channel is not None:
                        queue.enqueue(unit, self._site, channel, notification, entry.seq, now_ns)
            unit.cursors.put(Cursor(id=_CURSOR, seq=entries[-1].seq))
            return len(entries)

    def _summon(self, unit: Unit, notification: Notification, seq: int, now_ns: int) -> None:
        summons = notification.summons
        channel = self._site.notify.channel(summons.channel) if summons else None
        if channel is not None and channel.enabled:
            queue.enqueue(unit, self._site, channel, notification, seq, now_ns)

    def channels(self) -> tuple[ChannelNow, ...]:
        """All configured channels, and how they do."""
        told = []
        with self._store.read() as unit:
            for one in self._site.notify.channels:
                oldest = unit.deliveries.find(channel=one.id, state="waiting", limit=1)
                record = unit.channels.get(one.id) or ChannelRecord(id=one.id)
                told.append(
                    ChannelNow(
                        **record.model_dump(),
                        kind=one.kind,
                        enabled=one.enabled,
                        waiting=unit.deliveries.count(channel=one.id, state="waiting"),
                        oldest_ns=oldest[0].made_ns if oldest else None,
                    )
                )
        return tuple(told)

    def test(self, channel_id: str) -> None:
        """Send a message that says it is a test, past the queue.

        Raises:
            ChannelError: there is no such channel, or it did not take it.
        """
        channel = self._site.notify.channel(channel_id)
        if channel is None:
            known = ", ".join(one.id for one in self._site.notify.channels) or "none"
            raise ChannelError(f"there is no channel {channel_id!r}; there are: {known}")
        now_ns = self._clock.utc_ns()
        notification = test_notification(channel_id, now_ns, self._site)
        if channel.kind == "mqtt":
            # Not the name of the running centre, which the broker would throw out.
            channel = channel.model_copy(update={"client_id": f"{channel.client_id}-test"})
        driver = self._driver(channel, test=True)
        try:
            driver.send(Message(notification.id, (notification,), now_ns))
        finally:
            driver.close()

    def _driver(self, channel: AnyChannel, *, test: bool = False) -> Driver:
        secret = secret_of(self._site, channel)
        networks = Networks(self._site.notify.networks)
        if isinstance(channel, AppriseChannel):
            return Apprise(channel, secret, self._site)
        if isinstance(channel, WebhookChannel):
            return Webhook(channel, secret, networks)
        return Mqtt(
            channel,
            secret,
            networks,
            partial(states.touched, self._store),
            # A test says nothing about whether the centre is there.
            (lambda: ()) if test else (lambda: states.everything(self._store, self._site)),
            presence=not test,
        )

    def _read(self) -> None:
        while not self._clock.wait(self._stop, _POLL_S):
            try:
                while self.pump() == _BATCH and not self._stop.is_set():
                    pass
                self._prune()
            except Exception:
                _log.exception("notifications not read")

    def _work(self, worker: Worker) -> None:
        while not self._stop.is_set():
            try:
                done = worker.step()
            except Exception:
                _log.exception("channel could not work", channel=worker.channel.id)
                done = "failed"
            if done != "sent":
                self._clock.wait(self._stop, _POLL_S)

    def _prune(self) -> None:
        """Forget what ended long ago; the audit log still has what happened."""
        oldest_ns = self._clock.utc_ns() - _KEPT_DAYS * 86_400 * NS_PER_S
        with self._store.read() as unit:
            old = unit.deliveries.find(
                newest_by="made_ns",
                before=oldest_ns,
                limit=_PRUNE,
                state=["delivered", "summarised", "expired", "needless"],
            )
        if old:
            with self._store.begin() as unit:
                for one in old:
                    unit.deliveries.remove(one.id)
