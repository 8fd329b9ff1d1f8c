"""What the demo did, held against what the simulator played (``docs/reference/reports.md``)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cases import Incident, Order
from core.clock import NS_PER_S, Clock
from core.config.cameras import Camera
from core.config.site import Site
from core.messages import CameraHealth
from core.store.database import Store
from core.store.unit import Unit
from recorder.casefile.exports import Exports
from recorder.seal.check.judge import Trust, judge
from recorder.seal.digests import hash_stream
from wardwatch.casefiles import exports_of
from wardwatch.paths import Paths
from wardwatch.vaults import sealer_of

SCHEMA = "wardwatch.demo/1"

_LATE_S = 90.0
"""A sighting that begins this long after the act began does not belong to it."""


@dataclass(frozen=True)
class TipTold:
    """What became of a tip of the public, as whoever told is answered.

    Attributes:
        camera: whose story it is about.
        photos: how many have arrived.
    """

    camera: str
    state: str
    photos: int


@dataclass(frozen=True)
class Truth:
    """What the simulator says of one camera: lines of ``truth.jsonl``."""

    epoch_ns: int
    lines: tuple[Mapping[str, Any], ...]

    def since_s(self, utc_ns: int) -> float:
        """Scene time of a moment, seconds from the first picture."""
        return round((utc_ns - self.epoch_ns) / NS_PER_S, 2)

    def event(self) -> dict[str, Any] | None:
        """The violation that was played, or None."""
        started = next((line for line in self.lines if line["what"] == "event_started"), None)
        if started is None:
            return None
        ended = next(
            (
                line
                for line in self.lines
                if line["what"] == "event_ended" and line["event"] == started["event"]
            ),
            None,
        )
        return {
            "kind": started["kind"],
            "start_s": started["scene_s"],
            "end_s": None if ended is None else ended["scene_s"],
        }

    def heard(self) -> list[dict[str, Any]]:
        """What the loudspeaker played."""
        return [
            {
                "start_s": self.since_s(line["start_ns"]),
                "seconds": line["seconds"],
                "wav": line["wav"],
            }
            for line in self.lines
            if line["what"] == "heard"
        ]


def read_truth(path: Path, camera: str) -> Truth:
    """The truth of one camera; scene times count from the newest start of its scene."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    mine = [line for line in lines if line["camera"] == camera]
    begins = [index for index, line in enumerate(mine) if line["what"] == "epoch"]
    start = begins[-1] if begins else 0
    epoch_ns = mine[start]["utc_ns"] if mine else 0
    return Truth(epoch_ns, tuple(mine[start:]))


def build(
    site: Site,
    paths: Paths,
    store: Store,
    *,
    seconds: float,
    model: str,
    health: Iterable[CameraHealth],
    restarts: Mapping[str, int],
    clock: Clock,
    tip: TipTold | None = None,
) -> dict[str, Any]:
    """The whole report as JSON-able values."""
    exports = exports_of(site, paths, store, clock)
    trust = sealer_of(site, paths, clock).trust()
    with store.read() as unit:
        incidents = sorted(unit.incidents.find(), key=lambda one: one.started_ns)
        stories, explained = [], set()
        for camera in site.cameras:
            truth = read_truth(paths.township / "truth.jsonl", camera.id)
            incident = _incident_of(truth, camera, incidents)
            if incident is not None:
                explained.add(incident.id)
            story = _story(unit, paths, camera, truth, incident)
            made = None if incident is None else _casefile(exports, paths, trust, incident)
            told = None
            if tip is not None and tip.camera == camera.id:
                told = {"state": tip.state, "photos": tip.photos}
            stories.append({**story, "casefile": made, "tip": told})
        unexpected = [
            {
                "id": incident.id,
                "camera": incident.camera,
                "zone": incident.zone,
                "kind": incident.kind.value,
                "started_s": read_truth(paths.township / "truth.jsonl", incident.camera).since_s(
                    incident.started_ns
                ),
            }
            for incident in incidents
            if incident.id not in explained and incident.camera
        ]
    exports.close()
    return {
        "schema": SCHEMA,
        "seconds": round(seconds, 1),
        "model": model,
        "stories": stories,
        "unexpected_incidents": unexpected,
        "health": {
            "cameras": [one.model_dump(mode="json") for one in health],
            "restarts": dict(restarts),
        },
    }


def lines(content: Mapping[str, Any], site: Site) -> list[str]:
    """What a report tells, one line a story."""
    told: list[str] = []
    tips: list[str] = []
    for story in content["stories"]:
        camera = site.camera(story["camera"])
        name = f"{camera.name.zh} {camera.name.en}" if camera else story["camera"]
        told.append(f"{name}: {_line(story)}")
        if story["tip"] is not None:
            tips.append(
                f"群众举报 public tip, {name}: answered by code {story['tip']['state']}; "
                f"photos: {story['tip']['photos']}"
            )
    strange = len(content["unexpected_incidents"])
    unexplained = [f"{strange} incidents that no story explains"] if strange else []
    return [*told, *tips, *unexplained]


def _line(story: Mapping[str, Any]) -> str:
    if story["truth"] is None:
        return "nothing was done, nothing was reported"
    if not story["states"]:
        return f"{story['truth']['kind']} was done and not seen"
    parts = [f"{story['truth']['kind']}, {story['severity']}"]
    if story["warnings"]:
        parts.append(f"warned {len(story['warnings'])}×, heard {_heard(story)}×")
    parts.append(" → ".join(step["state"] for step in story["states"]))
    if story["order"] is not None:
        parts.append(f"{story['order']['officer']} sent")
    sent = [one["role"] for one in story["evidence"] if one["role"].startswith("field_")]
    if sent:
        parts.append("from the phone: " + ", ".join(role[len("field_") :] for role in sorted(sent)))
    if story["casefile"] is not None:
        made = story["casefile"]
        parts.append(f"case file {made['path']}: {made['verdict']}, {made['items']} files")
    return "; ".join(parts)


def _heard(story: Mapping[str, Any]) -> int:
    """How many warnings the camera's own microphone recorded."""
    hearings = [(one["receipt"] or {}).get("hearing") or {} for one in story["warnings"]]
    return sum(one.get("verdict") == "heard" for one in hearings)


def _casefile(
    exports: Exports, paths: Paths, trust: Trust, incident: Incident
) -> dict[str, Any] | None:
    """The newest whole case file of an incident, checked once more as whoever gets it would."""
    made = next((one for one in exports.of(incident.id) if one.state == "done"), None)
    if made is None:
        return None
    _, path = exports.whole(made.id)
    report = judge(path, trust, hash_stream)
    return {
        "path": str(path.relative_to(paths.data)),
        "sha256": made.sha256,
        "verified": report.authentic and _sha256(path) == made.sha256,
        "verdict": report.verdict,
        "evidence": made.evidence,
        "items": len(report.files),
        "by": made.by,
    }


def _incident_of(truth: Truth, camera: Camera, incidents: Iterable[Incident]) -> Incident | None:
    event = truth.event()
    if event is None:
        return None
    for incident in incidents:
        late_s = truth.since_s(incident.started_ns) - event["start_s"]
        if (
            incident.camera == camera.id
            and incident.kind.value == event["kind"]
            and abs(late_s) <= _LATE_S
        ):
            return incident
    return None


def _story(
    unit: Unit, paths: Paths, camera: Camera, truth: Truth, incident: Incident | None
) -> dict[str, Any]:
    story: dict[str, Any] = {
        "name": camera.name.en,
        "camera": camera.id,
        "truth": truth.event(),
        "sighting": None,
        "severity": None,
        "states": [],
        "warnings": [],
        "heard": truth.heard(),
        "order": None,
        "evidence": [],
    }
    if incident is None:
        return story
    sighting = unit.sightings.get(incident.sightings[0])
    orders = [order for order in map(unit.orders.get, incident.orders) if order is not None]
    return story | {
        "incident": incident.id,
        "sighting": None
        if sighting is None
        else {"kind": sighting.kind.value, "fired_s": truth.since_s(sighting.fired_ns)},
        "severity": incident.severity.value,
        "states": [
            {"state": step.state, "t_s": truth.since_s(step.at_ns), "actor": step.actor}
            for step in incident.history
        ],
        "warnings": _warnings(unit, incident),
        "order": _order(truth, orders[-1]) if orders else None,
        "evidence": [
            {
                "role": item.role,
                "path": item.path,
                "sha256": item.sha256,
                "verified": _sha256(paths.vault / item.path) == item.sha256,
            }
            for item in unit.evidence.find(incident=incident.id)
        ],
    }


def _warnings(unit: Unit, incident: Incident) -> list[dict[str, Any]]:
    warnings = []
    for announcement_id in incident.announcements:
        announcement = unit.announcements.get(announcement_id)
        receipt = unit.receipts.get(announcement_id)
        if announcement is not None:
            warnings.append(
                {
                    "text": announcement.text,
                    "receipt": None if receipt is None else receipt.model_dump(mode="json"),
                }
            )
    return warnings


def _order(truth: Truth, order: Order) -> dict[str, Any]:
    return {
        "officer": order.officer,
        "eta_s": round(order.eta_s, 1),
        "states": [
            {"state": step.state, "t_s": truth.since_s(step.at_ns)} for step in order.history
        ],
    }


def _sha256(path: Path) -> str | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
