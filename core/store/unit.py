"""One transaction over everything the database holds."""

from sqlalchemy import Connection

from core.audit import AuditLog
from core.cases import (
    Announcement,
    EvidenceItem,
    Incident,
    Notice,
    OfficerPosition,
    Order,
    Receipt,
    Review,
    Suppression,
    Transcript,
)
from core.clock import Clock
from core.duty import DutyTask, DutyTurn, Handover
from core.fieldwork import FieldAct, FieldAlarm, FieldDuty, FieldMedia, TrackPoint
from core.films import Film
from core.notifications import ChannelRecord, Cursor, Delivery
from core.powers import Confirmation, Power, RowVersion
from core.seeing import Sighting
from core.store import tables
from core.store.collection import Collection
from core.store.figures import Figures
from core.store.incidents import Incidents
from core.store.users import User
from core.tips import Tip
from core.value import Value
from core.wording import TextFinding, TextRecording, TextVersion


class Mark(Value):
    """A message already handled, so that hearing it again changes nothing."""

    id: str


class Home(Value):
    """The incident that a sighting belongs to, whatever camera, drone or tip it came from."""

    sighting: str
    incident: str


class Outgoing(Value):
    """A message that a transaction decided to send; removed once the bus has it.

    ``id`` sorts in the order of sending.
    """

    id: str
    stream: str
    body: str


class Unit:
    """A unit of work: all of it is stored, or nothing.

    Attributes are the collections; ``audit`` appends to the log in the same transaction.
    """

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.incidents = Incidents(connection)
        self.sightings = Collection(connection, tables.sightings, Sighting, lambda e: e.id)
        self.homes = Collection(connection, tables.homes, Home, lambda e: e.sighting)
        self.announcements = Collection(
            connection, tables.announcements, Announcement, lambda e: e.id
        )
        self.receipts = Collection(connection, tables.receipts, Receipt, lambda e: e.announcement)
        self.orders = Collection(connection, tables.orders, Order, lambda e: e.id)
        self.evidence = Collection(connection, tables.evidence, EvidenceItem, lambda e: e.id)
        self.reviews = Collection(connection, tables.reviews, Review, lambda e: e.id)
        self.notices = Collection(connection, tables.notices, Notice, lambda e: e.id)
        self.films = Collection(connection, tables.films, Film, lambda e: e.id)
        self.positions = Collection(
            connection, tables.positions, OfficerPosition, lambda e: e.officer
        )
        self.suppressions = Collection(connection, tables.suppressions, Suppression, lambda e: e.id)
        self.users = Collection(connection, tables.users, User, lambda e: e.name)
        self.field_duties = Collection(connection, tables.field_duties, FieldDuty, lambda e: e.id)
        self.field_acts = Collection(connection, tables.field_acts, FieldAct, lambda e: e.id)
        self.field_track = Collection(connection, tables.field_track, TrackPoint, lambda e: e.id)
        self.field_media = Collection(connection, tables.field_media, FieldMedia, lambda e: e.id)
        self.field_alarms = Collection(connection, tables.field_alarms, FieldAlarm, lambda e: e.id)
        self.outbox = Collection(connection, tables.outbox, Outgoing, lambda e: e.id)
        self.duty_turns = Collection(connection, tables.duty_turns, DutyTurn, lambda e: e.id)
        self.duty_tasks = Collection(connection, tables.duty_tasks, DutyTask, lambda e: e.id)
        self.handovers = Collection(connection, tables.handovers, Handover, lambda e: e.id)
        self.deliveries = Collection(connection, tables.deliveries, Delivery, lambda e: e.id)
        self.channels = Collection(connection, tables.channels, ChannelRecord, lambda e: e.id)
        self.cursors = Collection(connection, tables.cursors, Cursor, lambda e: e.id)
        self.row_versions = Collection(connection, tables.row_versions, RowVersion, lambda e: e.id)
        self.confirmations = Collection(
            connection, tables.confirmations, Confirmation, lambda e: e.id
        )
        self.powers = Collection(connection, tables.powers, Power, lambda e: e.id)
        self.transcripts = Collection(connection, tables.transcripts, Transcript, lambda e: e.id)
        self.tips = Collection(connection, tables.tips, Tip, lambda e: e.id)
        self.text_versions = Collection(
            connection, tables.text_versions, TextVersion, lambda e: e.id
        )
        self.text_findings = Collection(
            connection, tables.text_findings, TextFinding, lambda e: e.id
        )
        self.text_recordings = Collection(
            connection, tables.text_recordings, TextRecording, lambda e: e.id
        )
        self._marks = Collection(connection, tables.marks, Mark, lambda e: e.id)
        self.audit = AuditLog(connection, clock)
        self.figures = Figures(connection)

    def sightings_of(self, incident: Incident) -> list[Sighting]:
        """The sightings of an incident as they were last heard, in the order they came."""
        found = (self.sightings.get(name) for name in incident.sightings)
        return [one for one in found if one is not None]

    def first_time(self, message_id: str) -> bool:
        """True the first time an id is given, False ever after (consumers are idempotent)."""
        if self._marks.get(message_id) is not None:
            return False
        self._marks.put(Mark(id=message_id))
        return True
