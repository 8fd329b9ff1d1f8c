"""What the store and the configuration know of an incident."""

from dataclasses import dataclass

from core.audit import AuditEntry
from core.cases import Announcement, Incident, Order, Receipt, Review, Transcript
from core.config.cameras import Camera
from core.config.catalogue import CatalogueRow
from core.config.site import Site
from core.lawbook import finding, ruling
from core.seeing import Sighting
from core.store.unit import Unit
from core.transcripts import newest
from recorder.casefile.errors import CaseFileError


@dataclass(frozen=True)
class Facts:
    """Everything about one incident but its files.

    Attributes:
        transcripts: in force, by the file's id.
        camera: as it is configured now; None when it is gone.
        row: the version that judged the incident, with who confirmed it; None: none applied.
        audit: all entries about the incident.
    """

    incident: Incident
    sightings: tuple[Sighting, ...]
    announcements: tuple[Announcement, ...]
    receipts: dict[str, Receipt]
    orders: tuple[Order, ...]
    reviews: tuple[Review, ...]
    transcripts: dict[str, Transcript]
    audit: tuple[AuditEntry, ...]
    camera: Camera | None
    row: CatalogueRow | None

    @property
    def confirmed_by(self) -> str:
        """Who confirmed what the detector saw; empty while nobody has."""
        people = [one.actor for one in self.incident.history if one.state == "confirmed"]
        return next((one for one in people if one != "system"), "")


def gather(unit: Unit, site: Site, incident_id: str) -> Facts:
    """All of it, read in one transaction.

    Raises:
        CaseFileError: there is no such incident.
    """
    incident = unit.incidents.get(incident_id)
    if incident is None:
        raise CaseFileError(f"incident {incident_id!r}: there is none of that id")
    announcements = unit.announcements.find(incident=incident_id)
    law = ruling(unit, site.catalogue, incident)
    checked = finding(unit, law.id) if law else None
    verified = {"verified_by": checked.by if checked.confirmed else ""} if checked else {}
    return Facts(
        incident=incident,
        sightings=tuple(unit.sightings_of(incident)),
        announcements=tuple(sorted(announcements, key=lambda one: one.requested_ns)),
        receipts={one.announcement: one for one in unit.receipts.find(incident=incident_id)},
        orders=tuple(unit.orders.find(incident=incident_id)),
        reviews=tuple(sorted(unit.reviews.find(incident=incident_id), key=lambda r: r.at_ns)),
        transcripts=newest(unit, unit.evidence.find(incident=incident_id)),
        audit=tuple(unit.audit.entries(incident_id)),
        camera=site.camera(incident.camera),
        row=law.content.model_copy(update=verified) if law else None,
    )
