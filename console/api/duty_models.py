"""What the duty desk's addresses take and give."""

from pydantic import BaseModel, ConfigDict, Field

from core.duty import MAX_NOTE, HandoverWords, LogCategory, Side, TaskKind, TaskState
from core.store.users import Role
from core.value import Text


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlannedOut(BaseModel):
    """A shift of one day as the roster has it."""

    id: str
    shift: str
    name: Text
    start: str
    end: str
    people: list[str]
    chief: str | None


class SeatOut(BaseModel):
    """One person's time at the desk."""

    user: str
    on: str
    off: str | None
    rostered: bool


class TurnOut(BaseModel):
    """The turn that runs."""

    id: str
    plan: PlannedOut
    state: str
    began: str
    ended: str | None
    present: list[SeatOut]


class TaskOut(BaseModel):
    """Something that must be done in time."""

    id: str
    kind: TaskKind
    what: str
    name: Text
    ask: Text
    cameras: list[str]
    due: str
    limit: str
    state: TaskState
    chief: str | None
    told: str | None
    escalated: str | None
    done: str | None
    done_by: str | None
    remark: str


class SignatureOut(BaseModel):
    """One person's own word."""

    side: Side
    user: str
    at: str
    sha256: str


class HandoverOut(BaseModel):
    """What one turn hands to the next."""

    id: str
    made: str
    next_turn: PlannedOut | None
    words: HandoverWords
    revision: int
    edited_by: str | None
    signatures: list[SignatureOut]
    signed: str | None


class ChannelOut(BaseModel):
    """A channel of notices, without its secret."""

    id: str
    kind: str
    enabled: bool
    last_ok: str | None
    failing_since: str | None
    error: str
    delivered: int
    expired: int
    waiting: int
    oldest: str | None


class DutyOut(BaseModel):
    """The desk at this moment."""

    now: str
    planned_shifts: bool = Field(description="False: no shifts are configured.")
    turn: TurnOut | None
    planned: PlannedOut | None
    next: PlannedOut | None
    tasks: list[TaskOut]
    handover: HandoverOut | None
    missing: list[Text]
    channels: list[ChannelOut]


class MineOut(BaseModel):
    """What this person must see on whatever page."""

    on_duty: bool
    awake: list[TaskOut] = Field(description="Questions to answer now, the oldest first.")
    overdue: list[TaskOut] = Field(description="For the chief: what the desk has not done.")


class LogLineOut(BaseModel):
    """One line of the duty log."""

    seq: int
    at: str
    category: LogCategory
    actor: str
    text: Text
    object: str
    incident: str | None
    serious: bool
    corrects: int | None
    corrected_by: list[int]


class LogOut(BaseModel):
    """Lines, newest first; ``next`` asks for those before."""

    items: list[LogLineOut]
    next: int | None


class NoteIn(_In):
    """A note, or a correction of a line."""

    text: str = Field(max_length=MAX_NOTE)
    corrects: int | None = Field(default=None, ge=1)


class DoneIn(_In):
    """What there is to say to a task that was done."""

    remark: str = Field(default="", max_length=500)


class HandoverIn(_In):
    """Its words, and which revision they change."""

    revision: int
    words: HandoverWords


class SignIn(_In):
    """A signature by the person's own password."""

    side: Side
    name: str = Field(max_length=64)
    password: str = Field(max_length=1024)
    revision: int


MIN_ROLE = Role.MONITOR
