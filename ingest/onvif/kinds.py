"""ONVIF topics sorted into the few kinds that matter here.

By the names in ONVIF's topic lists (Imaging, Device IO, PTZ and Analytics service
specifications) and those of makers that have their own (Axis, Hikvision).
"""

from collections.abc import Mapping

from core.messages import CameraEvent, CameraEventKind
from ingest.onvif.events import OnvifEvent

_KINDS: tuple[tuple[str, CameraEventKind], ...] = (
    ("tamper", CameraEventKind.TAMPER),
    ("globalscenechange", CameraEventKind.SCENE_CHANGE),
    ("imagetoo", CameraEventKind.PICTURE),
    ("signalloss", CameraEventKind.SIGNAL_LOSS),
    ("videoloss", CameraEventKind.SIGNAL_LOSS),
    ("connectionfailed", CameraEventKind.SIGNAL_LOSS),
    ("storagefailure", CameraEventKind.STORAGE_FAILURE),
    ("harddisk", CameraEventKind.STORAGE_FAILURE),
    ("storage/disruption", CameraEventKind.STORAGE_FAILURE),
    ("digitalinput", CameraEventKind.DIGITAL_INPUT),
    ("io/port", CameraEventKind.DIGITAL_INPUT),
    ("alarmin", CameraEventKind.DIGITAL_INPUT),
    ("trigger/relay", CameraEventKind.RELAY),
    ("ptzcontroller/move", CameraEventKind.STEERED),
    ("ptzcontroller/ptzpreset", CameraEventKind.STEERED),
    ("motion", CameraEventKind.MOTION),
)
"""Part of a topic in lower case, and what it means; the first that fits counts."""
_STATES = frozenset(
    (
        "state", "ismotion", "motion", "istamper", "tamper", "tampering", "active", "failed",
        "logicalstate", "is_moving", "disruption", "value",
    )
)  # fmt: skip
_TRUE, _FALSE = ("true", "1", "active", "on"), ("false", "0", "inactive", "off")
_ITEMS_MOST, _TEXT_MOST = 16, 200


def kind_of(topic: str) -> CameraEventKind:
    """What a topic without namespace prefixes is about.

    >>> kind_of("RuleEngine/TamperDetector/Tamper").value
    'tamper'
    """
    low = topic.lower()
    return next((kind for part, kind in _KINDS if part in low), CameraEventKind.OTHER)


def active_of(event: OnvifEvent) -> bool | None:
    """Whether it is so now; None where the event does not say."""
    if event.operation == "Deleted":
        return None
    for name, value in event.data.items():
        if name.lower() in _STATES and (word := value.strip().lower()) in (*_TRUE, *_FALSE):
            return word in _TRUE
    return None


def camera_event(camera: str, event: OnvifEvent, at_ns: int) -> CameraEvent:
    """A notification as a message; ``at_ns`` is our time."""
    return CameraEvent(
        camera=camera,
        at_ns=at_ns,
        camera_ns=event.camera_utc_ns,
        kind=kind_of(event.topic),
        active=active_of(event),
        topic=event.topic,
        operation=event.operation[:_TEXT_MOST],
        source=_short(event.source),
        data=_short(event.data),
    )


def _short(items: Mapping[str, str]) -> dict[str, str]:
    few = list(items.items())[:_ITEMS_MOST]
    return {name[:_TEXT_MOST]: value[:_TEXT_MOST] for name, value in few}
