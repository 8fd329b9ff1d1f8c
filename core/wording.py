"""Warning texts (喊话词) as they are decided on: versions, findings, recordings."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from pydantic import Field

from core.cases import SpokenPart
from core.config.wording import WarningText
from core.seeing import Kind
from core.templates import fragments
from core.value import NO_WORDS, Language, Text, Value

FROM_FILE = "warnings.yaml"
"""Author of versions that were taken from the file."""


class TextVersion(Value):
    """One state of a warning text. It is never changed: an edit makes the next one."""

    text: str = Field(description="Id of the text.")
    version: int = Field(ge=0, description="From 1; 0: read from the file, not stored.")
    kind: Kind
    made_ns: int
    made_by: str
    reason: str
    content: WarningText

    @property
    def id(self) -> str:
        """Name of this version, e.g. ``fishing-1@2``."""
        return f"{self.text}@{self.version}"


class TextRecording(Value):
    """A person's voice saying one piece of one version; heard once it is approved."""

    id: str
    version: str = Field(description="Id of the version.")
    language: Language
    piece: int = Field(ge=1, description="See ``core/templates.py``.")
    words: str = Field(description="What the piece says; it is not played for other words.")
    sha256: str = Field(description="Of the sound as it is kept.")
    source_sha256: str = Field(description="Of the file that was uploaded.")
    seconds: float
    speech_dbfs: float = Field(description="As uploaded; it is levelled when it is said.")
    peak_dbfs: float
    clipped: float = Field(description="Share of the samples that were cut off, 0..1.")
    made_ns: int
    made_by: str


class TextFinding(Value):
    """What a person entitled to it found about one version; the newest finding counts."""

    id: str
    version: str = Field(description="Id of the version.")
    by: str = Field(description="Account, or the file that said so.")
    office: str = Field(description="In which function.")
    at_ns: int
    approved: bool
    note: str = ""
    recordings: tuple[str, ...] = Field(
        default=(), description="SHA-256 of the recordings that were listened to with it."
    )


class Wording(Value):
    """The words of one warning, or why there are none."""

    parts: tuple[SpokenPart, ...] = ()
    version: str = ""
    approved: bool | None = None
    why: Text = Field(default=NO_WORDS, description="Why nothing can be said.")

    @property
    def text(self) -> str:
        """All of it, one language after the other."""
        said: dict[Language, str] = {}
        for one in self.parts:
            said[one.language] = said.get(one.language, "") + one.text
        return " ".join(said.values())

    @classmethod
    def plain(cls, text: str, language: Language = "zh") -> "Wording":
        """Words that no version stands behind."""
        return cls(parts=(SpokenPart(language=language, text=text),))


def spoken_parts(
    template: str,
    language: Language,
    names: Mapping[str, str],
    recordings: Collection[TextRecording] = (),
) -> Sequence[SpokenPart]:
    """A text in the parts it is said in: recordings where there are any, words between them.

    Args:
        recordings: that may be heard; those of other languages, pieces or words are passed over.
    """
    known = {(one.piece, one.words): one.sha256 for one in recordings if one.language == language}
    parts: list[SpokenPart] = []
    for words, piece in fragments(template, names):
        recording = known.get((piece, words), "") if piece else ""
        if parts and not recording and not parts[-1].recording:
            parts[-1] = SpokenPart(language=language, text=parts[-1].text + words)
        else:
            parts.append(SpokenPart(language=language, text=words, recording=recording))
    return parts


class Sound(NamedTuple):
    """Something made to be listened to."""

    wav: bytes
    seconds: float
    speech_dbfs: float
    peak_dbfs: float


class Taken(NamedTuple):
    """A recording that was taken in; for its fields see :class:`TextRecording`."""

    sha256: str
    source_sha256: str
    seconds: float
    speech_dbfs: float
    peak_dbfs: float
    clipped: float


class Voice(Protocol):
    """Makes words into sound and takes recordings in."""

    def say(self, parts: Sequence[SpokenPart]) -> Sound:
        """The sound of a warning as a loudspeaker would be given it.

        Raises:
            WardwatchError: nothing can be spoken.
        """

    def take(self, data: bytes) -> Taken:
        """Keep the recording in a file's content.

        Raises:
            WardwatchError: no recording, a kind that is not taken, too long, too soft or cut off.
        """
