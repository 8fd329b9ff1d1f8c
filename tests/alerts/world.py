"""A small township with a desk in it, for the stories."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.desk import Desk
from alerts.roads.graph import Roads
from alerts.work import Patience
from core.cases import (
    Announcement,
    EvidenceItem,
    Incident,
    OfficerPosition,
    OfficerStatus,
    Order,
    OrderState,
    Receipt,
)
from core.clock import NS_PER_S, ManualClock, parse_iso
from core.config.cameras import Camera
from core.config.site import Site
from core.fieldwork import FieldDuty
from core.geometry import Box, GeoPoint
from core.messages import (
    ANNOUNCEMENTS,
    EVIDENCE_WANTED,
    INCIDENTS,
    ORDERS,
    Action,
    Command,
    EvidenceWanted,
    OrderReply,
)
from core.presence import duty_by_phone
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store
from core.store.unit import Unit
from core.store.users import Role, User
from core.value import Text, Value
from core.wording import Wording

START_NS = parse_iso("2026-11-22T02:00:00Z")  # ten in the morning in Shanghai
HERE = GeoPoint(lon=112.46, lat=30.42)
NOTHING = "0" * 64


def text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def zone(name: str, kind: Kind, response: str = "automatic") -> dict[str, Any]:
    return {
        "id": name,
        "name": text(name),
        "polygon": {"points": [[0, 0], [1, 0], [1, 1], [0, 1]]},
        "rule": {"kind": kind.value},
        "response": response,
    }


def camera(name: str, *zones: dict[str, Any], speaker: bool = True) -> dict[str, Any]:
    return {
        "id": name,
        "name": text(name),
        "place": HERE.model_dump(),
        "streams": {"main": f"rtsp://127.0.0.1/{name}"},
        "speaker": {"driver": "onvif"} if speaker else None,
        "zones": list(zones),
    }


def officer(name: str, metres_north: float, speed_kmh: float = 36) -> dict[str, Any]:
    north = GeoPoint(lon=HERE.lon, lat=HERE.lat + 1)
    place = HERE.toward(north, metres_north).model_dump()
    return {"id": name, "name": text(name), "place": place, "speed_kmh": speed_kmh}


def row(name: str, kind: Kind, severity: str, *when: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "kind": kind.value,
        "act": text(name),
        "basis": "§",
        "sanction": text("-"),
        "authority": "own",
        "department": text("-"),
        "severity": severity,
        "when": when,
        "priority": len(when),
        "source": "test",
        "effective_from": "2020-01-01",
        **more,
    }


ROWS = [
    row("fishing", Kind.FISHING, "minor"),
    row("netting", Kind.FISHING, "serious", "net"),
    row("dumping", Kind.DUMPING, "minor"),
    row("tipping", Kind.DUMPING, "serious", "vehicle"),
    row("stall", Kind.OCCUPATION, "minor"),
]


def make_site(**changes: Any) -> Site:
    """Compliance 15 s, cooldown 10 s, two attempts; officers 200, 500 and 900 m away."""
    plan: dict[str, Any] = {
        "name": text("town"),
        "centre": HERE.model_dump(),
        "warnings": {
            "cooldown_s": 10,
            "compliance_s": 15,
            "attempts_before_dispatch": 2,
            "merge_s": 60,
        },
        "dispatch": {"detour": 1},
        "cameras": [
            camera("river", zone("shore", Kind.FISHING), zone("bridge", Kind.FISHING)),
            camera("lane", zone("verge", Kind.DUMPING)),
            camera("market", zone("passage", Kind.OCCUPATION)),
            camera("silent", zone("shore", Kind.FISHING), speaker=False),
            camera("asked", zone("shore", Kind.FISHING, "confirm")),
            camera("idle", zone("shore", Kind.FISHING, "off")),
        ],
        "officers": [officer("far", 900), officer("near", 200), officer("middle", 500)],
        "catalogue": {"rows": ROWS},
        "warning_texts": {"texts": []},
    }
    warnings = {**plan["warnings"], **changes.pop("warnings", {})}
    return Site.model_validate({**plan, "warnings": warnings, **changes})


class World:
    """A desk, its clock, and everything it sent."""

    def __init__(
        self,
        store: Store,
        clock: ManualClock,
        site: Site,
        *,
        twice: bool = False,
        roads: Roads | None = None,
    ) -> None:
        self.roads = roads
        self.store, self.clock, self.site, self.twice = store, clock, site, twice
        self.sent: list[tuple[str, Value]] = []
        self.broken = self.was_broken = False
        self.refusals: list[Value] = []
        self.numbers = 0
        self.wording: Wording | None = None  # in place of the usual words
        self.restart()

    def restart(self) -> None:
        """A new desk on the same store, as after the end of the process."""
        self.desk = Desk(
            self.site,
            self.store,
            self.clock,
            self._send,
            self._words,
            patience=Patience(),
            roads=self.roads,
        )
        self.desk.resume()

    def _words(
        self, unit: Unit, incident: Incident, camera: Camera, attempt: int, at_ns: int
    ) -> Wording:
        return self.wording or Wording.plain(f"{camera.id} {incident.kind} {attempt}")

    def _send(self, stream: str, message: Value) -> None:
        if self.broken:
            raise ConnectionError("the bus is away")
        self.sent.append((stream, message))

    # what happens to the desk

    def pass_s(self, seconds: float, step_s: float = 1.0) -> None:
        """Let time pass with a tick a second."""
        left = seconds
        while left > 0:
            self.clock.advance(min(step_s, left))
            left -= step_s
            self.desk.tick()

    def see(
        self,
        name: str,
        phase: Phase = Phase.FIRED,
        *,
        camera: str = "river",
        zone: str = "shore",
        kind: Kind = Kind.FISHING,
        cues: Sequence[str] = (),
        dwell_s: float = 12,
        fired_s: float = 0,
        how: str = "",
    ) -> Sighting:
        """A sighting at the present moment; ``fired_s`` is how long ago it fired."""
        now_ns = self.clock.utc_ns()
        fired_ns = now_ns - round(fired_s * NS_PER_S)
        sighting = Sighting(
            id=name,
            camera=camera,
            zone=zone,
            kind=kind,
            phase=phase,
            started_ns=fired_ns - round(dwell_s * NS_PER_S),
            fired_ns=fired_ns,
            last_ns=now_ns,
            ended_ns=now_ns if phase is Phase.ENDED else None,
            box=Box(0.4, 0.4, 0.1, 0.2),
            cues=tuple(cues),
            why=Why(text=Text(zh="久留", en="stayed"), facts={"ended": how} if how else {}),
        )
        self._deliver(self.desk.on_sighting, sighting)
        return sighting

    def speak(self, ok: bool = True, seconds: float = 6, error: str | None = None) -> Receipt:
        """The loudspeaker speaks the newest announcement; time passes meanwhile."""
        announcement = self.announcements[-1]
        started_ns = self.clock.utc_ns()
        if ok:
            self.clock.advance(seconds)
        receipt = Receipt(
            announcement=announcement.id,
            incident=announcement.incident,
            camera=announcement.camera,
            ok=ok,
            driver="onvif",
            text=announcement.text,
            started_ns=started_ns if ok else None,
            seconds=seconds if ok else 0,
            error=error,
        )
        self._deliver(self.desk.on_receipt, receipt)
        return receipt

    def seal(self, wanted: EvidenceWanted) -> EvidenceItem:
        item = EvidenceItem(
            id=f"ev-{wanted.id}",
            incident=wanted.incident,
            role=wanted.role,
            path=f"{wanted.id}.mp4",
            sha256=NOTHING,
            bytes=1,
            mime="video/mp4",
            camera=wanted.camera,
            first_ns=wanted.first_ns,
            last_ns=wanted.last_ns,
            requested_first_ns=wanted.first_ns,
            requested_last_ns=wanted.last_ns,
            sealed_ns=self.clock.utc_ns(),
        )
        self._deliver(self.desk.on_evidence, item)
        return item

    def reply(
        self,
        state: OrderState,
        note: str = "",
        order: Order | None = None,
        *,
        support: bool = False,
    ) -> None:
        """The officer of the newest order answers."""
        order = order or self.orders[-1]
        self._deliver(
            self.desk.on_order_reply,
            OrderReply(
                id=f"{order.id}-{state.value}",
                order=order.id,
                officer=order.officer,
                state=state,
                at_ns=self.clock.utc_ns(),
                note=Text.same(note),
                support=support,
            ),
        )

    def stand(self, name: str, metres_north: float, status: OfficerStatus) -> None:
        place = GeoPoint.model_validate(officer(name, metres_north)["place"])
        self.desk.on_position(
            OfficerPosition(officer=name, at_ns=self.clock.utc_ns(), place=place, status=status)
        )

    def give_phone(self, name: str) -> None:
        """From now on the officer's phone tells who is on duty; nobody is yet."""
        with self.store.begin() as unit:
            unit.users.put(
                User(name=name, password_hash="-", role=Role.OFFICER, created_ns=0, officer=name)
            )

    def sign(self, name: str, *, on: bool) -> None:
        """上勤, 下勤: what the console writes down; twice is once."""
        with self.store.begin() as unit:
            found = duty_by_phone(unit, name)
            now_ns = self.clock.utc_ns()
            if on and not (found and found.on):
                self.numbers += 1
                duty = FieldDuty(
                    id=f"duty-{self.numbers}", officer=name, user=name, start_ns=now_ns
                )
                unit.field_duties.put(duty)
            elif not on and found and found.on:
                unit.field_duties.put(found.model_copy(update={"end_ns": now_ns}))

    def command(
        self,
        action: Action,
        reason: str = "",
        officer: str | None = None,
        incident: str = "",
        *,
        seen: int | None = None,
        **more: Any,
    ) -> Text | None:
        """A person commands; the words of the refusal, if it was refused."""
        self.numbers += 1
        command = Command(
            id=f"cmd-{self.numbers}",
            incident=incident or self.incident.id,
            action=action,
            user="zhou",
            at_ns=self.clock.utc_ns(),
            reason=reason,
            officer=officer,
            seen=seen,
            **more,
        )
        refusal = self.desk.on_command(command)
        if self.twice:
            assert self.desk.on_command(command) is None
        return None if refusal is None else refusal.text

    def _deliver(self, handler: Any, message: Value) -> None:
        handler(message)
        if self.twice:
            handler(message)

    # what came of it

    def of(self, stream: str) -> list[Any]:
        return [message for name, message in self.sent if name == stream]

    @property
    def announcements(self) -> list[Announcement]:
        return self.of(ANNOUNCEMENTS)

    @property
    def orders(self) -> list[Order]:
        """Orders as they were offered, in order."""
        return [one for one in self.of(ORDERS) if one.state is OrderState.OFFERED]

    @property
    def wanted(self) -> list[EvidenceWanted]:
        return self.of(EVIDENCE_WANTED)

    @property
    def incidents(self) -> list[Incident]:
        with self.store.read() as unit:
            return unit.incidents.find(newest_by="started_ns")

    @property
    def incident(self) -> Incident:
        """The only incident there is."""
        (only,) = self.incidents
        return only

    @property
    def told(self) -> list[Incident]:
        """The incidents as they were told to everybody."""
        return [change.incident for change in self.of(INCIDENTS)]

    def states(self, incident: Incident | None = None) -> list[str]:
        return [step.state for step in (incident or self.incident).history]

    def order_state(self, name: str) -> OrderState:
        with self.store.read() as unit:
            order = unit.orders.get(name)
        assert order is not None
        return order.state

    def said(self, action: str) -> int:
        """How many audit entries of that action there are; the chain is checked as well."""
        with self.store.read() as unit:
            unit.audit.verify()
            return sum(entry.action == action for entry in unit.audit.entries())


def sqlite(path: Path) -> str:
    return f"sqlite:///{path / 'test.db'}"
