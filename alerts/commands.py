"""What people at the desk decide: confirm, warn, dispatch, support, and the ends of incidents."""

from alerts import (
    basis,
    dispatch,
    joining,
    resolution,
    respond,
    speech,
    splitting,
    suppression,
    words,
)
from alerts.errors import TransitionError
from alerts.lifecycle import ENDS, WITH_OFFICER
from alerts.officers import is_free
from alerts.work import Work
from core.cases import Incident, IncidentState, Notice, NoticeKind, Priority, Transfer
from core.messages import NOTICES, Action, Command
from core.value import Text, Value

TO_BE_CONFIRMED = (IncidentState.DETECTED, IncidentState.REOPENED)
ENDINGS = {
    Action.DISMISS: IncidentState.DISMISSED,
    Action.CLOSE: IncidentState.CLOSED,
    Action.TRANSFER: IncidentState.TRANSFERRED,
}


class Refusal(Value):
    """A command that was not carried out, and why, for the person who gave it."""

    command: str
    incident: str
    action: Action
    text: Text


def carry_out(work: Work, command: Command) -> Refusal | None:
    """Carry a command out, or say why not; nothing is changed then but the audit log.

    Raises:
        TransitionError: the life cycle refused half way; the caller rolls back.
    """
    incident = work.unit.incidents.get(command.incident)
    if incident is None:
        return refuse(work, command, words.no_such_incident(command.incident))
    obstacle = _obstacle(work, incident, command)
    if obstacle is not None:
        return refuse(work, command, obstacle)
    facts = {"command": command.id, "action": command.action.value, "officer": command.officer}
    work.note("command", incident.id, command.reason, facts, command.user)
    match command.action:
        case Action.CONFIRM:
            incident = _confirm(work, incident, command)
            respond.respond(work, incident)
        case Action.WARN:
            _warn(work, incident, command)
        case Action.DISPATCH:
            _dispatch(work, incident, command)
        case Action.SUPPORT:
            officer = work.site.officer(command.officer) if command.officer else None
            reason = _reason(command, words.by_hand(command.user))
            dispatch.ask_support(work, incident, reason, actor=command.user, officer=officer)
        case Action.REOPEN:
            reason = Text.same(command.reason.strip())
            incident = work.step(incident, IncidentState.REOPENED, reason, actor=command.user)
            incident = joining.part(work, incident, command)
            respond.respond(work, incident)
        case Action.CHOOSE:
            basis.choose_row(work, incident, command)
        case Action.JOIN:
            joining.join(work, incident, command)
        case Action.SPLIT:
            splitting.split(work, incident, command)
        case Action.DISMISS | Action.CLOSE | Action.TRANSFER:
            _end(work, incident, command)
    return None


def refuse(work: Work, command: Command, why: Text) -> Refusal:
    """Log a refusal and give it back."""
    facts = {"command": command.id, "action": command.action.value, "en": why.en}
    work.note("command.refused", command.incident, why, facts, command.user)
    notice = Notice(
        id=f"{command.id}:{NoticeKind.REFUSED.value}",
        incident=command.incident,
        kind=NoticeKind.REFUSED,
        audience="user",
        to=command.user,
        text=why,
        at_ns=work.now_ns,
    )
    work.unit.notices.put(notice)
    work.send(NOTICES, notice)
    return Refusal(command=command.id, incident=command.incident, action=command.action, text=why)


def refusal_of(error: TransitionError) -> Text:
    """The life cycle's own words, for the rare step that no check above foresaw."""
    return Text(zh=f"不能执行：{error}", en=str(error))


def _obstacle(work: Work, incident: Incident, command: Command) -> Text | None:
    state = incident.state
    if command.seen is not None and command.seen != incident.version:
        return words.moved_on(state.value)
    impossible = words.not_in_this_state(command.action.value, state.value)
    match command.action:
        case Action.CONFIRM:
            return None if state in TO_BE_CONFIRMED else impossible
        case Action.DISMISS | Action.CLOSE | Action.TRANSFER:
            if state in ENDS:
                return impossible
            if command.action is Action.TRANSFER and not command.to.strip():
                return words.whom_to()
            return None if command.reason.strip() else words.reason_needed()
        case Action.REOPEN:
            if state not in ENDS:
                return impossible
            return None if command.reason.strip() else words.reason_needed()
        case Action.CHOOSE:
            return basis.why_not(work, incident, command)
        case Action.JOIN:
            return joining.why_not(work, incident, command)
        case Action.SPLIT:
            return splitting.why_not(work, incident, command)
        case Action.SUPPORT:
            if state not in WITH_OFFICER:
                return impossible
            if dispatch.open_order(work.unit, incident) is None:
                return words.nobody_to_support()
            return _why_nobody(work, command)
        case Action.WARN:
            if state not in resolution.BEFORE_OFFICER | WITH_OFFICER:
                return impossible
            return _why_silent(work, incident, command)
        case Action.DISPATCH:
            handled = {IncidentState.HANDLED}
            if state not in resolution.BEFORE_OFFICER | WITH_OFFICER | handled:
                return impossible
            return _why_nobody(work, command)


def _why_silent(work: Work, incident: Incident, command: Command) -> Text | None:
    """Why the loudspeaker may not speak for this command; a reason overrides the limits."""
    camera = work.camera(incident)
    if camera is None or camera.speaker is None:
        return words.no_speaker()
    # Who outranks what is said breaks it off; everybody else waits until it has been said.
    if command.priority is Priority.ROUTINE and speech.speaking(work, camera):
        return words.speaker_speaks()
    wording = work.wording(incident, camera)
    if not wording.parts:
        return wording.why
    if command.reason.strip():
        return None
    if speech.quiet(work):
        return words.override_needed(words.quiet_hours())
    if speech.too_many(work, incident):
        return words.override_needed(words.warned_enough(len(incident.announcements)))
    rests_s = speech.rests_s(work, camera)
    return words.override_needed(words.speaker_rests(rests_s)) if rests_s > 0 else None


def _why_nobody(work: Work, command: Command) -> Text | None:
    if command.officer is None:
        return None
    officer = work.site.officer(command.officer)
    if officer is None:
        return words.no_such_officer(command.officer)
    present = work.presence(officer)
    if not present.on:
        return words.officer_off(officer.id, by_phone=present.by == "phone")
    return None if is_free(work, officer) else words.officer_busy(officer.id)


def _confirm(work: Work, incident: Incident, command: Command) -> Incident:
    """Whoever warns or dispatches has confirmed as well."""
    if incident.state not in TO_BE_CONFIRMED:
        return incident
    reason = _reason(command, words.by_hand(command.user))
    return work.step(incident, IncidentState.CONFIRMED, reason, actor=command.user)


def _warn(work: Work, incident: Incident, command: Command) -> None:
    camera = work.camera(incident)
    if camera is None:
        return
    incident = _confirm(work, incident, command)
    override = command.reason.strip() or None
    incident = speech.warn(
        work,
        incident,
        camera,
        actor=command.user,
        override=override,
        manner=speech.Manner(command.priority, command.group, command.volume),
    )
    if incident.state not in WITH_OFFICER:
        reason = _reason(command, words.warned(len(incident.announcements)))
        work.step(incident, IncidentState.WARNING, reason, actor=command.user)


def _dispatch(work: Work, incident: Incident, command: Command) -> None:
    """Send the officer named, or the nearest; the decision stands when nobody is free yet."""
    incident = _confirm(work, incident, command)
    officer = work.site.officer(command.officer) if command.officer else None
    reason = _reason(command, words.by_hand(command.user))
    instead = words.sent_instead(officer.id) if officer else words.by_hand(command.user)
    incident = dispatch.call_off(work, incident, instead, actor=command.user, role="lead")
    incident = work.step(incident, IncidentState.DISPATCHED, reason, actor=command.user)
    dispatch.send_officer(work, incident, reason, actor=command.user, officer=officer)


def _end(work: Work, incident: Incident, command: Command) -> None:
    to = ENDINGS[command.action]
    why = words.ended_with_incident(to)
    incident = dispatch.call_off(work, incident, why, actor=command.user)
    detail = None
    if to is IncidentState.TRANSFERRED:
        transfer = Transfer(to=command.to.strip(), documents=command.documents)
        incident = incident.model_copy(update={"transfer": transfer})
        detail = {"transfer": transfer.model_dump(mode="json")}
    reason = Text.same(command.reason.strip())
    work.step(incident, to, reason, actor=command.user, detail=detail)
    if to is IncidentState.DISMISSED:
        suppression.learn(work, incident, command)


def _reason(command: Command, otherwise: Text) -> Text:
    """What the person typed, else the program's words."""
    typed = command.reason.strip()
    return Text.same(typed) if typed else otherwise
