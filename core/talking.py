"""Speaking to the scene with a person's own voice (实时喊话): the face between two rooms."""

from typing import Literal, Protocol

from pydantic import Field

from core.cases import Announcement, Receipt
from core.value import Value

RATE = 16000
"""Samples a second of what is put."""
LONGEST_S = 120.0

TalkPhase = Literal["waiting", "speaking", "over"]


class TalkState(Value):
    """How a talk stands.

    ``waiting``: for the loudspeaker; ``speaking``: what is put is taken, and heard as it is said
    or, where the loudspeaker takes only finished sound, when the talk is over.
    """

    phase: TalkPhase
    by: str = Field(default="", description="Announcement that is said while this one waits.")
    seconds: float = Field(default=0.0, description="Said so far.")
    why: str = Field(default="", description="Why it is over.")
    receipts: tuple[Receipt, ...] = Field(default=(), description="Of what is over.")


class Talk(Protocol):
    """One talk that goes on; safe to call from several threads."""

    def put(self, pcm: bytes) -> bool:
        """More sound, signed 16 bit little endian at :data:`RATE`; False when it is over."""

    def close(self) -> None:
        """Nothing more comes. May be called again."""

    def state(self) -> TalkState:
        """How it stands now."""


class TalkOffice(Protocol):
    """Opens talks."""

    def begin(self, announcement: Announcement) -> Talk:
        """Speak live for this announcement, under the same rules and turns as a warning.

        Raises:
            WardwatchError: too many talk already.
        """
