"""Officers whose page is closed are called to it through channels of their own.

A message says that there is something to do and where the page is; what it is about only as far
as the configuration allows, since it passes other people's servers.
"""

from collections.abc import Iterator

from alerts.duty.wording import place_of
from alerts.officers import OPEN_ORDERS
from core.audit import AuditEntry
from core.cases import Incident, Notice, NoticeKind, OrderState, Severity
from core.config.people import Officer
from core.config.site import Site
from core.fieldwork import AlarmState
from core.notifications import Delivery, Notification, Summons
from core.presence import duty_by_phone
from core.store.unit import Unit
from core.terms import KINDS, term
from core.value import NO_WORDS, Text

_TITLES = {
    "officer.order": Text(zh="新任务", en="New order"),
    "officer.chase": Text(zh="催办", en="Reminder"),
    "officer.call": Text(zh="队员求助", en="Call for help"),
}
_WORDS = {
    "officer.order": Text(zh="请打开队员页面签收", en="please open your page and acknowledge"),
    "officer.chase": Text(zh="请打开队员页面反馈", en="please open your page and answer"),
    "officer.call": Text(zh="请听从指挥室调度", en="please listen to the command room"),
}


def summons_of(entry: AuditEntry, unit: Unit, site: Site) -> Iterator[Notification]:
    """One notification for each way to each officer whom the entry concerns."""
    match entry.action:
        case "order.offered":
            # Answered before this was read: then it is not wanted any more.
            whom, state = entry.detail.get("officer"), OrderState.OFFERED
            yield from _about_order(entry, unit, site, "officer.order", whom, entry.object, state)
        case "notice" if entry.detail.get("audience") == "officer":
            whom, about = entry.detail.get("to"), entry.detail.get("order")
            yield from _about_order(entry, unit, site, "officer.chase", whom, about)
        case "alarm.raised":
            for one in site.officers:
                if one.id != entry.object and _on_duty(unit, one.id):
                    alarm = str(entry.detail.get("alarm"))
                    who = site.officer(entry.object)
                    more = who.name if who and "who" in site.notify.officers.tells else NO_WORDS
                    yield from _notifications(entry, site, one, "officer.call", more, alarm=alarm)


def wanted(unit: Unit, summons: Summons) -> bool:
    """Whether it is still of use: the order waits for this officer, the call for an answer."""
    if summons.alarm is not None:
        alarm = unit.field_alarms.get(summons.alarm)
        return alarm is not None and alarm.state is not AlarmState.ACKNOWLEDGED
    order = unit.orders.get(summons.order or "")
    return order is not None and order.state in OPEN_ORDERS and order.state == summons.state


def note_sent(unit: Unit, delivery: Delivery) -> None:
    """Write down that an officer was summoned."""
    _note(unit, delivery, "summons.sent", "")


def unreached(unit: Unit, delivery: Delivery, error: str, now_ns: int) -> Notice | None:
    """The desk must telephone; said once a delivery."""
    summons = delivery.notice.summons
    if summons is None or not unit.first_time(f"unreached:{delivery.id}"):
        return None
    _note(unit, delivery, "summons.failed", error)
    order = unit.orders.get(summons.order or "")
    told = Notice(
        id=f"unreached:{delivery.id}",
        incident=order.incident if order else "",
        kind=NoticeKind.UNREACHED,
        audience="officer",
        to=summons.officer,
        text=Text(
            zh=f"渠道 {summons.channel} 未送达，请电话联系队员",
            en=f"channel {summons.channel} did not deliver: telephone the officer",
        ),
        at_ns=now_ns,
        order=summons.order,
    )
    unit.notices.put(told)
    return told


def _note(unit: Unit, delivery: Delivery, action: str, why: str) -> None:
    summons = delivery.notice.summons
    if summons is None:
        return
    detail = {
        "officer": summons.officer,
        "channel": summons.channel,
        "event": delivery.notice.event,
        "delivery": delivery.id,
    }
    about = summons.order or summons.alarm or delivery.id
    unit.audit.append("system", action, about, why, detail)


def _about_order(
    entry: AuditEntry,
    unit: Unit,
    site: Site,
    event: str,
    officer_id: object,
    order_id: object,
    state: OrderState | None = None,
) -> Iterator[Notification]:
    officer, order = site.officer(str(officer_id)), unit.orders.get(str(order_id))
    if officer is None or order is None:
        return
    incident = unit.incidents.get(order.incident)
    more = _more(incident, site) if incident else NO_WORDS
    yield from _notifications(
        entry, site, officer, event, more, order=order.id, state=(state or order.state).value
    )


def _notifications(
    entry: AuditEntry, site: Site, officer: Officer, event: str, more: Text, **about: str
) -> Iterator[Notification]:
    base = site.notify.officers.public_url
    query = f"?order={about['order']}" if "order" in about else ""
    words = _WORDS[event]
    for way in officer.notify:
        summons = Summons(
            officer=officer.id,
            **way.model_dump(),
            link=f"{base}/field{query}" if base else None,
            **about,
        )
        yield Notification(
            id=f"{entry.hash[:16]}-{entry.seq}-{officer.id}",
            event=event,
            key=f"{event}/{entry.seq}/{officer.id}",
            at_ns=entry.at_ns,
            title=_TITLES[event],
            text=words
            if more.blank
            else Text(zh=f"{more.zh}，{words.zh}", en=f"{more.en}; {words.en}"),
            serious=True,
            reference=about.get("order") or about.get("alarm", ""),
            summons=summons,
        )


def _more(incident: Incident, site: Site) -> Text:
    """As much of the incident as may be told."""
    tells = site.notify.officers.tells
    told = []
    if "severity" in tells and incident.severity is Severity.SERIOUS:
        told.append(Text(zh="严重", en="serious"))
    if "kind" in tells:
        told.append(term(KINDS, incident.kind.value))
    if "place" in tells:
        told.append(place_of(incident.camera, incident.zone, site))
    return Text(zh="，".join(one.zh for one in told), en=", ".join(one.en for one in told))


def _on_duty(unit: Unit, officer: str) -> bool:
    duty = duty_by_phone(unit, officer)
    return duty is not None and duty.on
