"""Notifications to people and systems outside the room, and how their channels are."""

from typing import Literal, Protocol

from pydantic import Field

from core.value import Text, Value


class Summons(Value):
    """Whom a notification calls to the page, and for what."""

    officer: str
    channel: str
    recipient: str = ""
    mention: str = ""
    link: str | None = None
    order: str | None = None
    state: str = Field(default="", description="Of the order; once it is another it is too late.")
    alarm: str | None = None


class Notification(Value):
    """One thing that happened, told outside; made from one entry of the audit log."""

    id: str = Field(description="The same however often it is told.")
    event: str = Field(description="e.g. incident.detected, camera.offline, duty.awake_missed")
    key: str = Field(description="What it is about: the same again soon is not told again.")
    at_ns: int
    title: Text
    text: Text
    serious: bool = False
    camera: str | None = None
    zone: str | None = None
    kind: str | None = None
    incident: str | None = None
    reference: str = Field(default="", description="The thing it is about.")
    summons: Summons | None = Field(default=None, description="For one officer alone.")


DeliveryState = Literal["waiting", "delivered", "summarised", "expired", "needless"]


class Delivery(Value):
    """One notification on its way through one channel."""

    id: str
    channel: str
    state: DeliveryState
    due_ns: int = Field(description="Not before.")
    seq: int = Field(description="Order among those due at the same time.")
    made_ns: int
    notice: Notification = Field(description="Stored by this name.")
    attempts: int = 0
    error: str = ""
    ended_ns: int | None = None
    repeats: int = Field(default=0, description="So often it happened again meanwhile.")


class ChannelRecord(Value):
    """How a channel has done, as it is stored."""

    id: str
    last_ok_ns: int | None = None
    failing_since_ns: int | None = None
    error: str = ""
    delivered: int = 0
    expired: int = 0


class ChannelNow(ChannelRecord):
    """The same with what waits for it."""

    kind: str
    enabled: bool
    waiting: int = 0
    oldest_ns: int | None = None


class Cursor(Value):
    """Up to where a reader of the audit log has come."""

    id: str
    seq: int


class Notifications(Protocol):
    """What the console shows of the channels."""

    def channels(self) -> tuple[ChannelNow, ...]:
        """All configured channels."""
