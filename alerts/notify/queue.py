"""What waits for the channels, in the store: written in the transaction that reads the log."""

from datetime import datetime, timedelta
from hashlib import sha256

from core.clock import NS_PER_S
from core.config.notify import AnyChannel, MqttChannel, Notify
from core.config.site import Site
from core.notifications import Delivery, DeliveryState, Notification
from core.store.unit import Unit

_MOST = 5000
_LOOKED_BACK = 300


def enqueue(
    unit: Unit, site: Site, channel: AnyChannel, notification: Notification, seq: int, now_ns: int
) -> Delivery | None:
    """Let a notification wait for a channel; None when it is there, or the same was just told."""
    name = f"{channel.id}/{seq:012d}"
    if notification.summons is not None:
        # One entry may summon many; ids have room for 80 characters.
        name += f"/{sha256(notification.id.encode()).hexdigest()[:12]}"
    if unit.deliveries.get(name) is not None:
        return None
    if not isinstance(channel, MqttChannel) and _told_just_now(
        unit, channel.id, notification, site.notify, now_ns
    ):
        return None
    made = Delivery(
        id=name,
        channel=channel.id,
        state="waiting",
        due_ns=_due_ns(site, channel, notification, now_ns),
        seq=seq,
        made_ns=now_ns,
        notice=notification,
    )
    unit.deliveries.put(made)
    return made


def waiting(unit: Unit, channel_id: str) -> list[Delivery]:
    """All that waits for a channel, in order."""
    return unit.deliveries.find(channel=channel_id, state="waiting", limit=_MOST)


def end(unit: Unit, delivery: Delivery, state: DeliveryState, now_ns: int) -> None:
    """It waits no longer."""
    unit.deliveries.put(
        delivery.model_copy(update={"state": state, "ended_ns": now_ns, "error": ""})
    )


def put_off(unit: Unit, delivery: Delivery, error: str, due_ns: int) -> None:
    """An attempt failed; the next one not before ``due_ns``."""
    later = {"attempts": delivery.attempts + 1, "error": error, "due_ns": due_ns}
    unit.deliveries.put(delivery.model_copy(update=later))


def _told_just_now(
    unit: Unit, channel_id: str, notification: Notification, notify: Notify, now_ns: int
) -> bool:
    """Count a repetition at the one that it repeats."""
    oldest_ns = now_ns - round(notify.dedupe_s * NS_PER_S)
    for one in unit.deliveries.find(newest_by="made_ns", limit=_LOOKED_BACK, channel=channel_id):
        if one.made_ns < oldest_ns:
            return False
        if one.notice.key == notification.key and one.state != "expired":
            unit.deliveries.put(one.model_copy(update={"repeats": one.repeats + 1}))
            return True
    return False


def _due_ns(site: Site, channel: AnyChannel, notification: Notification, now_ns: int) -> int:
    """Now, or the end of quiet hours for what can wait."""
    if notification.summons is not None:
        return now_ns + round(site.notify.officers.after_s * NS_PER_S)
    quiet = channel.quiet_hours
    local = datetime.fromtimestamp(now_ns // NS_PER_S, site.zone_info)
    if quiet is None or notification.serious or not quiet.covers(local.time()):
        return now_ns
    day = local.date() if local.time() < quiet.end else local.date() + timedelta(days=1)
    ends = datetime.combine(day, quiet.end, site.zone_info)
    return max(now_ns, round(ends.timestamp()) * NS_PER_S)
