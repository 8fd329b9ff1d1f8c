"""What the addresses under ``/api/v1`` give and take. Times are ISO 8601 text in UTC."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from core.cases import (
    Hearing,
    IncidentState,
    NoticeKind,
    OfficerStatus,
    OrderState,
    Priority,
    Repeat,
    Severity,
    Transfer,
)
from core.compliance import Compliance
from core.deeds import deed
from core.geometry import GeoPoint
from core.messages import Action, PictureState
from core.reviews import Standing
from core.seeing import Kind
from core.terms import role_words
from core.value import Language, Text

Moment = Annotated[str, Field(description="ISO 8601, UTC, milliseconds.")]
BoxOut = Annotated[list[float], Field(description="x, y, w, h; 0..1, origin at the top left.")]


class Given(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class ChangeOut(BaseModel):
    state: str
    at: Moment
    actor: str
    reason: Text


class IncidentOut(BaseModel):
    id: str
    kind: Kind
    severity: Severity
    camera: str
    zone: str
    place: GeoPoint | None
    place_error_m: float | None = Field(
        description="Radius the place is right within; null: it is the camera's place."
    )
    state: IncidentState
    history: list[ChangeOut]
    started: Moment
    last_seen: Moment
    active: bool
    box: BoxOut
    why: Text
    cues: list[str]
    catalogue_row: str | None
    sightings: list[str]
    announcements: list[str]
    orders: list[str]
    evidence: list[str]
    support: int
    transfer: Transfer | None
    repeat: Repeat | None = Field(description="It happened on this ground before.")
    joined: list[str] = Field(description="Incidents that a person found to be the same act.")
    split: list[str] = Field(description="Incidents that a person took out of this one.")
    split_from: str | None = Field(description="The incident that this one was taken out of.")
    same_as: str | None = Field(description="The incident that this one was joined to.")
    tips: list[str] = Field(description="What the public told of it.")

    @computed_field(description="Give it as `seen` with an action: refused if it has moved on.")
    def version(self) -> int:
        return len(self.history) + len(self.orders)


class IncidentList(BaseModel):
    items: list[IncidentOut]
    next: str | None = Field(description="Give it as `cursor` for the next page.")


class ReceiptOut(BaseModel):
    announcement: str
    incident: str
    camera: str
    ok: bool
    driver: str
    text: str
    started: Moment | None
    seconds: float
    bytes_sent: int
    device_reply: str
    audio_path: str | None
    audio_sha256: str | None
    recordings: list[str]
    volume: int | None
    volume_by: str
    volume_way: Literal["", "told", "held", "sound"]
    error: str | None
    hearing: Hearing | None


class AnnouncementOut(BaseModel):
    id: str
    incident: str
    camera: str
    text: str
    language: Language
    attempt: int
    requested: Moment
    requested_by: str
    override_reason: str | None
    receipt: ReceiptOut | None
    others: list[ReceiptOut] = Field(description="Of the other loudspeakers of its group.")


class OrderOut(BaseModel):
    id: str
    incident: str
    officer: str
    state: OrderState
    history: list[ChangeOut]
    place: GeoPoint
    distance_m: float
    eta_s: float
    reckoned: Literal["road", "line"]
    role: Literal["lead", "support"]
    result: Text


class EvidenceOut(BaseModel):
    id: str
    incident: str
    role: str
    sha256: str
    bytes: int
    mime: str
    camera: str
    first: Moment
    last: Moment
    requested_first: Moment | None
    requested_last: Moment | None
    parent_sha256: str | None
    sealed: Moment
    note: str
    clock_offset_s: float | None
    clock_uncertainty_s: float | None
    clock_note: str
    url: str = Field(description="Where the file is; it answers range requests.")

    @computed_field(description="What it is, in words.")
    def what(self) -> Text:
        return role_words(self.role)


class CatalogueOut(BaseModel):
    id: str
    act: Text
    basis: str
    sanction: Text
    authority: str
    department: Text
    source: str
    effective_from: str
    effective_to: str | None
    verified_by: str


class AuditOut(BaseModel):
    seq: int
    at: Moment
    actor: str
    action: str
    object: str
    reason: str
    detail: dict[str, Any]
    hash: str

    @computed_field(description="The action in words.")
    def deed(self) -> Text:
        return deed(self.action)


class SuppressionOut(BaseModel):
    """A false alarm that opens no incident at its place until the rule ends or is lifted."""

    id: str
    camera: str
    zone: str
    kind: Kind
    box: BoxOut
    labels: list[str] = Field(description="Class names that were taken for it.")
    cues: list[str]
    incident: str = Field(description="The newest incident dismissed for it.")
    made: Moment
    made_by: str
    reason: Text = Field(description="Why that incident was dismissed.")
    expires: Moment
    hits: int = Field(description="Sightings held back so far.")
    last_hit: Moment | None
    snapshot: str | None = Field(description="Where the picture of that incident is.")


class SuppressionList(BaseModel):
    items: list[SuppressionOut]


class LiftIn(Given):
    reason: str = Field(max_length=500)


class NoticeOut(BaseModel):
    """Something that one person was told."""

    id: str
    incident: str
    kind: NoticeKind
    audience: Literal["chief", "contact", "officer", "user"]
    to: str
    text: Text
    at: Moment
    place: GeoPoint | None
    order: str | None
    acknowledged_by: str
    acknowledged: Moment | None


class SummonsOut(BaseModel):
    """An officer was called to the page through a channel, or was not reached."""

    order: str
    officer: str
    channel: str
    event: str
    reached: bool
    at: Moment
    error: str


class IncidentFile(BaseModel):
    """One incident with everything that belongs to it."""

    incident: IncidentOut
    announcements: list[AnnouncementOut]
    orders: list[OrderOut]
    evidence: list[EvidenceOut]
    audit: list[AuditOut]
    catalogue: CatalogueOut | None
    actions: list[Action] = Field(description="What this person may do with it now.")
    compliance: Compliance | None = Field(description="What came of its warnings.")
    notices: list[NoticeOut] = Field(description="Who was told what about it.")
    summons: list[SummonsOut] = Field(description="Officers called through their own channels.")
    suppression: SuppressionOut | None = Field(
        description="The rule that followed from its dismissal, while it is in force."
    )
    standing: Standing = Field(description="Whether its files are a lead or evidence, and why.")


class ActionIn(Given):
    action: Action
    reason: str = Field(default="", max_length=500)
    officer: str | None = Field(
        default=None, max_length=63, description="dispatch, support: this one."
    )
    seen: int | None = Field(
        default=None, ge=0, description="`version` of the incident that was looked at."
    )
    to: str = Field(default="", max_length=200, description="transfer: the department.")
    documents: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default=[], max_length=50, description="transfer: what goes with it."
    )
    group: str | None = Field(default=None, max_length=63, description="warn: loudspeakers.")
    priority: Priority = Priority.ROUTINE
    volume: int | None = Field(default=None, ge=1, le=100, description="warn: so loud.")
    into: str = Field(
        default="", max_length=80, description="join: the incident that goes on with the act."
    )
    sightings: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(
        default=[], max_length=200, description="split: those that are another act."
    )


class CommandOut(BaseModel):
    command: str = Field(description="Id of the command handed to the bus.")


class HealthOut(BaseModel):
    camera: str
    process: str
    state: Literal["online", "degraded", "offline"]
    since: Moment
    at: Moment
    reason: str
    fps: float
    bitrate_kbps: float
    lag_s: float
    reconnects: int
    last_keyframe_age_s: float | None
    loss: float | None = Field(description="Share of what was sent that was lost, at least.")
    clock_offset_s: float | None = Field(description="The camera's clock minus ours.")
    clock_uncertainty_s: float | None
    picture: PictureState | None
    picture_since: Moment | None
    signed: Literal["yes", "no", "broken"] | None = Field(
        description="Whether the camera signs its video, and the signatures hold."
    )
    analysed_fps: float | None
    dropped: int | None
    skipped: float | None = Field(description="Share of the pictures due in ten seconds.")


class OfficerNow(BaseModel):
    officer: str
    name: Text
    call_sign: str
    place: GeoPoint
    accuracy_m: float | None = None
    status: OfficerStatus = Field(description="off: not on duty, and sent nowhere.")
    silent: bool = Field(description="On duty, and not heard of for `dispatch.patience.silent_s`.")
    by: Literal["phone", "roster"] = Field(description="What tells whether on duty.")
    due: bool = Field(description="The roster has the officer on duty now.")
    hours: Text = Field(description="Shifts and hours of the roster; blank: none.")
    since: Moment | None = Field(description="By phone: on or off duty since then.")
    at: Moment | None = Field(description="None: not reported yet, the place is the post.")
    order: OrderOut | None


class FilmFileOut(BaseModel):
    name: str
    bytes: int
    sha256: str


class FilmOut(BaseModel):
    id: str = Field(description="SHA-256 of the film.")
    source: str
    file: str
    start: Moment
    end: Moment
    imported: Moment
    clock_source: str
    clock_confidence: str
    video: dict[str, Any]
    telemetry: dict[str, Any] | None
    files: list[FilmFileOut]
    notes: list[str]
    url: str


class FilmList(BaseModel):
    items: list[FilmOut]
    next: str | None = Field(description="Cursor of the next page.")
