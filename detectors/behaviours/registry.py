"""Which behaviour judges which rule."""

from core.config.cameras import Camera
from core.config.zones import DumpingRule, FishingRule
from detectors.behaviours.base import Behaviour
from detectors.behaviours.dumping import Dumping
from detectors.behaviours.fishing import Fishing
from detectors.behaviours.occupation import Occupation


def behaviours_of(camera: Camera, model: str = "") -> list[Behaviour]:
    """One behaviour for each zone of the camera."""
    made: list[Behaviour] = []
    plane = camera.ground.plane if camera.ground else None
    for zone in camera.zones:
        rule = zone.rule
        if isinstance(rule, FishingRule):
            made.append(Fishing(camera.id, zone, rule, model, camera.place))
        elif isinstance(rule, DumpingRule):
            made.append(Dumping(camera.id, zone, rule, model, plane))
        else:
            made.append(Occupation(camera.id, zone, rule, model))
    return made
