"""The duty desk (值班台): turns, what they are reminded of, handovers, the log; and its face."""

from enum import StrEnum
from typing import Literal, Protocol

from pydantic import Field

from core.errors import WardwatchError
from core.value import NO_WORDS, Text, Value

MAX_NOTE = 2000
MAX_SECTION = 20_000


class DutyRefusedError(WardwatchError):
    """What was asked for at the desk is not done; nothing has changed.

    Attributes:
        why: each thing that is missing or in the way, for people.
    """

    def __init__(self, *why: Text) -> None:
        super().__init__("; ".join(one.en for one in why))
        self.why = why


class PlannedTurn(Value):
    """One shift of one day as the roster has it."""

    id: str = Field(description="Date and shift, 2026-11-22.night; the same whoever asks.")
    shift: str
    name: Text
    start_ns: int
    end_ns: int
    people: tuple[str, ...] = ()
    chief: str | None = None


class SignOn(Value):
    """One person's time at the desk."""

    user: str
    on_ns: int
    off_ns: int | None = None
    rostered: bool = Field(description="The roster names this person for the turn.")


class DutyTurn(Value):
    """A turn that was begun. It runs until it is handed over, however late that is."""

    id: str
    plan: PlannedTurn
    state: Literal["running", "ended"]
    began_ns: int
    ended_ns: int | None = None
    present: tuple[SignOn, ...] = ()

    def on_duty(self) -> tuple[str, ...]:
        """Who is signed on now."""
        return tuple(one.user for one in self.present if one.off_ns is None)


class TaskKind(StrEnum):
    SIGN_ON = "sign_on"
    PATROL = "patrol"
    AWAKE = "awake"


class TaskState(StrEnum):
    """Due, then done, or told to the chief, then to those above; it can be done late."""

    DUE = "due"
    TOLD = "told"
    ESCALATED = "escalated"
    DONE = "done"


class DutyTask(Value):
    """Something the desk must do in time."""

    id: str = Field(description="Kind, what and when; so it is made once, whoever makes it.")
    kind: TaskKind
    what: str = Field(description="Id of the patrol, or of the turn to be signed on to.")
    name: Text
    ask: Text = NO_WORDS
    cameras: tuple[str, ...] = ()
    due_ns: int
    limit_ns: int = Field(description="Overdue from here on.")
    state: TaskState = TaskState.DUE
    chief: str | None = Field(default=None, description="Who is told first.")
    told_ns: int | None = None
    escalated_ns: int | None = None
    done_ns: int | None = None
    done_by: str | None = None
    remark: str = ""

    @property
    def open(self) -> bool:
        return self.state is not TaskState.DONE

    @property
    def late(self) -> bool:
        return self.told_ns is not None


class HandoverWords(Value):
    """The four parts of a handover (交接班)."""

    done: str = Field(default="", max_length=MAX_SECTION, title="本班完成")
    open: str = Field(default="", max_length=MAX_SECTION, title="未结事项")
    equipment: str = Field(default="", max_length=MAX_SECTION, title="设备状况")
    instructions: str = Field(default="", max_length=MAX_SECTION, title="交办事项")


Side = Literal["leaving", "coming"]


class Signature(Value):
    """One person's own word, by password, for exactly these words."""

    side: Side
    user: str
    at_ns: int
    sha256: str = Field(description="Of the words and what they are about.")


class Handover(Value):
    """What one turn hands to the next."""

    id: str = Field(description="That of the turn that ends.")
    made_ns: int
    next_turn: PlannedTurn | None = None
    words: HandoverWords
    revision: int = 1
    edited_by: str | None = None
    signatures: tuple[Signature, ...] = ()
    signed_ns: int | None = Field(default=None, description="Both have signed: the turn is over.")


LogCategory = Literal[
    "incident", "warning", "order", "evidence", "camera", "storage", "duty", "note", "people"
]


class LogLine(Value):
    """One line of the duty log (值班日志), read from the audit log."""

    seq: int
    at_ns: int
    category: LogCategory
    actor: str
    text: Text
    object: str = ""
    incident: str | None = None
    serious: bool = False
    corrects: int | None = Field(default=None, description="A note: it corrects this one.")
    corrected_by: tuple[int, ...] = ()


class DutyNow(Value):
    """The desk at this moment."""

    now_ns: int
    turn: DutyTurn | None = None
    planned: PlannedTurn | None = Field(default=None, description="Whose hours these are.")
    next: PlannedTurn | None = None
    tasks: tuple[DutyTask, ...] = Field(default=(), description="Open ones, and done ones of it.")
    handover: Handover | None = Field(default=None, description="Being prepared.")
    missing: tuple[Text, ...] = Field(default=(), description="What the handover still wants.")


class DutyDesk(Protocol):
    """The desk, for the console. Every change may raise :class:`DutyRefusedError`."""

    def now(self) -> DutyNow:
        """What is the case."""

    def sign_on(self, user: str) -> DutyTurn:
        """Take a seat; begins the turn when none runs."""

    def sign_off(self, user: str) -> DutyTurn:
        """Leave it while a colleague stays; the last one hands over instead."""

    def do(self, task_id: str, user: str, remark: str) -> DutyTask:
        """A patrol was made, or somebody is awake."""

    def note(self, user: str, text: str, corrects: int | None = None) -> LogLine:
        """Write into the log; nothing written is ever changed."""

    def log(
        self,
        first_ns: int,
        last_ns: int,
        *,
        categories: tuple[LogCategory, ...] = (),
        before: int | None = None,
        limit: int = 200,
    ) -> tuple[LogLine, ...]:
        """Lines of a time, newest first; ``before``: only those with a lower number."""

    def prepare(self, user: str) -> Handover:
        """Compose the handover of the running turn, or give the one in preparation."""

    def recompose(self, user: str) -> Handover:
        """Compose it anew; the instructions stay, signatures fall."""

    def edit(self, user: str, revision: int, words: HandoverWords) -> Handover:
        """Change its words; signatures fall."""

    def sign(self, user: str, side: Side, revision: int) -> Handover:
        """Sign it (the caller has checked the password); with both the turn is over."""

    def handover(self, turn_id: str) -> Handover | None:
        """One handover, or None."""

    def log_pdf(
        self, first_ns: int, last_ns: int, categories: tuple[LogCategory, ...] = ()
    ) -> bytes:
        """The log as a document."""

    def handover_pdf(self, turn_id: str) -> bytes | None:
        """A handover as a document."""
