"""喊话: when a warning is asked for, and what its receipt means.

The loudspeaker room keeps quiet hours, cooldown and repeats by itself; the desk keeps them too so
that it plans with them instead of being refused. Whatever is refused or fails is never asked for
again by the program: an officer goes instead.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from alerts import words
from alerts.lifecycle import SYSTEM
from alerts.work import Work
from core.cases import Announcement, Incident, IncidentState, Priority, Receipt
from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.messages import ANNOUNCEMENTS
from core.value import Text

SLACK_S = 2.0
"""A loudspeaker ends its talk a little after the last word; its own cooldown counts from there."""
RECENT = 20
"""So many announcements of a camera are looked at to know whether its loudspeaker rests."""


@dataclass(frozen=True)
class Manner:
    """How a warning is said, where a person chose; see :class:`core.cases.Announcement`."""

    priority: Priority = Priority.ROUTINE
    group: str | None = None
    volume: int | None = None


def warn(
    work: Work,
    incident: Incident,
    camera: Camera,
    *,
    actor: str = SYSTEM,
    override: str | None = None,
    manner: Manner | None = None,
) -> Incident:
    """Ask for the next warning. The state becomes ``warning`` unless an officer is under way."""
    manner = manner or Manner()
    attempt = len(incident.announcements) + 1
    wording = work.wording(incident, camera)
    announcement = Announcement(
        id=f"{incident.id}-warn{attempt}",
        incident=incident.id,
        camera=camera.id,
        text=wording.text,
        language=wording.parts[0].language if wording.parts else "zh",
        parts=wording.parts,
        wording=wording.version,
        approved=wording.approved,
        attempt=attempt,
        requested_ns=work.now_ns,
        requested_by=actor,
        override_reason=override,
        priority=manner.priority,
        group=manner.group,
        volume=manner.volume,
    )
    work.unit.announcements.put(announcement)
    facts = {
        "incident": incident.id,
        "attempt": attempt,
        "text": announcement.text,
        "wording": announcement.wording,
        "approved": announcement.approved,
    }
    work.note("announcement.requested", announcement.id, override or "", facts, actor)
    work.send(ANNOUNCEMENTS, announcement)
    names = (*incident.announcements, announcement.id)
    return work.save(incident.model_copy(update={"announcements": names}))


def latest(work: Work, incident: Incident) -> tuple[Announcement, Receipt | None] | None:
    """The newest announcement of an incident and its receipt, if it has come."""
    if not incident.announcements:
        return None
    name = incident.announcements[-1]
    announcement = work.unit.announcements.get(name)
    return None if announcement is None else (announcement, work.unit.receipts.get(name))


def spoken_ns(announcement: Announcement, receipt: Receipt) -> int:
    """When the last word of a warning was out."""
    start = receipt.started_ns if receipt.started_ns is not None else announcement.requested_ns
    return start + round(receipt.seconds * NS_PER_S)


def deadline_ns(work: Work, announcement: Announcement, receipt: Receipt) -> int:
    """By when those who heard a warning should have complied."""
    return spoken_ns(announcement, receipt) + round(work.site.warnings.compliance_s * NS_PER_S)


def failure(work: Work, incident: Incident) -> Text | None:
    """Why the newest warning was not heard: it failed, or nobody says what became of it."""
    newest = latest(work, incident)
    if newest is None:
        return None
    announcement, receipt = newest
    if receipt is not None:
        return None if receipt.ok else words.speaker_failed(receipt.error or receipt.device_reply)
    patience_s = work.patience.receipt_s
    if work.ago_s(announcement.requested_ns) > patience_s:
        return words.no_receipt(patience_s)
    return None


def enough(work: Work, incident: Incident) -> bool:
    """True when the program shall not warn once more but send somebody."""
    limits = work.site.warnings
    return len(incident.announcements) >= min(limits.attempts_before_dispatch, limits.max_repeats)


def too_many(work: Work, incident: Incident) -> bool:
    """True when even a person needs a reason to warn once more."""
    return len(incident.announcements) >= work.site.warnings.max_repeats


def quiet(work: Work) -> bool:
    """True within the quiet hours of the site."""
    hours = work.site.warnings.quiet_hours
    if hours is None:
        return False
    local = datetime.fromtimestamp(work.now_ns // NS_PER_S, UTC).astimezone(work.site.zone_info)
    return hours.covers(local.time())


def speaking(work: Work, camera: Camera) -> bool:
    """True while an announcement of this camera waits for its receipt."""
    return any(
        receipt is None and work.ago_s(announcement.requested_ns) <= work.patience.receipt_s
        for announcement, receipt in _recent(work, camera)
    )


def rests_s(work: Work, camera: Camera) -> float:
    """Seconds until this camera's loudspeaker has rested; 0 when it may speak."""
    ends = [
        spoken_ns(announcement, receipt)
        for announcement, receipt in _recent(work, camera)
        if receipt is not None and receipt.ok
    ]
    if not ends:
        return 0.0
    return max(0.0, work.site.warnings.cooldown_s + SLACK_S - work.ago_s(max(ends)))


def free_to_speak(work: Work, camera: Camera) -> bool:
    """True when neither another announcement nor the cooldown stands in the way."""
    return not speaking(work, camera) and rests_s(work, camera) == 0.0


def _recent(work: Work, camera: Camera) -> list[tuple[Announcement, Receipt | None]]:
    newest = work.unit.announcements.find(
        camera=_sharing(work, camera), newest_by="requested_ns", limit=RECENT
    )
    return [(one, work.unit.receipts.get(one.id)) for one in newest]


def _sharing(work: Work, camera: Camera) -> list[str]:
    """The cameras that speak through the same loudspeaker, this one included."""
    url = camera.speaker.url if camera.speaker else None
    others = [one.id for one in work.site.cameras if one.speaker and url and one.speaker.url == url]
    return others or [camera.id]


def in_warning(incident: Incident) -> bool:
    """True while the answer to a warning is being watched for."""
    return incident.state is IncidentState.WARNING
