"""What a channel is to the queue."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from alerts.errors import AlertsError
from core.notifications import Notification


class ChannelError(AlertsError):
    """The channel cannot deliver now: it is away, slow, or refuses us. Everything waits."""


class ChannelDeniedError(ChannelError):
    """It refuses our credentials; a person must mend that."""


class MessageRefusedError(ChannelError):
    """It works, and refuses this one message; the others go on."""


@dataclass(frozen=True)
class Message:
    """One message: one notification, or a summary of several.

    Attributes:
        id: the same at every attempt, so that the other side can tell a repetition.
        at_ns: when it is sent.
    """

    id: str
    notifications: tuple[Notification, ...]
    at_ns: int

    @property
    def summary(self) -> bool:
        return len(self.notifications) > 1


class Driver(ABC):
    """One channel's protocol.

    Attributes:
        groups: several notifications may go as one message.
    """

    groups = True

    @abstractmethod
    def send(self, message: Message) -> None:
        """Deliver; returns when the other side has it.

        Raises:
            ChannelError: names the channel, says what is wrong, carries no secret.
        """

    def idle(self) -> None:  # noqa: B027 (most keep no connection)
        """Called about once a second while nothing is to be sent."""

    def close(self) -> None:  # noqa: B027 (most keep no connection)
        """Let go of the connection."""
