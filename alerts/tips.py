"""Tips of the public (线索举报) become incidents, or part of one, by a person's decision.

A tip is a lead like any other: it goes through a sighting, whose source is ``tip``. What only a
tip tells of nobody watches, so the program never warns about it by itself and does not wait to see
it end: an officer goes, and the officer's report settles it.
"""

from alerts import evidence, repeats, respond, words
from alerts.lifecycle import ENDS
from alerts.notices import tell_of_tips
from alerts.triage import open_incident
from alerts.work import Work
from core.cases import Incident, IncidentState
from core.clock import NS_PER_S, iso
from core.geometry import Box
from core.messages import TIPS
from core.seeing import Kind, Phase, Sighting, Why
from core.store.unit import Home
from core.tips import (
    WAITING,
    Tip,
    TipAction,
    TipChanged,
    TipDecision,
    TipState,
    following,
    transferred_to,
)
from core.value import NO_WORDS, Text

HOUR_NS = 3600 * NS_PER_S
REMIND_EVERY_NS = 600 * NS_PER_S
"""So often tips that wait too long are looked for: many at once are one notice."""
WHOLE_PICTURE = Box(0.0, 0.0, 1.0, 1.0)
"""Nobody can say where in a picture it is."""


def decide(work: Work, decision: TipDecision) -> Text | None:
    """Carry a decision out; the words say why it was not, and only that is logged then."""
    tip = work.unit.tips.get(decision.tip)
    obstacle = words.no_such_tip(decision.tip) if tip is None else _obstacle(work, tip, decision)
    if tip is None or obstacle is not None:
        return refuse(work, decision, obstacle or NO_WORDS)
    match decision.action:
        case TipAction.OPEN:
            incident = _opened(work, tip, decision)
            _join(work, tip, incident, decision)
            respond.respond(work, work.unit.incidents.get(incident.id) or incident)
        case TipAction.ATTACH:
            _join(work, tip, _known(work, decision.incident), decision)
        case TipAction.DECLINE:
            _put(work, tip, TipState.DECLINED, decision, Text.same(decision.answer.strip()))
        case TipAction.TRANSFER:
            to, said = decision.department.strip(), decision.answer.strip()
            told = transferred_to(to)
            if said:
                told = Text(zh=f"{told.zh}。{said}", en=f"{told.en}. {said}")
            _put(work, tip, TipState.TRANSFERRED, decision, told, department=to)
    return None


def follow(work: Work) -> None:
    """Let the tips of all incidents changed in this transaction have the state that follows.

    The tip of an incident that was joined to another follows that one.
    """
    for incident in work.changed():
        if incident.same_as is not None:
            continue
        for name in incident.tips:
            tip = work.unit.tips.get(name)
            if tip is None or tip.incident not in (incident.id, *incident.joined):
                continue
            state, answer = following(incident)
            if tip.state is not state:
                _move(work, tip, state, "system", answer)


def remind(work: Work) -> None:
    """Tell the chief, once a tip, that nobody has decided about it in the time there is."""
    hours = work.site.tips.decide_within_h
    late_ns = work.now_ns - round(hours * HOUR_NS) + 1
    found = work.unit.tips.find(
        newest_by="submitted_ns", before=late_ns, state=[one.value for one in WAITING]
    )
    waiting = [one for one in reversed(found) if work.unit.first_time(f"tip-waits:{one.id}")]
    if waiting:
        tell_of_tips(work, waiting, words.tips_wait(len(waiting), hours))


def move(work: Work, before: Incident, incident: Incident, actor: str) -> None:
    """Let tips go with their sightings to the incident that these were taken out into."""
    moved = tuple(name for name in before.tips if sighting_id(name) in incident.sightings)
    for name in moved:
        tip = work.unit.tips.get(name)
        if tip is not None and tip.incident in (before.id, *before.joined):
            work.unit.tips.put(tip.model_copy(update={"incident": incident.id}))
        work.note("incident.tip", incident.id, "", {"tip": name, "from": before.id}, actor)
    if moved:
        left = tuple(name for name in before.tips if name not in moved)
        work.save(before.model_copy(update={"tips": left}))
        work.save(incident.model_copy(update={"tips": moved}))


def sighting_id(tip: str) -> str:
    """The id of the sighting that a tip became."""
    return f"told-{tip}"


def refuse(work: Work, decision: TipDecision, why: Text) -> Text:
    """Log that a decision was not carried out, and tell who made it."""
    facts = {"decision": decision.id, "action": decision.action.value, "en": why.en}
    work.note("tip.refused", decision.tip, why, facts, decision.user)
    tip = work.unit.tips.get(decision.tip)
    news = TipChanged(
        id=decision.tip,
        state=tip.state if tip else TipState.RECEIVED,
        at_ns=work.now_ns,
        refused=decision.id,
        user=decision.user,
        why=why,
    )
    work.send(TIPS, news)
    return why


def _obstacle(work: Work, tip: Tip, decision: TipDecision) -> Text | None:
    if decision.seen != tip.version or not tip.decidable:
        return words.tip_moved_on()
    match decision.action:
        case TipAction.OPEN:
            if decision.kind is None:
                return words.tip_needs_kind()
            if decision.camera and work.site.camera(decision.camera) is None:
                return words.no_such_camera(decision.camera)
        case TipAction.ATTACH:
            incident = work.unit.incidents.get(decision.incident)
            if incident is None:
                return words.no_such_incident(decision.incident)
        case TipAction.DECLINE:
            return None if decision.answer.strip() else words.reason_needed()
        case TipAction.TRANSFER:
            return None if decision.department.strip() else words.whom_to()
    return None


def _opened(work: Work, tip: Tip, decision: TipDecision) -> Incident:
    """The incident of a tip, confirmed by who decided; the same one if it was opened before."""
    kind = decision.kind or Kind(tip.kind.value)
    sighting = _sighting(work, tip, kind, decision)
    work.unit.sightings.put(sighting)
    repeat = repeats.before(work, sighting)
    incident = open_incident(work.site, sighting, work.judge, repeat)
    known = work.unit.incidents.get(incident.id)
    if known is not None:
        return known
    incident = incident.model_copy(update={"tips": (tip.id,)})
    work.save(incident)
    work.unit.homes.put(Home(sighting=sighting.id, incident=incident.id))
    work.note_detected(incident, decision.user, sighting=sighting.id, tip=tip.id)
    evidence.want_clip(work, incident, sighting)
    reason = words.by_hand(decision.user)
    return work.step(incident, IncidentState.CONFIRMED, reason, actor=decision.user)


def _sighting(work: Work, tip: Tip, kind: Kind, decision: TipDecision) -> Sighting:
    camera = work.site.camera(decision.camera) if decision.camera else None
    zones = [one.id for one in camera.zones if one.rule.kind is kind] if camera else []
    happened_ns = tip.happened_ns
    return Sighting(
        id=sighting_id(tip.id),
        camera=decision.camera,
        # One zone of that kind: what the camera sees there is the same act.
        zone=zones[0] if len(zones) == 1 else "",
        kind=kind,
        phase=Phase.FIRED if decision.ongoing else Phase.ENDED,
        started_ns=happened_ns,
        fired_ns=happened_ns,
        last_ns=max(happened_ns, tip.submitted_ns) if decision.ongoing else happened_ns,
        ended_ns=None if decision.ongoing else happened_ns,
        box=WHOLE_PICTURE,
        why=Why(
            text=words.told_by_the_public(tip.words, tip.place_words),
            facts={"tip": tip.id, "happened": iso(happened_ns), "placed": tip.placed},
        ),
        source="tip",
        place=tip.place,
        place_error_m=tip.accuracy_m,
    )


def _join(work: Work, tip: Tip, incident: Incident, decision: TipDecision) -> None:
    if tip.id not in incident.tips:
        incident = work.save(incident.model_copy(update={"tips": (*incident.tips, tip.id)}))
    work.note("incident.tip", incident.id, "", {"tip": tip.id}, decision.user)
    state, told = following(incident) if incident.state in ENDS else (TipState.ACCEPTED, NO_WORDS)
    said = decision.answer.strip()
    answer = Text.same(said) if said else told
    _put(work, tip, state, decision, answer, incident=incident.id, department="")


def _known(work: Work, name: str) -> Incident:
    incident = work.unit.incidents.get(name)
    assert incident is not None, "it was looked for in this transaction"
    return incident


def _put(
    work: Work,
    tip: Tip,
    to: TipState,
    decision: TipDecision,
    answer: Text,
    **changes: object,
) -> None:
    facts = {
        "decision": decision.id,
        "action": decision.action.value,
        "incident": decision.incident,
    }
    _move(work, tip, to, decision.user, answer, facts, **changes)


def _move(
    work: Work,
    tip: Tip,
    to: TipState,
    actor: str,
    answer: Text,
    facts: dict[str, str] | None = None,
    **changes: object,
) -> None:
    after = tip.step(to, work.now_ns, actor, answer, **changes)
    work.unit.tips.put(after)
    steps = {"from": tip.state.value, "to": to.value, "incident": after.incident}
    work.note("tip.state", tip.id, answer, {**(facts or {}), **steps}, actor)
    work.send(TIPS, TipChanged(id=tip.id, state=to, at_ns=work.now_ns))
