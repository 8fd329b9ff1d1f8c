"""Which channels a notification goes to."""

from datetime import datetime
from fnmatch import fnmatchcase

from core.cases import Severity
from core.clock import NS_PER_S
from core.config.notify import MqttChannel, Notify, Rule
from core.config.site import Site
from core.notifications import Notification


def channels_for(notification: Notification, site: Site, shift: str | None) -> tuple[str, ...]:
    """Ids of the channels, in the order of the configuration.

    A broker is told every state and needs no rule. A channel is never told of its own trouble.

    Args:
        shift: the one that runs at the desk.
    """
    notify: Notify = site.notify
    local = datetime.fromtimestamp(notification.at_ns // NS_PER_S, site.zone_info)
    wanted = {
        channel
        for rule in notify.rules
        if fits(rule, notification, local, shift)
        for channel in rule.channels
    }
    own = notification.reference if notification.event.startswith("notify.") else None
    return tuple(
        one.id
        for one in notify.channels
        if one.enabled and one.id != own and (one.id in wanted or isinstance(one, MqttChannel))
    )


def fits(rule: Rule, notification: Notification, local: datetime, shift: str | None) -> bool:
    """Whether everything that the rule asks for is so."""
    if rule.events and not any(fnmatchcase(notification.event, one) for one in rule.events):
        return False
    if rule.severity is not None and notification.serious != (rule.severity is Severity.SERIOUS):
        return False
    asked = (
        (rule.kinds, notification.kind),
        (rule.cameras, notification.camera),
        (rule.zones, notification.zone),
    )
    if any(wanted and given not in wanted for wanted, given in asked):
        return False
    if rule.hours and not any(hours.covers(local.time()) for hours in rule.hours):
        return False
    return not rule.shifts or shift in rule.shifts
