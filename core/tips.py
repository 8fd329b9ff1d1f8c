"""What the public tells us (线索举报): a place, words, photos, and what became of it.

Nobody who tells us something has an account. A phone makes a secret for its tip; the tip's id is
made from that secret, and the code by which its state is asked for (:mod:`core.tipcode`) as well.
Neither the secret nor the code is stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.cases import Incident, IncidentState
from core.clock import NS_PER_S
from core.geometry import GeoPoint
from core.seeing import Kind
from core.value import NO_WORDS, Language, Text, Value

CAMERA_SEES_M = 150.0
"""An incident that has only its camera's place may be as far from it."""


class TipKind(StrEnum):
    """What the person believes to have seen."""

    FISHING = "fishing"
    DUMPING = "dumping"
    OCCUPATION = "occupation"
    OTHER = "other"  # 不清楚


class TipState(StrEnum):
    RECEIVED = "received"  # 已收到
    REVIEWING = "reviewing"  # 研判中: somebody at the desk has looked at it
    ACCEPTED = "accepted"  # 已受理: it belongs to an incident
    HANDLED = "handled"  # 已办结
    DECLINED = "declined"  # 不予受理
    TRANSFERRED = "transferred"  # 已移送


WAITING = (TipState.RECEIVED, TipState.REVIEWING)
"""Nobody has decided yet."""


class TipStep(Value):
    """One step in the history of a tip, with what the public is told of it."""

    state: TipState
    at_ns: int
    actor: str = Field(description="User name, `public` or `system`; never told outside.")
    answer: Text = Field(default=NO_WORDS, description="What the public reads.")


class TipPhoto(Value):
    """A photo, made anew from what was sent: nothing of the file itself is left in it."""

    number: int = Field(ge=0)
    sent_sha256: str = Field(description="Of the file as it came; it is kept only if configured.")
    sha256: str = Field(description="Of the clean JPEG.")
    bytes: int = Field(description="Octets on the disk, the original's too if it is kept.")
    width: int
    height: int
    received_ns: int
    taken: str = Field(default="", description="EXIF DateTimeOriginal of the file, unverified.")
    place: GeoPoint | None = Field(default=None, description="EXIF GPS of the file, unverified.")
    evidence: str | None = Field(default=None, description="The sealed item, once there is one.")


class Tip(Value):
    """Something that somebody told us."""

    id: str
    code_hash: str = Field(repr=False, description="Keyed hash of the code; the code is nowhere.")
    kind: TipKind
    place: GeoPoint
    accuracy_m: float = Field(gt=0, description="Radius within which the place is right.")
    placed: Literal["pin", "phone"] = Field(description="Put by hand, or measured by the phone.")
    place_words: str = ""
    words: str = ""
    happened_ns: int
    submitted_ns: int
    language: Language
    photos_expected: int = Field(ge=0, description="So many photos were announced.")
    photos: tuple[TipPhoto, ...] = ()
    state: TipState = TipState.RECEIVED
    history: tuple[TipStep, ...]
    incident: str = ""
    department: str = Field(default="", description="TRANSFERRED: to whom.")

    @property
    def version(self) -> int:
        """Who decides says which version was looked at."""
        return len(self.history)

    @property
    def decidable(self) -> bool:
        """What has become an incident is that incident's matter; all else may be decided anew."""
        return not self.incident

    @property
    def unsealed(self) -> bool:
        """True while photos wait to be sealed as evidence of the incident."""
        return bool(self.incident) and any(one.evidence is None for one in self.photos)

    def step(
        self, to: TipState, at_ns: int, actor: str, answer: Text = NO_WORDS, **changes: object
    ) -> "Tip":
        """The tip one step further; a history never runs backwards."""
        last_ns = self.history[-1].at_ns if self.history else at_ns
        step = TipStep(state=to, at_ns=max(at_ns, last_ns), actor=actor, answer=answer)
        return self.model_copy(update={**changes, "state": to, "history": (*self.history, step)})


class TipAction(StrEnum):
    """What a person at the desk may do with a tip."""

    ATTACH = "attach"  # 并入已有事件
    OPEN = "open"  # 立为新事件
    DECLINE = "decline"  # 不予受理
    TRANSFER = "transfer"  # 移送


class TipDecision(Value):
    """A person's decision about one tip, for the owner of incidents."""

    id: str
    tip: str
    action: TipAction
    user: str
    at_ns: int
    seen: int = Field(description="Version of the tip that was looked at.")
    answer: str = Field(default="", description="To the public; DECLINE: the reason, needed.")
    incident: str = Field(default="", description="ATTACH: to this one.")
    kind: Kind | None = Field(default=None, description="OPEN: what it is.")
    camera: str = Field(default="", description="OPEN: that could look there; empty: none.")
    ongoing: bool = Field(default=False, description="OPEN: it is going on now.")
    department: str = Field(default="", description="TRANSFER: to whom.")


class TipChanged(Value):
    """A tip is new or has moved; the desk's pages ask for the rest."""

    id: str
    state: TipState
    at_ns: int
    refused: str = Field(default="", description="The decision that was not carried out.")
    user: str = Field(default="", description="Whose decision that was.")
    why: Text = NO_WORDS


FOLLOWS: dict[IncidentState, tuple[TipState, Text]] = {
    IncidentState.CLOSED: (
        TipState.HANDLED,
        Text(zh="已处理完毕，感谢您的举报。", en="It has been dealt with. Thank you."),
    ),
    IncidentState.DISMISSED: (
        TipState.HANDLED,
        Text(
            zh="经核查，未发现需要处理的情况。感谢您的举报。",
            en="It was looked into; nothing was found that needs action. Thank you.",
        ),
    ),
    IncidentState.TRANSFERRED: (TipState.TRANSFERRED, NO_WORDS),
}
"""What becomes of the tips of an incident that ends; from any other state they are accepted."""


def following(incident: Incident) -> tuple[TipState, Text]:
    """The state of an incident's tips, and what the public is told with it.

    Of an incident that was handed over the public learns to whom, and nothing else.
    """
    state, answer = FOLLOWS.get(incident.state, (TipState.ACCEPTED, NO_WORDS))
    if incident.state is IncidentState.TRANSFERRED and incident.transfer is not None:
        answer = transferred_to(incident.transfer.to)
    return state, answer


def transferred_to(department: str) -> Text:
    """What the public reads of a transfer."""
    return Text(zh=f"已移送：{department}", en=f"Handed over to: {department}")


@dataclass(frozen=True)
class Near:
    """An incident that a tip may be about."""

    incident: Incident
    distance_m: float
    apart_s: float


def nearby(tip: Tip, incidents: Iterable[Incident], within_m: float, within_s: float) -> list[Near]:
    """Incidents of the same kind about there and then, the nearest in space and time first.

    The circles of doubt of both places count; an incident without a place of its own is taken to
    be anywhere that its camera sees. A tip of no kind is compared with every kind.

    Args:
        within_m: so far apart at most, beside the doubt.
        within_s: so long between the moment told and the time the act was going on.
    """
    found = []
    for one in incidents:
        if one.place is None or tip.kind not in (TipKind.OTHER.value, one.kind.value):
            continue
        doubt_m = one.place_error_m if one.place_error_m is not None else CAMERA_SEES_M
        metres = tip.place.distance_m(one.place)
        apart_s = _apart_s(tip.happened_ns, one)
        if metres <= within_m + doubt_m + tip.accuracy_m and apart_s <= within_s:
            found.append(Near(one, metres, apart_s))
    return sorted(
        found,
        key=lambda near: (
            near.distance_m / within_m + near.apart_s / within_s,
            near.incident.id,
        ),
    )


def _apart_s(moment_ns: int, incident: Incident) -> float:
    if incident.active and moment_ns >= incident.started_ns:
        return 0.0
    before_ns, after_ns = incident.started_ns - moment_ns, moment_ns - incident.last_seen_ns
    return max(0, before_ns, after_ns) / NS_PER_S
