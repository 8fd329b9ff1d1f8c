"""The present state of incidents, cameras and disks, as a broker holds it."""

from collections.abc import Iterator

from alerts.lifecycle import OPEN
from alerts.notify.mqtt import Retained, as_json, level
from core.cases import Incident
from core.clock import iso
from core.config.site import Site
from core.notifications import Notification
from core.store.database import Store
from core.store.unit import Unit


def touched(store: Store, notification: Notification) -> list[Retained]:
    """What a notification is about, as it is now."""
    with store.read() as unit:
        if notification.incident is not None:
            incident = unit.incidents.get(notification.incident)
            return [] if incident is None else [_incident(incident)]
        if notification.event.startswith("camera."):
            return list(_camera(unit, notification.reference))
        if notification.event.startswith("storage."):
            return list(_disk(unit, notification.reference))
    return []


def everything(store: Store, site: Site) -> list[Retained]:
    """Open incidents, all cameras, all disks that were ever told of."""
    with store.read() as unit:
        told = [_incident(one) for one in unit.incidents.every(state=[one.value for one in OPEN])]
        for camera in site.cameras:
            told += _camera(unit, camera.id)
        for volume in ("recordings", *(str(one.path) for one in site.recording.volumes)):
            told += _disk(unit, volume)
    return told


def _incident(one: Incident) -> Retained:
    topic = f"incident/{level(one.id)}"
    if one.state not in OPEN:
        return Retained(topic, "")
    place = one.place.model_dump() if one.place else None
    return Retained(
        topic,
        as_json(
            {
                "id": one.id,
                "kind": one.kind.value,
                "severity": one.severity.value,
                "state": one.state.value,
                "camera": one.camera,
                "zone": one.zone,
                "place": place,
                "started": iso(one.started_ns),
                "last_seen": iso(one.last_seen_ns),
                "active": one.active,
            }
        ),
    )


def _camera(unit: Unit, camera: str) -> Iterator[Retained]:
    """A camera that never was anything but well has no entry: it is told as online."""
    state = unit.audit.newest("camera.state", camera)
    picture = unit.audit.newest("camera.picture", camera)
    yield Retained(
        f"camera/{level(camera)}",
        as_json(
            {
                "id": camera,
                "state": state.detail.get("to") if state else "online",
                "since": iso(state.at_ns) if state else None,
                "picture": picture.detail.get("to") if picture else "ok",
            }
        ),
    )


def _disk(unit: Unit, volume: str) -> Iterator[Retained]:
    entry = unit.audit.newest("storage.alarm", volume)
    if entry is not None:
        kind = entry.detail.get("kind")
        content = {"kind": kind, "message": entry.reason, "at": iso(entry.at_ns)}
        yield Retained(f"storage/{level(volume)}", as_json(content))
