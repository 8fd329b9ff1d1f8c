"""How cameras and probed devices are printed."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from core.clock import iso
from core.config.cameras import Camera
from core.messages import CameraHealth
from core.roster import Probed
from ingest.rtsp import redacted

States = Mapping[str, CameraHealth] | None


def camera_facts(camera: Camera, states: States) -> dict[str, Any]:
    """One camera for machines; ``state`` is None when it is not known."""
    health = (states or {}).get(camera.id)
    return {
        "id": camera.id,
        "name": camera.name.model_dump(),
        "enabled": camera.enabled,
        "main": redacted(camera.streams.main),
        "sub": redacted(camera.streams.sub) if camera.streams.sub else None,
        "onvif": camera.onvif,
        "speaker": camera.speaker is not None,
        "zones": len(camera.zones),
        "state": health.state if health else None,
        "reason": health.reason if health else None,
        "since": iso(health.since_ns) if health else None,
        "fps": round(health.fps, 1) if health else None,
    }


def camera_table(cameras: Iterable[Camera], states: States) -> Table:
    """All cameras for people."""
    table = Table(
        "id", "name", "state", Column("main stream", overflow="fold"), "sub", "ONVIF", "zones"
    )
    for camera in cameras:
        facts = camera_facts(camera, states)
        state = "off" if not camera.enabled else facts["state"] or "not known"
        if facts["reason"]:
            state += f": {facts['reason']}"
        table.add_row(
            camera.id,
            camera.name.zh,
            state,
            facts["main"],
            "yes" if facts["sub"] else "",
            "yes" if camera.onvif else "",
            str(len(camera.zones)),
        )
    return table


def print_probed(probed: Probed) -> None:
    """What a device told, for people."""
    screen = Console(soft_wrap=True, markup=False, highlight=False)
    who = " ".join(filter(None, (probed.manufacturer, probed.model, probed.firmware)))
    screen.print(f"{probed.address}: {who or 'a stream'}")
    table = Table("stream", "picture", "sound", Column("address", overflow="fold"))
    for stream in probed.streams:
        size = f"{stream.codec} {stream.width}x{stream.height}" if stream.width else stream.codec
        fps = f" {stream.fps:g}/s" if stream.fps else ""
        table.add_row(stream.role, f"{size}{fps}", stream.audio, redacted(stream.url))
    screen.print(table)
    has = {
        "snapshot": probed.snapshot,
        "steering": probed.steerable,
        "audio output": probed.speaker,
    }
    if probed.onvif:
        screen.print(f"has: {', '.join(name for name, there in has.items() if there) or 'nothing'}")
        screen.print(f"signed in by: {probed.sign_in or 'unknown'}")
    if probed.clock_offset_s is not None:
        screen.print(f"clock: {probed.clock_offset_s:+.1f} s against ours")
    for problem in probed.problems:
        screen.print(f"problem: {problem}")
