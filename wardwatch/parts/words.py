"""The words of a warning, as the desk asks for them."""

from alerts.work import WarningWords
from broadcast.text import WarningWriter
from core.cases import Incident
from core.config.cameras import Camera
from core.config.site import Site


def words_of(site: Site) -> WarningWords:
    """What is said at an incident's camera; warnings are spoken in Chinese."""
    writer = WarningWriter(site)

    def words(incident: Incident, camera: Camera, attempt: int) -> str:
        return writer.words(incident.kind, camera.id, incident.zone, attempt)

    return words
