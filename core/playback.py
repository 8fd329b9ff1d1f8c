"""What the recordings can be asked for when people look back."""

from collections.abc import Iterator
from typing import Protocol

from pydantic import Field

from core.errors import WardwatchError
from core.value import Value


class NotRecordedError(WardwatchError):
    """Nothing of what was asked for is on disk."""


class NotAnsweringError(WardwatchError):
    """A disk does not answer; which camera's recordings it keeps from being read."""


class Stretch(Value):
    """A time in which a camera was recorded without a hole; UTC nanoseconds."""

    first_ns: int
    last_ns: int


class Hole(Value):
    """A time in which it was not, and what the gap ledger says about it."""

    first_ns: int
    last_ns: int
    reason: str
    detail: str = ""


class Timeline(Value):
    """One camera's recordings within a range, as far as the range has passed."""

    camera: str
    recorded: tuple[Stretch, ...]
    holes: tuple[Hole, ...]


class Activity(Value):
    """How much moved and who was there, in equal parts of a range.

    Each part tells the most of its time. Cameras are watched apart from being recorded: there may
    be the one without the other.
    """

    camera: str
    first_ns: int
    part_ns: int
    moving: tuple[int | None, ...] = Field(
        description="255 times the root of the share of the picture; None: not analysed."
    )
    people: tuple[int, ...]
    vehicles: tuple[int, ...]
    animals: tuple[int, ...]


class Film(Protocol):
    """A range of one camera as one MP4 file that nobody has written down.

    Attributes:
        first_ns, last_ns: UTC of the first picture and of the end of the last one: whole groups
            of pictures, so it begins up to one group before the range.
        holes: parts of the range that are not in it.
        size: octets.
        tag: the same for the same octets.
        suffix: ``.mp4``, or ``.mov`` when the sound is one that only QuickTime holds.
    """

    first_ns: int
    last_ns: int
    holes: tuple[Hole, ...]
    size: int
    tag: str
    suffix: str

    def read(self, first: int, end: int) -> Iterator[bytes]:
        """The octets from ``first`` up to, not including, ``end``."""


class Playback(Protocol):
    """The recordings. Every method may raise :class:`NotRecordedError` or
    :class:`NotAnsweringError`."""

    def timeline(self, camera: str, first_ns: int, last_ns: int) -> Timeline:
        """What is on disk of a range, and what is not and why."""

    def activity(self, camera: str, first_ns: int, last_ns: int, most: int) -> Activity:
        """How much moved in a range, in at most so many parts."""

    def next_movement(self, camera: str, at_ns: int, *, back: bool) -> int | None:
        """When the next movement begins, or the last one before; None: none within days."""

    def playlist(self, camera: str, first_ns: int, last_ns: int, epoch_ns: int) -> str:
        """A range as an HLS playlist (RFC 8216) of fragmented MP4.

        Media time is UTC less ``epoch_ns``, so several cameras that are given the same epoch
        show the same moment at the same media time. Addresses in it are relative:
        ``header/<segment>.mp4`` and ``media/<segment>/<first>-<end>.m4s?epoch=<ns>``.
        """

    def header(self, camera: str, segment: int) -> bytes:
        """The initialisation (ftyp, moov) that a segment's media need."""

    def media(self, camera: str, segment: int, first: int, end: int, epoch_ns: int) -> bytes:
        """Fragments of a segment, by its octets, moved to media time."""

    def film(self, camera: str, first_ns: int, last_ns: int) -> Film:
        """A range as one file, all its tracks."""

    def thumbnail(self, camera: str, at_ns: int, width: int) -> tuple[bytes, int]:
        """A small JPEG of the key frame at or before a moment, and that frame's UTC."""
