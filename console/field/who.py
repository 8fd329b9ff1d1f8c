"""The officer behind a request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from console.context import Ctx, SignedIn
from console.errors import ProblemError, not_found
from console.field.models import FixIn
from console.sessions import Signed
from core.cases import Order, OrderState
from core.clock import NS_PER_S
from core.config.people import Officer
from core.fieldwork import Fix
from core.geometry import GeoPoint
from core.store.unit import Unit

MINE = (
    OrderState.OFFERED,
    OrderState.ACKNOWLEDGED,
    OrderState.EN_ROUTE,
    OrderState.ON_SCENE,
)
"""States in which an order is the officer's to act on."""
DONE_SHOWN_NS = 12 * 3600 * NS_PER_S
"""So long an order that is over stays on the phone, with how it ended."""


@dataclass(frozen=True)
class InField:
    """An officer with a phone."""

    signed: Signed
    officer: Officer

    @property
    def id(self) -> str:
        return self.officer.id

    @property
    def user(self) -> str:
        return self.signed.user.name


def in_field(ctx: Ctx, signed: SignedIn) -> InField:
    """The officer who is signed in.

    Raises:
        ProblemError: 403, the account is no officer's.
    """
    officer = ctx.services.site.officer(signed.user.officer or "")
    if officer is None:
        raise ProblemError(
            403,
            "no-officer",
            "This account is no officer's",
            "Ask the desk to tie it to one: wardwatch users add NAME --officer ID.",
        )
    return InField(signed, officer)


Here = Annotated[InField, Depends(in_field)]


def own_order(unit: Unit, here: InField, order_id: str) -> Order:
    """An order that is or was the officer's; others do not exist for a phone.

    Raises:
        ProblemError: 404.
    """
    order = unit.orders.get(order_id)
    if order is None or order.officer != here.id:
        raise not_found("order", order_id)
    return order


def shown(order: Order, now_ns: int) -> bool:
    """True while the order is on the phone, with its place and its pictures."""
    if order.state in MINE:
        return True
    return order.state is OrderState.HANDLED and now_ns - order.history[-1].at_ns < DONE_SHOWN_NS


def fix_of(given: FixIn | None) -> Fix | None:
    """As it is stored."""
    if given is None:
        return None
    return Fix(place=GeoPoint(lon=given.lon, lat=given.lat), accuracy_m=given.accuracy_m)


def fix_text(fix: Fix | None) -> str:
    """A place in one line, for registers.

    >>> fix_text(Fix(place=GeoPoint(lon=112.45, lat=30.42), accuracy_m=8.25))
    '112.450000,30.420000 WGS-84 ±8 m'
    """
    if fix is None:
        return "unknown"
    around = "" if fix.accuracy_m is None else f" ±{fix.accuracy_m:.0f} m"
    return f"{fix.place.lon:.6f},{fix.place.lat:.6f} {fix.place.datum}{around}"
