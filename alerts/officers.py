"""Officers as dispatch sees them: on duty, free, heard of or not, with what they have."""

from dataclasses import dataclass

from alerts.work import Work
from core.cases import Incident, OfficerStatus, Order, OrderState
from core.config.people import Officer, Travel
from core.geometry import GeoPoint
from core.presence import duty_by_phone
from core.store.unit import Unit

OPEN_ORDERS = (
    OrderState.OFFERED,
    OrderState.ACKNOWLEDGED,
    OrderState.EN_ROUTE,
    OrderState.ON_SCENE,
)


@dataclass(frozen=True)
class Means:
    """What an officer travels with now."""

    travel: Travel
    speed_kmh: float
    equipment: tuple[str, ...] = ()


def is_free(work: Work, officer: Officer) -> bool:
    """True when the officer may be given an order now: on duty, and not on another one."""
    present = work.presence(officer)
    if not present.on or has_order(work.unit, officer):
        return False
    if present.by == "phone":
        return True  # what else phones say of being busy follows from the orders
    position = work.unit.positions.get(officer.id)
    return position is None or position.status is OfficerStatus.FREE


def has_order(unit: Unit, officer: Officer) -> bool:
    """True while an order waits for the officer's answer or is being carried out."""
    found = unit.orders.find(officer=officer.id, state=[s.value for s in OPEN_ORDERS], limit=1)
    return bool(found)


def where(work: Work, officer: Officer) -> GeoPoint:
    """The last position known, else the configured post."""
    position = work.unit.positions.get(officer.id)
    return position.place if position is not None else officer.place


def silent_s(work: Work, officer: str) -> float:
    """Seconds without a position beyond those allowed; below 0 while all is well.

    Who never reported has no phone that could fail, and is never silent.
    """
    position = work.unit.positions.get(officer)
    if position is None:
        return -1.0
    return work.ago_s(position.at_ns) - work.site.dispatch.patience.silent_s


def off_s(work: Work, order: Order) -> float:
    """Seconds since the officer of an open order signed off by phone, or last answered since.

    Below 0 while on duty, and for officers without a phone: the end of their hours ends no order.
    """
    duty = duty_by_phone(work.unit, order.officer)
    officer = work.site.officer(order.officer)
    if duty is None or duty.on or officer is None or work.presence(officer).by != "phone":
        return -1.0
    return max(0.0, work.ago_s(max(duty.end_ns, order.history[-1].at_ns)))


def means(work: Work, officer: Officer) -> Means:
    """The shared vehicle while nobody else is out with it, else the officer's own way to travel."""
    vehicles = work.site.dispatch.vehicles
    shared = next((one for one in vehicles if one.id == officer.vehicle), None)
    if shared is None or _taken(work, officer):
        return Means(officer.travel, officer.speed_kmh)
    return Means(shared.travel, shared.speed_kmh, shared.equipment)


def has_what_it_takes(work: Work, officer: Officer, incident: Incident) -> bool:
    """True when skills and equipment cover what the configuration asks for such incidents."""
    own = {*officer.skills, *means(work, officer).equipment}
    return all(
        own.issuperset(need.skills)
        for need in work.site.dispatch.needs
        if need.kind in (None, incident.kind) and (need.cue is None or need.cue in incident.cues)
    )


def _taken(work: Work, officer: Officer) -> bool:
    crew = [
        one.id
        for one in work.site.officers
        if one.vehicle == officer.vehicle and one.id != officer.id
    ]
    if not crew:
        return False
    return bool(work.unit.orders.find(officer=crew, state=[s.value for s in OPEN_ORDERS], limit=1))
