"""A small township with incidents in every stage, for the console's tests and for development."""

import hashlib
import json
import math
import wave
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from core.cases import (
    Announcement,
    EvidenceItem,
    Hearing,
    Incident,
    IncidentState,
    OfficerPosition,
    OfficerStatus,
    Order,
    OrderState,
    Receipt,
    Severity,
    StateChange,
)
from core.clock import NS_PER_S
from core.config.cameras import Camera, Speaker, Streams
from core.config.catalogue import Authority, Catalogue, CatalogueRow
from core.config.load import SHIPPED
from core.config.people import Officer
from core.config.site import Site
from core.config.wording import WarningTexts
from core.config.zones import DumpingRule, FishingRule, OccupationRule, Rule, Zone
from core.geometry import Box, GeoPoint, Polygon
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store
from core.store.unit import Unit
from core.value import Text
from tests.console import fake_scenes

LON, LAT = 120.6120, 30.4630
S = IncidentState


def _place(east_m: float, north_m: float) -> GeoPoint:
    return GeoPoint(
        lon=LON + east_m / (111_320 * math.cos(math.radians(LAT))), lat=LAT + north_m / 110_950
    )


def _camera(
    key: str, zh: str, en: str, at: tuple[float, float, float], zone: Zone | None, speaker: bool
) -> Camera:
    return Camera(
        id=key,
        name=Text(zh=zh, en=en),
        place=_place(at[0], at[1]),
        bearing_deg=at[2],
        streams=Streams(main=f"rtsp://127.0.0.1:8554/{key}"),
        speaker=Speaker(driver="file") if speaker else None,
        zones=(zone,) if zone else (),
    )


def _zone(key: str, zh: str, en: str, points: list[tuple[float, float]], rule: Rule) -> Zone:
    return Zone(id=key, name=Text(zh=zh, en=en), polygon=Polygon(points=tuple(points)), rule=rule)


def site(map_path: Path) -> Site:
    """Four cameras, five officers, three catalogue rows."""
    shore = _zone(
        "shore",
        "青石滩禁钓区",
        "Qingshi Shoal no-fishing zone",
        [(0.02, 0.55), (0.98, 0.52), (0.98, 0.96), (0.02, 0.96)],
        FishingRule(),
    )
    verge = _zone(
        "verge",
        "村道西侧空地",
        "West verge of the village lane",
        [(0.35, 0.62), (0.95, 0.6), (0.95, 0.95), (0.3, 0.95)],
        DumpingRule(),
    )
    stalls = _zone(
        "kerb",
        "集市东口人行道",
        "Market east gate pavement",
        [(0.15, 0.5), (0.6, 0.5), (0.65, 0.85), (0.1, 0.85)],
        OccupationRule(),
    )
    return Site(
        name=Text(zh="青石镇", en="Qingshi Township"),
        centre=GeoPoint(lon=LON, lat=LAT),
        map=map_path,
        cameras=(
            _camera("river", "青石河滩", "Qingshi river shoal", (-420, 260, 315), shore, True),
            _camera("lane", "北环村道", "North ring lane", (380, 330, 60), verge, True),
            _camera("market", "集市东口", "Market east gate", (120, -160, 190), stalls, True),
            _camera("street", "安静里", "Quiet street", (-240, -300, 120), None, False),
        ),
        officers=tuple(
            Officer(
                id=f"officer-{n}",
                name=Text(zh=f"{n}号队员", en=f"Officer {n}"),
                call_sign=f"青石{n:02d}",
                place=_place(-500 + 240 * n, 90 * (-1) ** n),
            )
            for n in range(1, 6)
        ),
        catalogue=Catalogue(rows=(
            _row("fishing-78-3", Kind.FISHING, Severity.MINOR, "禁渔区、禁渔期违规垂钓",
                 "Angling in a closed area or period", "渔业法第四十四条、第七十八条第三款",
                 "没收渔获物，可以并处五万元以下罚款", "Fined up to 50,000 yuan"),
            _row("dumping-1169-3", Kind.DUMPING, Severity.SERIOUS, "随意倾倒建筑垃圾",
                 "Dumping building waste", "生态环境法典第五百零六条、第一千一百六十九条第三款",
                 "处一百元以上一千元以下罚款", "Fine of 100 to 1,000 yuan"),
            _row("occupation-42", Kind.OCCUPATION, Severity.MINOR, "擅自占用城市道路",
                 "Occupying a road without permit", "城市道路管理条例第二十七条、第四十二条",
                 "责令限期改正，可以处二万元以下罚款", "Fined up to 20,000 yuan"),
        )),
        warning_texts=_texts(),
        mode="demo",
    )  # fmt: skip


@cache
def _texts() -> WarningTexts:
    """The shipped texts, and one for the nights of the closed season."""
    rows = yaml.safe_load((SHIPPED / "warnings.yaml").read_text(encoding="utf-8"))
    night = {
        "id": "fishing-night",
        "kind": "fishing",
        "attempt": 1,
        "when": {
            "hours": [{"start": "20:00", "end": "06:00"}],
            "periods": [{"first": "03-01", "last": "06-30", "name": {"zh": "禁渔期", "en": "ban"}}],
        },
        "text": {
            "zh": "{township}执法队提醒：禁渔期夜间，{zone}禁止一切捕捞，请离开。",
            "en": "{township} enforcement team: no fishing at {zone} in the closed season. "
            "Please leave.",
        },
    }
    return WarningTexts.model_validate({"texts": [*rows, night]})


def _row(
    key: str, kind: Kind, severity: Severity, zh: str, en: str, basis: str, fine_zh: str, fine: str
) -> CatalogueRow:
    return CatalogueRow(
        id=key, kind=kind, act=Text(zh=zh, en=en), basis=basis,
        sanction=Text(zh=fine_zh, en=fine), authority=Authority.ASSIGNED,
        department=Text(zh="农业农村主管部门", en="Agriculture and rural affairs"),
        severity=severity, source="2026-11-21", effective_from=date(2026, 5, 1),
    )  # fmt: skip


def write_map(path: Path) -> None:
    """A river, a road net, fields, a wood and houses as GeoJSON."""
    features = []

    def add(
        kind: str, shape: str, metres: list[tuple[float, float]], zh: str = "", en: str = ""
    ) -> None:
        ring = [[_place(x, y).lon, _place(x, y).lat] for x, y in metres]
        coordinates: object = [[*ring, ring[0]]] if shape == "Polygon" else ring
        name = {"name": {"zh": zh, "en": en}} if zh else {}
        features.append({"type": "Feature", "properties": {"class": kind, **name},
                         "geometry": {"type": shape, "coordinates": coordinates}})  # fmt: skip

    add("water", "Polygon", [(-900, 120), (-620, 260), (-420, 420), (-200, 700), (-60, 700),
        (-300, 380), (-520, 180), (-900, -20)], "青石河", "Qingshi River")  # fmt: skip
    add("field", "Polygon", [(200, 250), (700, 250), (700, 620), (260, 620)], "稻田", "Rice fields")
    add(
        "green",
        "Polygon",
        [(-800, -520), (-420, -520), (-420, -260), (-800, -200)],
        "南山林",
        "South wood",
    )
    add("road", "LineString", [(-900, -80), (900, -80)], "人民路", "Renmin Road")
    add("road", "LineString", [(60, -700), (60, 700)], "中心街", "Centre Street")
    add(
        "road",
        "LineString",
        [(-300, -600), (-240, -80), (-120, 200), (380, 330), (800, 360)],
        "北环路",
        "North Ring",
    )
    for x, y in [(90 + 70 * i, -170 - 90 * j) for i in range(6) for j in range(4)] + [
        (-60 - 60 * i, -140 - 80 * j) for i in range(3) for j in range(3)
    ]:
        add("building", "Polygon", [(x, y), (x + 46, y), (x + 46, y + 34), (x, y + 34)])
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False),
        encoding="utf-8",
    )


_WORDS = {
    "river": (Kind.FISHING, Severity.MINOR, "shore", "fishing-78-3",
              "一人在青石滩禁钓区岸边停留 94 秒，位移 0.8% 画宽，禁渔期内。",
              "One person stayed at the shore of the closed zone for 94 s, moving 0.8 %.",
              ("青石镇综合执法队提醒：此处为禁钓区，现处禁渔期。"
              "请收起钓具，离开岸边。如有异议可到镇执法队陈述申辩。")),
    "lane": (Kind.DUMPING, Severity.SERIOUS, "verge", "dumping-1169-3",
             "一辆货车停留 41 秒后离开，原处留下大堆物体，已静置 26 秒。",
             "A truck left after 41 s; a large pile stays where it stood, still for 26 s.", ""),
    "market": (Kind.OCCUPATION, Severity.MINOR, "kerb", "occupation-42",
               "一处带伞摊位占用人行道 6 分 12 秒，时限 5 分。",
               "A stall has stood on the pavement for 6 min 12 s; the limit is 5 min.",
               "青石镇综合执法队提醒：此处禁止占道经营，请将摊位移到市场内。"),
}  # fmt: skip


_REASONS = {
    S.WARNING: Text(zh="第1次喊话", en="warning 1"),
    S.PERSISTING: Text(zh="喊话1次，75秒后仍在", en="still there 75 s after warning 1"),
    S.DISPATCHED: Text(zh="情形严重，直接派单", en="serious: an officer is sent at once"),
    S.COMPLIED: Text(zh="第1次喊话后离开", en="left after warning 1"),
    S.CLOSED: Text(zh="处置后证据已封存", en="the evidence of afterwards is sealed"),
}

_ENDED = {"market": "thing_gone", "river": "left_zone"}


def incident(
    key: str, camera: str, states: list[tuple[IncidentState, float]], now_ns: int, active: bool
) -> Incident:
    """An incident whose states were reached so many seconds ago."""
    kind, severity, zone, row, zh, en, _ = _WORDS[camera]
    history = tuple(
        StateChange(
            state=state.value,
            at_ns=now_ns - round(ago * NS_PER_S),
            actor="system",
            reason=_REASONS.get(state, Text(zh=zh, en=en)),
        )
        for state, ago in states
    )
    return Incident(
        id=key, kind=kind, severity=severity, camera=camera, zone=zone,
        place=site(Path("unused")).camera(camera).place,  # type: ignore[union-attr]  # known
        state=states[-1][0], history=history, started_ns=history[0].at_ns - 60 * NS_PER_S,
        last_seen_ns=now_ns if active else history[-1].at_ns, active=active,
        box=Box(0.53, 0.38, 0.11, 0.26), why=Text(zh=zh, en=en), catalogue_row=row,
        cues=("vehicle", "large") if camera == "lane" else (),
    )  # fmt: skip


def fill(store: Store, vault: Path, now_ns: int) -> None:
    """Put incidents of every stage, their warnings, orders and evidence into the store."""
    warned = [(S.DETECTED, 130.0), (S.WARNING, 100.0), (S.PERSISTING, 25.0)]
    sent = [
        (S.DETECTED, 250.0),
        (S.DISPATCHED, 240.0),
        (S.ACKNOWLEDGED, 215.0),
        (S.EN_ROUTE, 200.0),
    ]
    running = [
        incident("inc-river-1", "river", warned, now_ns, True),
        incident("inc-lane-1", "lane", sent, now_ns, True),
        incident("inc-market-1", "market", [(S.DETECTED, 45.0)], now_ns, True),
    ]
    ended = [
        incident(f"inc-past-{n}", camera, [(S.DETECTED, 3600 * n), (S.WARNING, 3600 * n - 12),
                 (S.COMPLIED, 3600 * n - 70), (S.CLOSED, 3600 * n - 95)], now_ns, False)
        for n, camera in enumerate(("market", "river", "river", "market", "river", "market"), 1)
    ]  # fmt: skip
    with store.begin() as unit:
        for one in running + ended:
            unit.incidents.put(_with_all(unit, one, vault))
            for change in one.history:
                unit.audit.append(
                    "system", "incident.state", one.id, detail={"state": change.state}
                )
        for n in range(1, 6):
            busy = n == 3
            unit.positions.put(OfficerPosition(
                officer=f"officer-{n}", at_ns=now_ns, place=_place(-500 + 240 * n, 90 * (-1) ** n),
                status=OfficerStatus.BUSY if busy else OfficerStatus.FREE))  # fmt: skip


def _with_all(unit: Unit, one: Incident, vault: Path) -> Incident:
    text = _WORDS[one.camera][6]
    added: dict[str, tuple[str, ...]] = {}
    warned = [change for change in one.history if change.state == S.WARNING]
    for number, change in enumerate(warned, 1):
        key = f"ann-{one.id}-{number}"
        audio = _speech(vault / f"{key}.wav")
        unit.announcements.put(Announcement(
            id=key, incident=one.id, camera=one.camera, text=text, attempt=number,
            requested_ns=change.at_ns))  # fmt: skip
        unit.receipts.put(Receipt(
            announcement=key, incident=one.id, camera=one.camera, ok=True, driver="onvif",
            text=text,
            started_ns=change.at_ns + NS_PER_S, seconds=9.4, bytes_sent=75_200,
            device_reply="RTSP/1.0 200 OK", audio_path=audio.name,
            audio_sha256=_sha(audio),
            recordings=("5e" * 32, "a7" * 32), volume=80, volume_way="held",
            volume_by="ONVIF output level 64, before 40",
            hearing=Hearing(verdict="heard", microphone=one.camera, score=0.71, threshold=0.36,
                            lag_s=0.9)))  # fmt: skip
        unit.evidence.put(_item(one, "warning_audio", audio, vault, "audio/wav"))
        added["announcements"] = (*added.get("announcements", ()), key)
    sent = [change for change in one.history if change.state in OrderState._value2member_map_]
    if one.state is S.EN_ROUTE and one.place:
        offered = one.history[1].model_copy(update={"state": OrderState.OFFERED.value})
        unit.orders.put(Order(
            id=f"ord-{one.id}", incident=one.id, officer="officer-3", state=OrderState.EN_ROUTE,
            history=(offered, *sent), place=one.place, distance_m=743, eta_s=96))  # fmt: skip
        added["orders"] = (f"ord-{one.id}",)
    if one.state is S.CLOSED:
        how = "lost" if one.id == "inc-past-2" else _ENDED[one.camera]
        unit.sightings.put(Sighting(
            id=f"sgt-{one.id}", camera=one.camera, zone=one.zone, kind=one.kind, phase=Phase.ENDED,
            started_ns=one.started_ns, fired_ns=one.history[0].at_ns, last_ns=one.last_seen_ns,
            ended_ns=one.history[2].at_ns, box=one.box,
            why=Why(text=one.why, facts={"ended": how})))  # fmt: skip
        added["sightings"] = (f"sgt-{one.id}",)
    clip, still = vault / f"{one.id}-clip.mp4", vault / f"{one.id}-snapshot.jpg"
    clip.write_bytes(fake_scenes.clip(one.camera))
    fake_scenes.snapshot(one.camera, one.kind.value, still)
    items = [
        _item(one, "clip", clip, vault, "video/mp4"),
        _item(one, "snapshot", still, vault, "image/jpeg"),
    ]
    if one.state is S.CLOSED:
        items.append(_item(one, "after", clip, vault, "video/mp4"))
        items.append(_item(one, "snapshot_after", still, vault, "image/jpeg"))
    for item in items:
        unit.evidence.put(item)
    added["evidence"] = tuple(item.id for item in items)
    return one.model_copy(update=added)


def _item(one: Incident, role: str, path: Path, vault: Path, mime: str) -> EvidenceItem:
    start_ns = one.history[0].at_ns
    return EvidenceItem(
        id=f"ev-{one.id}-{role}", incident=one.id, role=role, path=str(path.relative_to(vault)),
        sha256=_sha(path), bytes=path.stat().st_size, mime=mime, camera=one.camera,
        first_ns=start_ns - 5 * NS_PER_S, last_ns=start_ns + 5 * NS_PER_S,
        sealed_ns=start_ns + 7 * NS_PER_S)  # fmt: skip


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _speech(path: Path) -> Path:
    samples = bytearray()
    for n in range(16_000):
        value = round(8000 * math.sin(n * 0.25) * math.sin(n * 0.0008))
        samples += value.to_bytes(2, "little", signed=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(samples))
    return path
