"""Run a recording through the whole of the program as fast as it goes, the same every time.

Detector, tracker, behaviours and desk are the live ones, on the recording's own time. Nobody is
warned and nobody is sent: incidents show what the program noticed and how serious it took it.
"""

import json
import resource
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av

from alerts.desk import Desk
from broadcast.text import WarningWriter
from core.cases import EvidenceItem
from core.clock import NS_PER_S, ManualClock
from core.config.cameras import Camera
from core.config.site import Site
from core.config.zones import Response
from core.errors import WardwatchError
from core.geometry import Box
from core.messages import EVIDENCE_WANTED, EvidenceWanted
from core.seeing import Seen, Sighting
from core.store.database import open_store, sqlite_url
from core.value import Value
from detectors.engine import Looker
from detectors.pipeline import CameraPipeline
from detectors.tracker import TrackerSettings
from ingest.file import FileSource, file_frames
from recorder.evidence import EvidenceCutter
from recorder.recorder import Recorder
from recorder.vault import Vault
from wardwatch.placing.placer import Placer

SCHEMA = "wardwatch.replay/1"


class ReplayError(WardwatchError):
    """The replay cannot run as asked."""


@dataclass
class Replay:
    """One replay, kept as it goes.

    Args:
        clip: the recording, any file FFmpeg reads.
        camera: id of the camera it came from.
        site: configuration; None only detects and tracks.
        engine: the detector.
        fps: frames analysed a second.
        start_ns: UTC of the first picture; see :func:`start_of`.
        vault: where evidence is sealed.
    """

    clip: Path
    camera: str
    site: Site | None
    engine: Looker
    fps: float
    start_ns: int
    vault: Path
    frames: list[dict[str, Any]] = field(default_factory=list)
    tracks: dict[int, dict[str, Any]] = field(default_factory=dict)
    sightings: dict[str, Sighting] = field(default_factory=dict)
    wanted: list[EvidenceWanted] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """Run it and give the report.

        Raises:
            ReplayError: the configuration does not know the camera.
            WardwatchError: the clip or the model cannot be used.
        """
        began_s, cpu_s = time.perf_counter(), _cpu_s()
        site, camera = self._quiet_site()
        pipeline = CameraPipeline(
            camera,
            self.engine,
            fps=self.fps,
            timezone=site.timezone if site else "UTC",
            min_score=site.analysis.min_score if site else TrackerSettings.new,
        )
        clock, placer = ManualClock(utc_ns=self.start_ns), Placer()
        with TemporaryDirectory(prefix="ww-replay-") as scratch:
            desk, incidents = None, []
            if site is not None:
                store = open_store(sqlite_url(Path(scratch) / "replay.db"), clock)
                desk = Desk(site, store, clock, self._take, WarningWriter(site))
            for frame in file_frames(self.clip, self.camera, self.fps, self.start_ns):
                clock.advance((frame.time_ns - clock.utc_ns()) / NS_PER_S)
                seen = pipeline.process(frame)
                self._note(seen)
                if desk is not None:
                    for sighting in seen.sightings:
                        aspect = frame.width / frame.height
                        desk.on_sighting(placer.placed(camera, sighting, aspect))
            if desk is not None:
                with store.read() as unit:
                    incidents = unit.incidents.find()
                store.close()
            evidence = self._seal(site, Path(scratch))
        return {
            "schema": SCHEMA,
            "clip": self.clip.name,
            "camera": self.camera,
            "model": self.engine.label,
            "duration_s": self.frames[-1]["t_s"] if self.frames else 0.0,
            "frames": self.frames,
            "tracks": list(self.tracks.values()),
            "sightings": [self._sighting(one) for one in self.sightings.values()],
            "incidents": [
                {
                    "id": incident.id,
                    "kind": incident.kind.value,
                    "severity": incident.severity.value,
                    "states": [
                        {"state": step.state, "t_s": self._since_s(step.at_ns)}
                        for step in incident.history
                    ],
                }
                for incident in incidents
            ],
            "evidence": [{"path": item.path, "sha256": item.sha256} for item in evidence],
            "cost": {
                "cpu_s": round(_cpu_s() - cpu_s, 3),
                "wall_s": round(time.perf_counter() - began_s, 3),
                "frames_decoded": pipeline.cost.frames,
                "frames_looked": pipeline.cost.frames_looked,
                "detector_calls": pipeline.cost.detector_calls,
            },
        }

    def _quiet_site(self) -> tuple[Site | None, Camera | None]:
        """The site with every zone's response off, and the camera."""
        if self.site is None:
            return None, None
        camera = self.site.camera(self.camera)
        if camera is None:
            known = ", ".join(one.id for one in self.site.cameras)
            raise ReplayError(f"camera {self.camera}: not in the configuration; it has {known}")
        zones = tuple(zone.model_copy(update={"response": Response.OFF}) for zone in camera.zones)
        camera = camera.model_copy(update={"zones": zones})
        return self.site.model_copy(update={"cameras": (camera,)}), camera

    def _take(self, stream: str, message: Value) -> None:
        if stream == EVIDENCE_WANTED and isinstance(message, EvidenceWanted):
            self.wanted.append(message)

    def _note(self, seen: Seen) -> None:
        t_s = self._since_s(seen.time_ns)
        objects = []
        for track in seen.tracks:
            objects.append(
                {
                    "label": track.label,
                    "score": round(track.score, 3),
                    "box": _rounded(track.box),
                    "track": track.id,
                }
            )
            self.tracks[track.id] = {
                "id": track.id,
                "label": track.label,
                "first_s": self._since_s(track.first_ns),
                "last_s": self._since_s(track.last_ns),
            }
        self.frames.append({"t_s": t_s, "looked": seen.looked, "objects": objects})
        for sighting in seen.sightings:
            self.sightings[sighting.id] = sighting

    def _sighting(self, sighting: Sighting) -> dict[str, Any]:
        return {
            "kind": sighting.kind.value,
            "zone": sighting.zone,
            "start_s": self._since_s(sighting.started_ns),
            "fired_s": self._since_s(sighting.fired_ns),
            "end_s": None if sighting.ended_ns is None else self._since_s(sighting.ended_ns),
            "tracks": list(sighting.tracks),
            "why": sighting.why.model_dump(mode="json"),
        }

    def _seal(self, site: Site | None, scratch: Path) -> list[EvidenceItem]:
        """Evidence as it would have been cut live: from a recording of the same packets."""
        if site is None or not self.wanted:
            return []
        recordings = scratch / "recordings"
        _record(self.clip, self.camera, recordings, self.start_ns)
        camera = site.camera(self.camera)
        assert camera is not None
        clock = ManualClock(utc_ns=max(one.last_ns for one in self.wanted))
        cutter = EvidenceCutter(
            recordings, Vault(self.vault, clock), clock, timezone=site.zone_info, timeout_s=0
        )
        items = []
        for wanted in self.wanted:
            zone = camera.zone(wanted.zone) if wanted.zone else None
            items += cutter.handle(wanted, zone.polygon if zone else None, camera_name=camera.name)
        return items

    def _since_s(self, utc_ns: int) -> float:
        return round((utc_ns - self.start_ns) / NS_PER_S, 3)


def start_of(clip: Path) -> int:
    """UTC nanoseconds at which a clip began, as well as can be known.

    Our own recordings carry it in their name; others often in the container
    (``creation_time``); at last the file's own date is taken.

    Raises:
        ReplayError: there is no such file.
    """
    stem = clip.stem.rpartition("_")[2]
    if stem.isdigit() and len(stem) == 19:
        return int(stem)
    try:
        with av.open(str(clip)) as container:
            written = container.metadata.get("creation_time")
    except (OSError, av.error.FFmpegError):
        written = None  # whoever reads the pictures explains what is wrong with the file
    if written:
        return round(datetime.fromisoformat(written).astimezone(UTC).timestamp()) * NS_PER_S
    if not clip.is_file():
        raise ReplayError(f"{clip}: no such file")
    return round(clip.stat().st_mtime) * NS_PER_S


def write(report: dict[str, Any], path: Path) -> None:
    """Write a report as JSON."""
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _record(clip: Path, camera: str, recordings: Path, start_ns: int) -> None:
    # On a manual clock a file plays as fast as it can be read.
    clock = ManualClock(utc_ns=start_ns)
    recorder = Recorder(recordings, [FileSource(camera, clip, clock)], clock, sync=False)
    recorder.cameras[0].run(threading.Event())


def _rounded(box: Box) -> list[float]:
    return [round(value, 4) for value in box]


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
