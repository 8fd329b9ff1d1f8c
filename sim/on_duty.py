"""A simulated officer with a phone: duty, orders, the way, the result with picture and voice."""

from collections.abc import Callable, Mapping
from typing import Any

from core.cases import OfficerPosition, Order, OrderState, StateChange
from core.clock import NS_PER_S, Clock, parse_iso
from core.config.people import Officer
from core.geometry import GeoPoint
from core.messages import OrderReply
from sim.officers import SimulatedOfficers
from sim.phone import Phone

POLL_S = 1.5

Takes = Callable[[Order], bytes]
"""Makes a picture (JPEG) or a voice message (Ogg) of a scene."""


class OfficerOnDuty:
    """What a simulated officer does, told and heard by phone alone. Used by one thread.

    Args:
        picture: taken on the scene when the matter is dealt with.
        voice: said to it; None: words alone.
    """

    def __init__(
        self,
        officer: Officer,
        phone: Phone,
        clock: Clock,
        *,
        picture: Takes,
        voice: Takes | None = None,
        speedup: float = 1.0,
    ) -> None:
        self._officer, self._phone, self._clock = officer, phone, clock
        self._picture, self._voice = picture, voice
        self._place = officer.place
        self._orders: dict[str, Order] = {}
        self._open: set[str] = set()
        self._on = False
        self._looked_ns: int | None = None
        self._body = SimulatedOfficers([officer], clock, self._answer, self._stand, speedup=speedup)

    def tick(self, *, wanted: bool = True) -> None:
        """Live on a little; call a few times a second.

        Args:
            wanted: False: a person plays this officer. What was begun is finished, then duty ends.
        """
        if wanted and not self._on:
            self._on = True
            self._phone.do("duty_on", self._place)
        elif not wanted and self._on and not self._open:
            self._on = False
            self._phone.do("duty_off")
        now_ns = self._clock.monotonic_ns()
        if self._looked_ns is None or now_ns - self._looked_ns >= POLL_S * NS_PER_S:
            self._looked_ns = now_ns
            self._look(wanted)
        self._body.tick()
        self._phone.deliver()

    def _look(self, wanted: bool) -> None:
        shown = self._phone.state()
        if shown is None:
            return
        for given in shown["orders"]:
            order = _order(given, self._officer.id)
            if order is None:
                self._open.discard(given["id"])
                if given["id"] in self._orders:
                    ended = {"state": OrderState(given["state"])}
                    self._body.on_order(self._orders[given["id"]].model_copy(update=ended))
                continue
            if order.state is OrderState.OFFERED and (wanted or order.id in self._open):
                self._orders[order.id] = order
                self._open.add(order.id)
                self._body.on_order(order)

    def _answer(self, reply: OrderReply) -> None:
        media: list[str] = []
        order = self._orders[reply.order]
        stem = reply.id.replace("_", "-")
        if reply.state is OrderState.HANDLED:
            media = [f"{stem}-photo"] + ([f"{stem}-voice"] if self._voice else [])
        self._phone.do(
            reply.state.value,
            self._place,
            id=stem,
            order=reply.order,
            words=reply.note.zh,
            media=media,
        )
        if media:
            self._phone.file(
                media[0], "photo", "image/jpeg", self._picture(order), order.id, self._place
            )
        if media and self._voice is not None:
            self._phone.file(
                media[1], "audio", "audio/ogg", self._voice(order), order.id, self._place
            )
        if reply.state in (OrderState.HANDLED, OrderState.RETURNED):
            self._open.discard(reply.order)

    def _stand(self, position: OfficerPosition) -> None:
        self._place = position.place
        if self._on:
            self._phone.stand(position.place)


def _order(given: Mapping[str, Any], officer: str) -> Order | None:
    """The order as it is on the phone; None when it is the officer's no more."""
    place = given["place"]
    if place is None:
        return None
    state = OrderState(given["state"])
    at_ns = parse_iso(given["offered"])
    return Order(
        id=given["id"],
        incident=given["incident"]["id"],
        officer=officer,
        state=state,
        history=(StateChange(state=state.value, at_ns=at_ns, actor="system"),),
        place=GeoPoint.model_validate(place),
        distance_m=given["distance_m"],
        eta_s=given["eta_s"],
    )
