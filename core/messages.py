"""Messages on the bus, one stream each.

Streams with consumer groups (at least once; a consumer is idempotent by the ids inside):

===================  ==========================  ===================  ==========================
stream               message                     from                 to
===================  ==========================  ===================  ==========================
sightings            seeing.Sighting             analyst              alerts
announcements        cases.Announcement          alerts               broadcast
receipts             cases.Receipt               broadcast            alerts
evidence.wanted      EvidenceWanted              alerts               recorder's vault
evidence.sealed      cases.EvidenceItem          recorder's vault     alerts
orders               cases.Order                 alerts               officers' devices
order.replies        OrderReply                  officers' devices    alerts
commands             Command                     console              alerts
storage              storage.StorageState        recorder             audit log, on every change
notices              cases.Notice                alerts               console (pages)
drone.speech         DroneSpeech                 broadcast            whoever flies the drone
tip.decisions        tips.TipDecision            console              alerts
===================  ==========================  ===================  ==========================

Streams that only the present matters of (tailed, short):

=============  =====================  ====================  ====================================
incidents      IncidentChanged        alerts                console (server-sent events)
positions      cases.OfficerPosition  officers' devices     alerts, console
health         CameraHealth           recorder, analyst     console, metrics
objects        ObjectsSeen            analyst               console (boxes over the live picture)
camera.events  CameraEvent            hub (ONVIF)           analyst
poses          CameraPose             recorder              whoever maps a drone's picture
storage.now    storage.StorageState   recorder              console, metrics
drone.spoken   DroneSpoken            whoever flies it      broadcast
tips           tips.TipChanged        alerts                console (server-sent events)
=============  =====================  ====================  ====================================
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.cases import Incident, OrderState, Priority
from core.geometry import Box, GeoPoint
from core.value import NO_WORDS, Text, Value

SIGHTINGS = "sightings"
ANNOUNCEMENTS = "announcements"
RECEIPTS = "receipts"
EVIDENCE_WANTED = "evidence.wanted"
EVIDENCE_SEALED = "evidence.sealed"
ORDERS = "orders"
ORDER_REPLIES = "order.replies"
COMMANDS = "commands"
NOTICES = "notices"
INCIDENTS = "incidents"
POSITIONS = "positions"
HEALTH = "health"
OBJECTS = "objects"
CAMERA_EVENTS = "camera.events"
POSES = "poses"
STORAGE = "storage"
STORAGE_NOW = "storage.now"
DRONE_SPEECH = "drone.speech"
DRONE_SPOKEN = "drone.spoken"
TIP_DECISIONS = "tip.decisions"
TIPS = "tips"


class EvidenceWanted(Value):
    """Ask for a clip and a snapshot of one camera around a moment, sealed into the vault."""

    id: str
    incident: str
    camera: str
    moment_ns: int = Field(description="The frame the snapshot shows.")
    first_ns: int
    last_ns: int
    box: Box | None = None
    zone: str | None = None
    caption: Text = Field(default=NO_WORDS, description="The reason, drawn on the snapshot.")
    role: Literal["clip", "before", "after"] = "clip"
    lock_first_ns: int | None = Field(
        default=None, description="The recordings are kept from here; None: from `first_ns`."
    )


class OrderReply(Value):
    """An officer answered: acknowledged, on the way, arrived, handled, or gave it back."""

    id: str
    order: str
    officer: str
    state: OrderState
    at_ns: int
    note: Text = Field(default=NO_WORDS, description="What the officer has to say to it.")
    support: bool = Field(default=False, description="Another officer is asked for as well.")


class Action(StrEnum):
    """What a person at the desk may do with an incident."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    WARN = "warn"
    DISPATCH = "dispatch"
    CLOSE = "close"
    SUPPORT = "support"  # 增援: another officer beside the first
    TRANSFER = "transfer"  # 移送
    REOPEN = "reopen"
    CHOOSE = "choose"  # 适用条款: a reviewer chooses the row that applies
    JOIN = "join"  # 并案: it is the same act as another incident
    SPLIT = "split"  # 拆分: some of its sightings are another act


class Command(Value):
    """A person's decision about one incident."""

    id: str
    incident: str
    action: Action
    user: str
    at_ns: int
    reason: str = ""
    officer: str | None = Field(default=None, description="DISPATCH, SUPPORT: send this one.")
    seen: int | None = Field(
        default=None,
        description="Version of the incident the person looked at: refused if it has moved on.",
    )
    to: str = Field(default="", description="TRANSFER: the competent department.")
    documents: tuple[str, ...] = Field(default=(), description="TRANSFER: what goes with it.")
    group: str | None = Field(default=None, description="WARN: by this group of loudspeakers.")
    priority: Priority = Field(default=Priority.ROUTINE, description="WARN: whose turn it is.")
    volume: int | None = Field(default=None, ge=1, le=100, description="WARN: so loud.")
    row: str = Field(default="", description="CHOOSE: the catalogue row.")
    into: str = Field(default="", description="JOIN: the incident that goes on with the act.")
    sightings: tuple[str, ...] = Field(default=(), description="SPLIT: those of another act.")


class IncidentChanged(Value):
    """An incident has a new state or new facts; carries the whole of it."""

    incident: Incident


PictureState = Literal["ok", "black", "white", "frozen", "blurred", "covered", "moved"]


class CameraHealth(Value):
    """One process's view of one camera. None stands for what that process cannot know."""

    camera: str
    process: Literal["recorder", "analyst"]
    state: Literal["online", "degraded", "offline"]
    since_ns: int
    at_ns: int
    reason: str = ""
    fps: float = 0.0
    bitrate_kbps: float = 0.0
    lag_s: float = Field(default=0.0, description="Age of the newest frame handled.")
    reconnects: int = 0
    last_keyframe_age_s: float | None = Field(
        default=None, description="Seconds since decoding could last begin."
    )
    loss: float | None = Field(
        default=None,
        description="Share of what was sent that never came, at least: octets by RTCP sender "
        "reports, or pictures of the relay that the analyst was too slow for.",
    )
    clock_offset_s: float | None = Field(
        default=None, description="The camera's clock minus ours; positive: it runs ahead."
    )
    clock_uncertainty_s: float | None = None
    picture: PictureState | None = Field(default=None, description="What is wrong with it.")
    picture_since_ns: int | None = None
    signed: Literal["yes", "no", "broken"] | None = Field(
        default=None, description="Whether the camera signs its video, and the signatures hold."
    )
    analysed_fps: float | None = None
    dropped: int | None = Field(
        default=None, description="Pictures due for analysis that a newer one replaced."
    )
    skipped: float | None = Field(
        default=None,
        description="Their share of the pictures due in ten seconds: overload shows here first.",
    )


class CameraEventKind(StrEnum):
    """What a camera can notice by itself."""

    MOTION = "motion"
    TAMPER = "tamper"
    SCENE_CHANGE = "scene_change"
    PICTURE = "picture"  # too dark, too bright, blurred
    SIGNAL_LOSS = "signal_loss"
    DIGITAL_INPUT = "digital_input"
    RELAY = "relay"
    STORAGE_FAILURE = "storage_failure"
    STEERED = "steered"
    OTHER = "other"


class CameraEvent(Value):
    """A camera noticed something, or is being steered."""

    camera: str
    at_ns: int = Field(description="When we heard of it.")
    camera_ns: int | None = Field(default=None, description="The camera's own time of it.")
    kind: CameraEventKind
    active: bool | None = Field(
        default=None, description="It is so now, or no longer; None: it happened."
    )
    again: bool = Field(default=False, description="It was so before; said once more.")
    topic: str = Field(default="", description="ONVIF topic without namespace prefixes.")
    operation: str = Field(default="", description="Initialized, Changed, Deleted, or empty.")
    source: Mapping[str, str] = Field(default={}, description="What it is about, by name.")
    data: Mapping[str, str] = Field(default={}, description="What is the case, by name.")


class SeenObject(Value):
    """One object for drawing over the live picture."""

    track: int
    label: str
    score: float
    box: Box
    subject: bool = Field(default=False, description="It takes part in a running sighting.")


class ObjectsSeen(Value):
    """What the tracker of one camera holds now."""

    camera: str
    time_ns: int
    looked: bool
    objects: tuple[SeenObject, ...]


class CameraPose(Value):
    """Where a flying camera was and looked at one moment. None: its device did not say.

    Angles in degrees: heading clockwise from true north, pitch nose up, roll right side down.
    Those of the sensor are counted against the platform (MISB ST 0601 items 18-20).
    """

    camera: str
    time_ns: int = Field(description="On the time line of the pictures.")
    device_ns: int = Field(description="UTC as the device itself has it.")
    place: GeoPoint | None = Field(default=None, description="Of the sensor, WGS-84.")
    amsl_m: float | None = Field(default=None, description="Height above mean sea level.")
    ellipsoid_m: float | None = Field(default=None, description="Height above the ellipsoid.")
    heading_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    sensor_yaw_deg: float | None = None
    sensor_pitch_deg: float | None = None
    sensor_roll_deg: float | None = None
    hfov_deg: float | None = Field(default=None, description="Full horizontal angle of view.")
    vfov_deg: float | None = None
    slant_range_m: float | None = None
    centre: GeoPoint | None = Field(default=None, description="Shown mid-picture, WGS-84.")
    centre_amsl_m: float | None = None
    source: Literal["klv"] = "klv"


class DroneSpeech(Value):
    """Something that a drone's loudspeaker shall say, or be silent about."""

    id: str = Field(description="Of the talk; its answers carry it. Asked twice, said once.")
    drone: str
    action: Literal["say", "stop"]
    at_ns: int
    expires_ns: int = Field(description="Not begun by then: not said at all.")
    audio: str = Field(default="", description="The sound, base64; empty with `stop`.")
    mime: str = "audio/mpeg"
    sha256: str = Field(default="", description="Of the sound.")
    seconds: float = 0.0
    volume: int | None = Field(default=None, ge=1, le=100)


class DroneSpoken(Value):
    """What became of it so far."""

    id: str = Field(description="Of the DroneSpeech.")
    drone: str
    state: Literal["taken", "playing", "done", "failed"]
    at_ns: int
    detail: str = Field(default="", description="In the device's own words.")
