"""What the township does about a sighting: incidents, warnings, orders, evidence."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.geometry import Box, GeoPoint
from core.places import cell_of
from core.seeing import Kind
from core.value import NO_WORDS, Language, Text, Value


class Severity(StrEnum):
    MINOR = "minor"
    SERIOUS = "serious"


class IncidentState(StrEnum):
    """The life of an incident (事件). The transitions allowed live in ``alerts/lifecycle.py``."""

    DETECTED = "detected"  # 已发现
    CONFIRMED = "confirmed"  # 已确认
    WARNING = "warning"  # 喊话中
    COMPLIED = "complied"  # 已劝离
    PERSISTING = "persisting"  # 未听劝
    DISPATCHED = "dispatched"  # 已派单
    ACKNOWLEDGED = "acknowledged"  # 已签收
    EN_ROUTE = "en_route"  # 途中
    ON_SCENE = "on_scene"  # 到场
    HANDLED = "handled"  # 已处置
    CHECKED = "checked"  # 已核查
    CLOSED = "closed"  # 办结
    DISMISSED = "dismissed"  # 排除
    TRANSFERRED = "transferred"  # 移送
    REOPENED = "reopened"  # 重开


class StateChange(Value):
    """One step in an incident's or order's history."""

    state: str
    at_ns: int
    actor: str = Field(description="Who did it: a user name, or `system`.")
    reason: Text = Field(default=NO_WORDS, description="Why, for people.")


class Transfer(Value):
    """移送: whom a case was handed over to, and with what."""

    to: str = Field(description="The competent department.")
    documents: tuple[str, ...] = Field(default=(), description="Names or numbers of the papers.")


class BasisChoice(Value):
    """A legal reviewer's choice of the row that applies; the program does not change it."""

    by: str
    at_ns: int
    reason: str
    instead_of: str | None = Field(description="Id of the version it took the place of.")


class Repeat(Value):
    """再犯地点: the same kind of act happened on the same ground before. It says nothing of who."""

    times: int = Field(ge=2, description="How often within `days`, this one counted.")
    days: float
    earlier: tuple[str, ...] = Field(description="The incidents before this one, newest first.")


class Incident(Value):
    """One act that the township answers; sightings of the same act are merged into it."""

    id: str
    kind: Kind
    severity: Severity
    camera: str = Field(description="That saw it first; empty: none, somebody told us of it.")
    zone: str
    place: GeoPoint | None = None
    place_error_m: float | None = Field(
        default=None, description="None: the place is that of the camera, not of the act."
    )
    state: IncidentState
    history: tuple[StateChange, ...]
    started_ns: int
    last_seen_ns: int
    active: bool = Field(description="The act is still going on, as far as is seen.")
    box: Box
    why: Text
    cues: tuple[str, ...] = ()
    catalogue_row: str | None = Field(default=None, description="Row of the catalogue in force.")
    catalogue_version: int | None = Field(
        default=None, description="Of that row: the version that judged; 0 or None: the file's."
    )
    basis: BasisChoice | None = None
    sightings: tuple[str, ...] = ()
    tips: tuple[str, ...] = Field(default=(), description="What the public told us about it.")
    announcements: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    support: int = Field(default=0, ge=0, description="Officers asked for beside the first one.")
    transfer: Transfer | None = None
    repeat: Repeat | None = Field(default=None, description="As it was known when it was opened.")
    joined: tuple[str, ...] = Field(
        default=(),
        description="并案: incidents that a person found to be the same act as this one.",
    )
    same_as: str | None = Field(
        default=None, description="The incident that this one was joined to; it ended with that."
    )
    split: tuple[str, ...] = Field(
        default=(), description="拆分: incidents that a person took out of this one."
    )
    split_from: str | None = Field(
        default=None, description="The incident that a person took this one out of."
    )

    @property
    def cell(self) -> str:
        """The square of the map with the act in it, see ``core/places.py``; empty: not known."""
        return cell_of(self.place) if self.place and self.place_error_m is not None else ""

    @property
    def lat(self) -> float | None:
        """Latitude of the place, degrees."""
        return self.place.lat if self.place else None

    @property
    def lon(self) -> float | None:
        """Longitude of the place, degrees."""
        return self.place.lon if self.place else None

    @property
    def version(self) -> int:
        """Grows with every step and every order: who decides says what was looked at."""
        return len(self.history) + len(self.orders)


class Priority(StrEnum):
    """Whose turn it is at a loudspeaker: the higher one breaks off what is being said."""

    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class SpokenPart(Value):
    """A stretch of a warning in one language: synthesised, or a recording that was approved."""

    language: Language
    text: str
    recording: str = Field(default="", description="SHA-256 of the recording; empty: none.")


class Announcement(Value):
    """A warning (喊话) to be spoken at one camera's loudspeaker."""

    id: str
    incident: str
    camera: str
    text: str
    language: Language = "zh"
    attempt: int = Field(ge=1, description="1 for the first warning of an incident.")
    requested_ns: int
    requested_by: str = "system"
    override_reason: str | None = Field(
        default=None, description="Why quiet hours, cooldown or maximum repeats were overridden."
    )
    priority: Priority = Priority.ROUTINE
    group: str | None = Field(
        default=None, description="Said by this group of loudspeakers; None: as configured."
    )
    volume: int | None = Field(default=None, ge=1, le=100, description="None: as configured.")
    parts: tuple[SpokenPart, ...] = Field(
        default=(), description="In the order in which they are said; none: `text` as it is."
    )
    wording: str = Field(default="", description="Version of the warning text, e.g. fishing@2.")
    approved: bool | None = Field(
        default=None, description="Of the version when it was asked for; None: there is none."
    )
    live: bool = Field(default=False, description="A person's own voice; `text` only says so.")


class Hearing(Value):
    """Whether a microphone heard a warning; see ``broadcast/audibility.py``."""

    verdict: Literal["heard", "not_heard", "unknown"]
    microphone: str = Field(description="Camera whose recorded sound was listened to.")
    score: float | None = Field(default=None, description="How well it matches, 0..1.")
    threshold: float | None = Field(default=None, description="From this score on it was heard.")
    lag_s: float | None = Field(
        default=None, description="The best match is so much later than the first packet."
    )
    why: str = Field(default="", description="Why it is not known.")


class Receipt(Value):
    """What became of an announcement. Protocol success is not audibility."""

    announcement: str
    incident: str
    camera: str
    ok: bool
    driver: str
    text: str
    started_ns: int | None = Field(default=None, description="First audio packet sent.")
    seconds: float = Field(default=0.0, description="Length of the audio sent.")
    bytes_sent: int = 0
    device_reply: str = ""
    audio_path: str | None = None
    audio_sha256: str | None = None
    recordings: tuple[str, ...] = Field(
        default=(), description="SHA-256 of the recordings that were played in it."
    )
    volume: int | None = Field(default=None, description="Asked for; None: as the device had it.")
    volume_by: str = Field(default="", description="How it was made so loud, and whether.")
    volume_way: Literal["", "told", "held", "sound"] = Field(
        default="",
        description="told: with the sound; held: set at the device and put back afterwards; "
        "sound: the sound itself was made softer.",
    )
    error: str | None = None
    hearing: Hearing | None = Field(default=None, description="None: nobody has listened yet.")


class OrderState(StrEnum):
    OFFERED = "offered"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    HANDLED = "handled"
    RETURNED = "returned"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Correction(Value):
    """The act turned out to lie elsewhere than where an officer was sent."""

    at_ns: int
    moved_m: float = Field(description="From where it was said to be before, metres.")


class Order(Value):
    """派单: one officer is sent to one incident."""

    id: str
    incident: str
    officer: str
    state: OrderState
    history: tuple[StateChange, ...]
    place: GeoPoint
    distance_m: float
    eta_s: float = Field(description="Estimated travel time when the order was made, seconds.")
    reckoned: Literal["road", "line"] = Field(
        default="line", description="Along roads, or by the straight line times a factor."
    )
    corrections: tuple[Correction, ...] = Field(default=(), description="Of the place.")
    role: Literal["lead", "support"] = Field(
        default="lead", description="support: comes to help; the lead's answers move the incident."
    )
    result: Text = Field(default=NO_WORDS, description="What the officer reported.")


class OfficerStatus(StrEnum):
    FREE = "free"
    BUSY = "busy"
    OFF = "off"


class OfficerPosition(Value):
    """Where an officer on duty is, as the body camera or phone reports it."""

    officer: str
    at_ns: int
    place: GeoPoint
    accuracy_m: float | None = Field(default=None, description="Radius it is right within.")
    status: OfficerStatus


class NoticeKind(StrEnum):
    EARLY_CONTROL = "early_control"  # 先期控制: hold the scene until officers come
    BEYOND_CIRCLE = "beyond_circle"  # nobody within the fifteen-minute circle
    NOBODY = "nobody"  # nobody can be sent
    CHASE = "chase"  # 催办
    ESCALATED = "escalated"  # 督办: the duty chief must look
    UNREACHED = "unreached"  # an officer's channel did not deliver: somebody must telephone
    REFUSED = "refused"  # what a person decided was not carried out
    TIPS_WAIT = "tips_wait"  # nobody has decided about tips of the public in time


class Notice(Value):
    """Something that one person must be told, beside what everybody sees."""

    id: str
    incident: str
    kind: NoticeKind
    audience: Literal["chief", "contact", "officer", "user"]
    to: str = Field(default="", description="Whom: id or user name; the chief on duty if empty.")
    text: Text
    at_ns: int
    place: GeoPoint | None = None
    order: str | None = None
    acknowledged_by: str = Field(default="", description="Who took note of it at the desk.")
    acknowledged_ns: int | None = None


class Suppression(Value):
    """A false alarm that a person dismissed: the same one in the same place is held back.

    Nothing serious is ever held back, nor what shows another subject or more cues; see
    ``alerts/suppression.py``.
    """

    id: str
    camera: str
    zone: str
    kind: Kind
    box: Box = Field(description="Where the false alarm was, normalised.")
    labels: tuple[str, ...] = Field(default=(), description="Class names that were taken for it.")
    cues: tuple[str, ...] = ()
    incident: str = Field(description="The newest incident dismissed for it.")
    made_ns: int
    made_by: str
    expires_ns: int
    hits: int = Field(default=0, description="Sightings held back so far.")
    last_hit_ns: int | None = None


class ClockReading(Value):
    """A camera's clock against ours, measured at one moment."""

    measured_ns: int = Field(description="By our clock.")
    offset_s: float = Field(description="The camera's clock minus ours; positive: it runs ahead.")
    uncertainty_s: float
    source: Literal["rtcp", "onvif"]


class EvidenceItem(Value):
    """A sealed file. ``path`` is relative to the vault."""

    id: str
    incident: str
    role: str = Field(
        description="clip, snapshot, before, snapshot_before, after, snapshot_after, "
        "warning_audio, detections, working, redacted, derivation, field_photo, field_audio, "
        "field_video, tip_photo, paper; in words: core/terms.py"
    )
    path: str
    sha256: str
    bytes: int
    mime: str
    camera: str
    first_ns: int = Field(description="First moment shown.")
    last_ns: int = Field(description="Last moment shown.")
    requested_first_ns: int | None = None
    requested_last_ns: int | None = None
    parent_sha256: str | None = Field(default=None, description="What it was derived from.")
    sealed_ns: int
    note: str = ""
    clock_offset_s: float | None = Field(
        default=None, description="The camera's clock minus ours while this was recorded."
    )
    clock_uncertainty_s: float | None = None
    clock_note: str = Field(
        default="", description="The same in words, or why it is not known; empty: no camera's."
    )
    clock_readings: tuple[ClockReading, ...] = Field(
        default=(), description="The last one before, those within, and the first one after."
    )


class Transcript(Value):
    """What is heard in one sealed file, as written down; see ``core/transcripts.py``."""

    id: str = Field(description="File and version.")
    evidence: str
    incident: str
    sha256: str = Field(description="Of the file.")
    version: int = Field(ge=0, description="0: the words that were given to the loudspeaker.")
    text: str
    by: str
    at_ns: int


class ReviewKind(StrEnum):
    LEGAL = "legal"  # 法制审核
    TECHNICAL = "technical"  # 技术审核


class Review(Value):
    """One review of an incident's evidence (行政处罚法 art. 41); see ``core/reviews.py``."""

    id: str
    incident: str
    kind: ReviewKind
    reviewer: str = Field(description="Account that reviewed.")
    office: str = Field(description="In which function, e.g. 法制审核员.")
    at_ns: int
    passed: bool
    basis: str = Field(description="On what the outcome rests.")
    sealed: tuple[str, ...] = Field(description="SHA-256 of what lay sealed and was reviewed.")
