"""Single people are told something, once: contacts, officers, the duty chief."""

from collections.abc import Sequence

from alerts.work import Work
from core.cases import Incident, Notice, NoticeKind, Order
from core.messages import NOTICES
from core.tips import Tip
from core.value import Text


def tell_chief(
    work: Work,
    incident: Incident,
    kind: NoticeKind,
    key: str,
    text: Text,
    order: Order | None = None,
) -> None:
    """Tell whoever is the chief on duty; again only for another key."""
    _tell(
        work,
        Notice(
            id=f"{key}:{kind.value}",
            incident=incident.id,
            kind=kind,
            audience="chief",
            text=text,
            at_ns=work.now_ns,
            place=incident.place,
            order=order.id if order else None,
        ),
    )


def tell_of_tips(work: Work, waiting: Sequence[Tip], text: Text) -> None:
    """Tell the chief of tips that nobody has decided, the one that waits longest first."""
    longest = waiting[0]
    notice = Notice(
        id=f"{longest.id}:{NoticeKind.TIPS_WAIT.value}",
        incident="",
        kind=NoticeKind.TIPS_WAIT,
        audience="chief",
        text=text,
        at_ns=work.now_ns,
        place=longest.place,
    )
    _tell(work, notice, about=longest.id)


def tell_officer(work: Work, order: Order, key: str, text: Text) -> None:
    """Chase (催办) the officer of an order; again only for another key."""
    _tell(
        work,
        Notice(
            id=f"{key}:{NoticeKind.CHASE.value}",
            incident=order.incident,
            kind=NoticeKind.CHASE,
            audience="officer",
            to=order.officer,
            text=text,
            at_ns=work.now_ns,
            place=order.place,
            order=order.id,
        ),
    )


def tell_contact(work: Work, incident: Incident, contact: str, text: Text) -> None:
    """Ask a contact for early control, once an incident."""
    _tell(
        work,
        Notice(
            id=f"{incident.id}:{contact}:{NoticeKind.EARLY_CONTROL.value}",
            incident=incident.id,
            kind=NoticeKind.EARLY_CONTROL,
            audience="contact",
            to=contact,
            text=text,
            at_ns=work.now_ns,
            place=incident.place,
        ),
    )


def _tell(work: Work, notice: Notice, about: str = "") -> None:
    if not work.unit.first_time(f"told:{notice.id}"):
        return
    facts = {"kind": notice.kind.value, "audience": notice.audience, "to": notice.to}
    work.unit.notices.put(notice)
    work.note("notice", about or notice.incident, notice.text, {**facts, "order": notice.order})
    work.send(NOTICES, notice)
