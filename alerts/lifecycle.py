"""The life of an incident (事件) as an explicit state machine.

::

    detected ─┬─(confirmed)─┬─ warning ─┬─ complied ─────────────────────────────┬─ closed
              │             │           └─ persisting ─┐                         │
              │             └──────────────────────────┴─ dispatched             │
              │                                             acknowledged         │
              │                                             en_route             │
              │                                             on_scene             │
              │                                             handled ─ checked ───┘
              └─ from every open state, by a person with a reason: dismissed, transferred, closed

``reopened`` follows ``complied``, ``checked`` or ``closed`` when the act is seen again, and any
end when a person says so; it goes on like ``confirmed``.

Each allowed step carries a guard: a function that looks at the incident and at who asks why, and
gives a complaint or None. The guards keep two promises of the design: nothing is called complied
with while the act is still seen, and the program never ends an incident that was not resolved.
"""

from collections.abc import Callable, Mapping

from alerts.errors import TransitionError
from core.cases import Incident, StateChange
from core.cases import IncidentState as S
from core.value import NO_WORDS, Text

SYSTEM = "system"
"""The actor of everything that no person did."""

Guard = Callable[[Incident, str, Text], str | None]


def _anyone(_incident: Incident, _actor: str, _reason: Text) -> str | None:
    return None


def _with_reason(_incident: Incident, _actor: str, reason: Text) -> str | None:
    return "it needs a reason" if reason.blank else None


def _person_with_reason(incident: Incident, actor: str, reason: Text) -> str | None:
    if actor == SYSTEM:
        return "only a person may do this"
    return _with_reason(incident, actor, reason)


def _act_ended(incident: Incident, _actor: str, reason: Text) -> str | None:
    if incident.active:
        return "the act is still going on"
    return _with_reason(incident, _actor, reason)


_EXITS: dict[S, Guard] = {
    S.DISMISSED: _person_with_reason,
    S.TRANSFERRED: _person_with_reason,
    S.CLOSED: _person_with_reason,
}
_RESPONSES: dict[S, Guard] = {
    S.WARNING: _anyone,
    S.COMPLIED: _act_ended,
    S.DISPATCHED: _anyone,
}

TRANSITIONS: Mapping[S, Mapping[S, Guard]] = {
    S.DETECTED: {S.CONFIRMED: _anyone, **_RESPONSES, **_EXITS},
    S.CONFIRMED: {**_RESPONSES, **_EXITS},
    S.REOPENED: {S.CONFIRMED: _anyone, **_RESPONSES, **_EXITS},
    S.WARNING: {
        S.COMPLIED: _act_ended,
        S.PERSISTING: _with_reason,
        S.DISPATCHED: _with_reason,
        **_EXITS,
    },
    S.PERSISTING: {**_RESPONSES, **_EXITS},
    S.COMPLIED: {**_EXITS, S.REOPENED: _with_reason, S.CLOSED: _with_reason},
    # An order that was given back or not answered brings the incident back to `dispatched`.
    S.DISPATCHED: {S.ACKNOWLEDGED: _anyone, **_EXITS},
    S.ACKNOWLEDGED: {S.EN_ROUTE: _anyone, S.DISPATCHED: _with_reason, **_EXITS},
    S.EN_ROUTE: {S.ON_SCENE: _anyone, S.DISPATCHED: _with_reason, **_EXITS},
    S.ON_SCENE: {S.HANDLED: _anyone, S.DISPATCHED: _with_reason, **_EXITS},
    S.HANDLED: {S.CHECKED: _with_reason, S.DISPATCHED: _with_reason, **_EXITS},
    S.CHECKED: {**_EXITS, S.REOPENED: _with_reason, S.CLOSED: _with_reason},
    S.CLOSED: {S.REOPENED: _with_reason},
    S.DISMISSED: {S.REOPENED: _person_with_reason},
    S.TRANSFERRED: {S.REOPENED: _person_with_reason},
}
"""What may follow what, and under which guard."""

ENDS = frozenset({S.CLOSED, S.DISMISSED, S.TRANSFERRED})
"""States in which nothing more is done about an incident unless it is reopened."""

OPEN = frozenset(S) - ENDS

WITH_OFFICER = frozenset({S.DISPATCHED, S.ACKNOWLEDGED, S.EN_ROUTE, S.ON_SCENE})
"""States in which an officer is sought or at work."""


def allowed(incident: Incident) -> tuple[S, ...]:
    """The states that may come next, in the order of the table; guards are not asked."""
    return tuple(TRANSITIONS[incident.state])


def advance(incident: Incident, to: S, at_ns: int, actor: str, reason: Text = NO_WORDS) -> Incident:
    """The incident one step further on.

    Asking for the state it is in already changes nothing, so a message may come twice.

    Args:
        to: the state wanted.
        at_ns: when it came about. A time before the last step (two clocks that differ, a late
            message) is set to the last step's, so a history never runs backwards.
        actor: user name, officer's id, or :data:`SYSTEM`.
        reason: why, for people.

    Raises:
        TransitionError: the table has no such step, or its guard refuses it.
    """
    if to == incident.state:
        return incident
    guard = TRANSITIONS[incident.state].get(to)
    if guard is None:
        possible = ", ".join(state.value for state in allowed(incident))
        raise TransitionError(
            f"incident {incident.id}: {incident.state.value} cannot become {to.value}; "
            f"possible now: {possible}"
        )
    complaint = guard(incident, actor, reason)
    if complaint is not None:
        raise TransitionError(
            f"incident {incident.id}: {incident.state.value} cannot become {to.value} "
            f"(asked by {actor}): {complaint}"
        )
    step = StateChange(
        state=to.value,
        at_ns=max(at_ns, incident.history[-1].at_ns),
        actor=actor,
        reason=reason,
    )
    return incident.model_copy(update={"state": to, "history": (*incident.history, step)})


def since_ns(incident: Incident) -> int:
    """When the incident came into the state it is in."""
    return incident.history[-1].at_ns


def has_been(incident: Incident, state: S) -> bool:
    """True when the incident was ever in that state."""
    return any(step.state == state.value for step in incident.history)
