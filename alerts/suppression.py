"""The same false alarm in the same place, after a person dismissed it.

A buoy that was taken for an angler will be taken for one again tomorrow. Once a person has
dismissed it as a false alarm, a sighting that matches in everything opens no incident for some
days. It is not lost: the sighting is stored, the rule counts it and shows it in the console and
in ``wardwatch suppressions list``, the first one a day is in the audit log, and the recording is
there. The rule ends by itself; when it is lifted by hand (:mod:`core.suppressions`) or has
expired, an act that still goes on opens an incident with its next message.

What is held back is narrow on purpose. Camera, zone and kind are the same; the box lies on the
dismissed one (IoU of :data:`MIN_IOU`); no class name and no cue that the dismissed one did not
have, so that night, a rod, a group or a vehicle are judged anew; and nothing that the catalogue
calls serious. An incident that was serious itself makes no rule.
"""

import hashlib
from datetime import UTC, datetime

from alerts.catalogue import act_day, choose
from alerts.ground import stands
from alerts.triage import all_cues
from alerts.work import Work
from core.cases import Incident, Repeat, Severity, Suppression
from core.clock import NS_PER_S
from core.config.site import Site
from core.messages import Command
from core.seeing import Sighting
from core.value import Text

MIN_IOU = 0.6
"""A thing that does not move gives boxes above 0.8; somebody else at that place seldom this."""

FALSE_ALARM = ("误报", "false alarm")
"""How the reason of such a dismissal begins; the console offers these words."""

_S_PER_DAY = 86_400


def is_false_alarm(reason: str) -> bool:
    """True when a dismissal says that there was nothing, rather than that it was allowed."""
    return reason.strip().casefold().startswith(FALSE_ALARM)


def learn(work: Work, incident: Incident, command: Command) -> Suppression | None:
    """The rule that follows from a dismissal, if any: made, or renewed where there is one."""
    days = work.site.teaching.hold_back_days
    if days <= 0 or work.serious(incident) or not is_false_alarm(command.reason):
        return None
    if work.told_only(incident):  # no detector was wrong
        return None
    if not stands(work.site, incident.camera):
        return None  # a box in a flying camera's picture is no place, and a tip has none
    sightings = work.unit.sightings_of(incident)
    labels = {label for one in sightings for label in one.labels}
    known = next(
        (one for one in _of_place(work, incident) if one.box.iou(incident.box) >= MIN_IOU), None
    )
    rule = Suppression(
        id=known.id if known else _rule_id(incident),
        camera=incident.camera,
        zone=incident.zone,
        kind=incident.kind,
        box=incident.box,
        labels=tuple(sorted(labels.union(known.labels if known else ()))),
        cues=tuple(sorted({*incident.cues, *(known.cues if known else ())})),
        incident=incident.id,
        made_ns=work.now_ns,
        made_by=command.user,
        expires_ns=work.now_ns + round(days * _S_PER_DAY * NS_PER_S),
        hits=known.hits if known else 0,
        last_hit_ns=known.last_hit_ns if known else None,
    )
    work.unit.suppressions.put(rule)
    facts = {
        "incident": incident.id,
        "camera": rule.camera,
        "zone": rule.zone,
        "kind": rule.kind.value,
        "box": [round(side, 4) for side in rule.box],
        "labels": list(rule.labels),
        "days": days,
    }
    action = "suppression.renewed" if known else "suppression.made"
    work.note(action, rule.id, command.reason, facts, command.user)
    return rule


def hold_back(work: Work, sighting: Sighting, repeat: Repeat | None = None) -> Suppression | None:
    """The rule that holds a sighting back, counted once a sighting; None: it is judged."""
    if sighting.source == "tip" or _serious(work.site, sighting, repeat):
        return None
    rules = work.unit.suppressions.find(camera=sighting.camera)
    rule = next((one for one in rules if matches(one, sighting)), None)
    if rule is None or not work.unit.first_time(f"held-back:{rule.id}:{sighting.id}"):
        return rule
    today = _day(work.site, sighting.fired_ns)
    counted = rule.model_copy(
        update={
            "hits": rule.hits + 1,
            "last_hit_ns": max(rule.last_hit_ns or 0, sighting.fired_ns),
        }
    )
    if not work.unit.suppressions.change(counted):
        return None  # lifted a moment ago, by another connection
    if rule.last_hit_ns is None or _day(work.site, rule.last_hit_ns) != today:
        facts = {"sighting": sighting.id, "hits": counted.hits, "incident": rule.incident}
        words = Text(
            zh=f"与已排除的误报相同，暂不立案（累计{counted.hits}次）",
            en=f"the same as a dismissed false alarm, held back ({counted.hits} so far)",
        )
        work.note("suppression.hit", rule.id, words, facts)
    return counted


def matches(rule: Suppression, sighting: Sighting) -> bool:
    """True when a sighting is the same false alarm in the same place, while the rule holds."""
    return (
        (rule.camera, rule.zone, rule.kind) == (sighting.camera, sighting.zone, sighting.kind)
        and sighting.last_ns < rule.expires_ns
        and set(sighting.labels) <= set(rule.labels)
        and bool(sighting.labels) == bool(rule.labels)
        and set(sighting.cues) <= set(rule.cues)
        and rule.box.iou(sighting.box) >= MIN_IOU
    )


def _of_place(work: Work, incident: Incident) -> list[Suppression]:
    return work.unit.suppressions.find(
        camera=incident.camera, zone=incident.zone, kind=incident.kind.value
    )


def _serious(site: Site, sighting: Sighting, repeat: Repeat | None) -> bool:
    day = act_day(sighting.started_ns, site.zone_info)
    row = choose(site.catalogue, sighting.kind, all_cues(sighting.cues, repeat), day)
    return row is not None and row.severity is Severity.SERIOUS


def _rule_id(incident: Incident) -> str:
    return f"sup-{hashlib.sha256(incident.id.encode()).hexdigest()[:10]}"


def _day(site: Site, at_ns: int) -> str:
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(site.zone_info)
    return moment.date().isoformat()
