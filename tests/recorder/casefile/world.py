"""A station with incidents that have everything a case file can hold."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from core.cases import (
    Announcement,
    ClockReading,
    Incident,
    IncidentState,
    Receipt,
    ReviewKind,
    Severity,
    StateChange,
)
from core.clock import NS_PER_S, ManualClock
from core.config.load import load
from core.geometry import Box
from core.reviews import record
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store, open_store, sqlite_url
from core.store.users import Role, User
from core.value import Text
from recorder.casefile.case import Wish
from recorder.casefile.making import Made, make
from recorder.casefile.station import Station
from recorder.clock_log import CameraClock
from recorder.ledger import GapLedger
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.sealer import Sealer
from recorder.vault import Vault

DEMO = Path(__file__).parents[3] / "configs" / "demo"
INCIDENT = "inc-0123456789"
WHY = Text(zh="在岸边停留 75 秒，几乎未移动", en="stayed at the water for 75 s")
REASON = "立案调查"
BY = "2号队员"


@dataclass
class World:
    """Everything below ``root``."""

    root: Path
    clock: ManualClock
    station: Station
    film: Path

    @property
    def store(self) -> Store:
        return self.station.store

    def incident(self, name: str = INCIDENT, *, clips: int = 1) -> Incident:
        """An incident with its files, warnings and what was seen."""
        now_ns = self.clock.utc_ns()
        gaps = GapLedger(self.station.recordings, "river")
        gaps.begin(now_ns + 2 * NS_PER_S, "unreachable")
        gaps.end(now_ns + 4 * NS_PER_S)
        sighting = Sighting(
            id=f"s-{name}", camera="river", zone="shore", kind=Kind.FISHING, phase=Phase.ENDED,
            started_ns=now_ns, fired_ns=now_ns + 5 * NS_PER_S, last_ns=now_ns + 9 * NS_PER_S,
            ended_ns=now_ns + 10 * NS_PER_S, box=Box(0.4, 0.3, 0.1, 0.3), tracks=(3,),
            labels=("person",), cues=("night",), why=Why(text=WHY, facts={"dwell_s": 75.5}),
            model="yolox-nano 0123456789ab",
        )  # fmt: skip
        history = tuple(
            StateChange(state=state, at_ns=now_ns + after * NS_PER_S, actor=actor, reason=WHY)
            for state, after, actor in (
                ("detected", 5, "system"), ("confirmed", 6, "1号队员"), ("warning", 7, "system"),
            )
        )  # fmt: skip
        row = self.station.site.catalogue.rows[0]
        found = Incident(
            id=name, kind=Kind.FISHING, severity=Severity.MINOR, camera="river", zone="shore",
            state=IncidentState.WARNING, history=history, started_ns=now_ns,
            last_seen_ns=now_ns + 9 * NS_PER_S, active=False, box=sighting.box, why=WHY,
            cues=("night",), catalogue_row=row.id, sightings=(sighting.id,),
        )  # fmt: skip
        said = Announcement(
            id=f"a-{name}", incident=name, camera="river", text="请立即停止垂钓，离开岸边。",
            attempt=1, requested_ns=now_ns + 7 * NS_PER_S,
        )  # fmt: skip
        heard = Receipt(
            announcement=said.id, incident=name, camera="river", ok=True, driver="onvif",
            text=said.text, started_ns=now_ns + 8 * NS_PER_S, seconds=4.5,
            device_reply="RTSP/1.0 200 OK",
        )  # fmt: skip
        with self.store.begin() as unit:
            unit.incidents.put(found)
            unit.sightings.put(sighting)
            unit.announcements.put(said)
            unit.receipts.put(heard)
            unit.audit.append("1号队员", "incident.view", name)
        for number in range(clips):
            self.seal(name, number)
        return found

    def seal(self, name: str = INCIDENT, number: int = 0) -> None:
        """One more clip with its still, a working copy of it, and a recording."""
        now_ns = self.clock.utc_ns()
        reading = ClockReading(measured_ns=now_ns, offset_s=0.25, uncertainty_s=0.02, source="rtcp")
        clock = CameraClock((reading,), "camera's clock 0.250 s ahead of ours", 0.25, 0.02)
        clip = self._seal(
            name, "clip", self._file("clip.mp4", number, name), now_ns, 8,
            item_id=f"{name}-w{number}-clip", requested_first_ns=now_ns + NS_PER_S,
            requested_last_ns=now_ns + 7 * NS_PER_S, camera_clock=clock,
        )  # fmt: skip
        for role, file in (("snapshot", "shot.jpg"), ("working", "working.mp4")):
            self._seal(
                name, role, self._file(file, number, name), now_ns + 5 * NS_PER_S, 0,
                item_id=f"{name}-w{number}-{role}", parent_sha256=clip, note="drawn from the clip",
            )  # fmt: skip
        self._seal(name, "warning_audio", self._file("said.wav", number, name), now_ns, 4)

    def _seal(self, name: str, role: str, file: Path, first_ns: int, long_s: int, **more) -> str:  # type: ignore[no-untyped-def]  # as Vault.seal takes them
        self.clock.advance(1)
        item = self.station.vault.seal(
            name, role, file, camera="river", first_ns=first_ns,
            last_ns=first_ns + long_s * NS_PER_S, **more,
        )  # fmt: skip
        with self.store.begin() as unit:
            unit.evidence.put(item)
        return item.sha256

    def _file(self, name: str, number: int, incident: str) -> Path:
        path = self.root / name
        if name == "clip.mp4":
            shutil.copy(self.film, path)
            with path.open("ab") as stream:  # a box that players skip, so that clips differ
                told = f"{incident} {number}".encode()
                stream.write((8 + len(told)).to_bytes(4, "big") + b"free" + told)
        elif name == "shot.jpg":
            picture = Image.new("RGB", (640, 360), (70, 110, 90))
            ImageDraw.Draw(picture).rectangle((250, 100, 320, 260), outline=(255, 220, 0), width=4)
            picture.putpixel((number, 0), (255, 255, 255))
            picture.save(path, quality=90)
        else:
            path.write_bytes(f"{name} {incident} {number}".encode() * 1000)
        return path

    def people(self) -> None:
        """Accounts that may review."""
        with self.store.begin() as unit:
            for name, role in (
                ("3号队员", Role.CHIEF),
                ("4号队员", Role.CHIEF),
                (BY, Role.MONITOR),
            ):
                user = User(name=name, password_hash="-", role=role, created_ns=1)
                unit.users.put(user)

    def review(
        self, kind: ReviewKind, by: str, *, passed: bool = True, incident: str = INCIDENT
    ) -> None:
        self.clock.advance(60)
        with self.store.begin() as unit:
            record(
                unit, incident, kind, by, office="法制审核员" if kind == "legal" else "技术审核员",
                passed=passed, basis="设备经审核并公示，画面清晰", at_ns=self.clock.utc_ns(),
            )  # fmt: skip

    def export(
        self,
        *incidents: str,
        case: str = "case-0000000001",
        password: str | None = None,
        out: Path | None = None,
    ) -> Made:
        wish = Wish(case, incidents or (INCIDENT,), BY, REASON)
        out = out or self.root / "out" / f"{case}.zip"
        out.parent.mkdir(exist_ok=True)
        return make(self.station, wish, out, password=password, told=lambda _done, _all: None)


def world_in(root: Path, clock: ManualClock, film: Path, *, kind: str = "p256") -> World:
    site = load(DEMO).model_copy(update={"data_dir": root})
    keys = KeyRing(root / "keys", clock, station=site.name.zh, kind=kind)
    sealer = Sealer(keys, SiteLog(root / "log", keys, clock))
    station = Station(
        site=site,
        store=open_store(sqlite_url(root / "wardwatch.db"), clock),
        vault=Vault(root / "vault", clock, sealer),
        sealer=sealer,
        clock=clock,
        recordings=root / "recordings",
    )
    return World(root, clock, station, film)
