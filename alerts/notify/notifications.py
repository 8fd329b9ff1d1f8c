"""Entries of the audit log that are told outside, as notices."""

from datetime import datetime

from alerts.duty.wording import place_of, serious, words_of
from core.audit import AuditEntry
from core.cases import NoticeKind, Severity
from core.clock import NS_PER_S, iso
from core.config.site import Site
from core.notifications import Notification
from core.store.unit import Unit
from core.terms import KINDS, term
from core.value import Text, Value

_DUTY = frozenset(
    {
        "duty.sign_on_late",
        "duty.patrol_overdue",
        "duty.awake_missed",
        "duty.escalated",
        "duty.began",
        "duty.ended",
    }
)
_PLAIN = frozenset(
    {"incident.severity", "incident.still_there", "incident.waits", "dispatch.waits"}
)
_OF_TIPS = f"notice.{NoticeKind.TIPS_WAIT}"
_OWN = frozenset(
    {"notify.failing", "notify.back", "alarm.raised", "alarm.withdrawn", "alarm.acknowledged"}
)


def notification_of(entry: AuditEntry, unit: Unit, site: Site) -> Notification | None:
    """What the entry tells outside; None for what stays in the house."""
    event = _event(entry)
    if event is None:
        return None
    about: dict[str, str | None] = {}
    grave = serious(entry)
    if event.startswith(("incident.", "dispatch.", "notice.")) and event != _OF_TIPS:
        incident = unit.incidents.get(entry.object)
        about = {"incident": entry.object}
        if incident is not None:
            about |= {
                "camera": incident.camera,
                "zone": incident.zone,
                "kind": incident.kind.value,
            }
            grave = grave or incident.severity is Severity.SERIOUS
    elif event.startswith("camera."):
        about = {"camera": entry.object}
    return Notification(
        id=f"{entry.hash[:16]}-{entry.seq}",
        event=event,
        key=f"{event}/{entry.object}",
        at_ns=entry.at_ns,
        title=_title(event, about, site),
        text=words_of(entry, site),
        serious=grave,
        reference=entry.object,
        **about,
    )


def test_notification(channel: str, at_ns: int, site: Site) -> Notification:
    """A notification that says it is only a test."""
    return Notification(
        id=f"test-{channel}-{at_ns}",
        event="test",
        key=f"test/{at_ns}",
        at_ns=at_ns,
        title=Text(zh="测试通知", en="Test message"),
        text=Text(
            zh=f"{site.name.zh}：渠道 {channel} 的测试通知，无需处理",
            en=f"{site.name.en}: a test of channel {channel}; nothing is to be done",
        ),
    )


def local(at_ns: int, site: Site) -> str:
    """A moment as the clocks of the township show it."""
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, site.zone_info):%m-%d %H:%M:%S}"


class NotificationOut(Value):
    """A notification as other systems get it (``wardwatch.notice/1``)."""

    id: str
    event: str
    at: str
    serious: bool
    title: Text
    text: Text
    camera: str | None
    zone: str | None
    kind: str | None
    incident: str | None
    reference: str
    officer: str | None = None
    recipient: str | None = None
    link: str | None = None


def outward(notification: Notification) -> NotificationOut:
    """The notification for other systems; its time in ISO 8601."""
    fields = notification.model_dump(exclude={"key", "at_ns", "summons"})
    if notification.summons is not None:
        fields |= notification.summons.model_dump(include={"officer", "recipient", "link"})
    return NotificationOut.model_validate({**fields, "at": iso(notification.at_ns)})


def _event(entry: AuditEntry) -> str | None:
    detail = entry.detail
    match entry.action:
        case "incident.detected":
            return entry.action
        case "incident.state":
            return f"incident.{detail.get('to')}"
        case "camera.state":
            return f"camera.{detail.get('to')}"
        case "camera.picture":
            return "camera.picture_ok" if detail.get("to") == "ok" else "camera.picture"
        case "storage.alarm":
            return f"storage.{detail.get('kind')}"
        case "notice":
            return f"notice.{detail.get('kind')}"
    told = entry.action in _PLAIN or entry.action in _DUTY or entry.action in _OWN
    return entry.action if told else None


def _title(event: str, about: dict[str, str | None], site: Site) -> Text:
    camera, zone, kind = about.get("camera"), about.get("zone"), about.get("kind")
    if kind and camera is not None:
        place, what = place_of(camera, zone or "", site), term(KINDS, kind)
        return Text(zh=f"{what.zh}（{place.zh}）", en=f"{what.en}, {place.en}")
    rooms = {
        "incident": Text(zh="事件", en="Incident"),
        "dispatch": Text(zh="派单", en="Dispatch"),
        "camera": Text(zh="摄像机", en="Camera"),
        "storage": Text(zh="存储", en="Storage"),
        "duty": Text(zh="值班", en="Duty desk"),
        "notify": Text(zh="通知渠道", en="Notification channel"),
        "notice": Text(zh="告知", en="Notice"),
        "alarm": Text(zh="队员求助", en="Call for help"),
    }
    return rooms.get(event.partition(".")[0], Text.same(event))
