"""Tables as the code knows them; ``migrations/`` makes them.

An entity is stored whole as JSON in ``body``; the columns beside it exist to be searched by.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _entity(name: str, *columns: Column[object] | Index) -> Table:
    return Table(
        name,
        metadata,
        Column("id", String(80), primary_key=True),
        *columns,
        Column("body", JSON, nullable=False),
    )


def _word(name: str, *, index: bool = True) -> Column[object]:
    return Column(name, String(80), nullable=False, index=index)


def _moment(name: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False, index=True)


incidents = _entity(
    "incidents",
    _word("kind", index=False),
    _word("severity", index=False),
    _word("camera", index=False),
    _word("zone", index=False),
    _word("state"),
    Column("active", Boolean, nullable=False),
    _moment("started_ns"),
    Column("last_seen_ns", BigInteger, nullable=False),
    _word("cell", index=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("place_error_m", Float),
    Column("same_as", String(80)),
    Index("ix_incidents_camera_started", "camera", "started_ns"),
    Index("ix_incidents_cell_started", "cell", "started_ns"),
    Index("ix_incidents_camera_seen", "camera", "active", "last_seen_ns"),
    Index("ix_incidents_cell_seen", "cell", "active", "last_seen_ns"),
)
sightings = _entity(
    "sightings", _word("camera"), _word("zone", index=False), _word("kind"), _moment("started_ns")
)
homes = _entity("homes")
announcements = _entity(
    "announcements", _word("incident"), _word("camera"), _moment("requested_ns")
)
receipts = _entity(
    "receipts", _word("incident"), _word("camera"), Column("ok", Boolean, nullable=False)
)
orders = _entity("orders", _word("incident"), _word("officer"), _word("state"))
evidence = _entity("evidence", _word("incident"), _word("role"), _word("camera"))
reviews = _entity("reviews", _word("incident"), _word("kind", index=False), _moment("at_ns"))
notices = _entity("notices", _word("incident"), _word("audience", index=False), _moment("at_ns"))
films = _entity("films", _word("source"), _moment("start_ns"), _moment("end_ns"))
suppressions = _entity(
    "suppressions", _word("camera"), _word("zone", index=False), _word("kind", index=False)
)
positions = _entity("positions", _word("status"))
users = _entity("users", _word("role"))
field_duties = _entity("field_duties", _word("officer"), _moment("start_ns"), _moment("end_ns"))
field_acts = _entity("field_acts", _word("officer"), _word("kind", index=False), _moment("at_ns"))
field_track = _entity("field_track", _word("officer"), _moment("at_ns"))
field_media = _entity("field_media", _word("officer"), _word("incident"), _word("state"))
field_alarms = _entity("field_alarms", _word("officer"), _word("state"), _moment("at_ns"))
transcripts = _entity(
    "transcripts", _word("evidence"), _word("incident"), Column("at_ns", BigInteger, nullable=False)
)
marks = _entity("marks")
outbox = _entity("outbox")
duty_turns = _entity("duty_turns", _word("state"), _moment("began_ns"))
duty_tasks = _entity("duty_tasks", _word("kind"), _word("state"), _moment("due_ns"))
handovers = _entity("handovers", _moment("made_ns"))
deliveries = _entity(
    "deliveries", _word("channel"), _word("state"), _moment("due_ns"), _moment("made_ns")
)
channels = _entity("channels")
cursors = _entity("cursors")
row_versions = _entity("row_versions", _word("row"), _word("kind"))
confirmations = _entity("confirmations", _word("version"))
powers = _entity("powers", _word("row"))
tips = _entity(
    "tips",
    _word("state"),
    _word("code_hash"),
    _word("incident"),
    Column("unsealed", Boolean, nullable=False, index=True),
    _moment("submitted_ns"),
)
text_versions = _entity("text_versions", _word("text"), _word("kind"))
text_findings = _entity("text_findings", _word("version"))
text_recordings = _entity("text_recordings", _word("version"))

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_ns", BigInteger, nullable=False, index=True),
    Column("actor", String(80), nullable=False),
    Column("action", String(80), nullable=False, index=True),
    Column("object", String(120), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
