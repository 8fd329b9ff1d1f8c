"""What the pages about warning texts send and are given."""

from typing import Annotated

from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from core.config.wording import WarningText
from core.seeing import Kind
from core.value import Language, Text

Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S.*\S")]


class RecordingOut(BaseModel):
    language: Language
    piece: int
    words: str
    sha256: str
    seconds: float
    speech_dbfs: float
    peak_dbfs: float
    clipped: float
    made: Moment
    made_by: str
    approved: bool = Field(description="The newest approval was given with it.")


class PieceOut(BaseModel):
    language: Language
    piece: int
    words: str


class TextFindingOut(BaseModel):
    by: str
    office: str
    at: Moment
    approved: bool
    note: str


class TextVersionOut(BaseModel):
    id: str
    version: int
    made: Moment | None = Field(description="None: read from the file, not stored.")
    made_by: str
    reason: str
    content: WarningText
    finding: TextFindingOut | None
    said: bool = Field(description="It is what is said now.")
    may_judge: bool = Field(description="Whoever asks may approve it: has not made it.")
    pieces: list[PieceOut] = Field(description="What can be recorded.")
    recordings: list[RecordingOut]


class TextOut(BaseModel):
    text: str
    kind: Kind
    when: Text | None = Field(description="The times of the newest version in words.")
    versions: list[TextVersionOut] = Field(description="Newest first.")


class PlaceOut(BaseModel):
    camera: str
    zone: str
    name: Text
    kind: Kind


class TextBook(BaseModel):
    texts: list[TextOut]
    clashes: list[str]
    only_approved: bool
    languages: list[Language]
    places: list[PlaceOut] = Field(description="To hear a text for; also the zones there are.")
    may_edit: bool
    may_listen: bool = Field(description="Sound can be made here.")


class EditTextIn(Given):
    content: WarningText
    reason: Reason
    seen: int | None = Field(default=None, ge=0, description="Newest version the editor saw.")


class JudgeIn(Given):
    office: str = Field(min_length=1, max_length=80)
    approved: bool
    note: str = Field(default="", max_length=2000)
    together: list[str] = Field(
        default=[], max_length=50, description="Versions that are judged alike with it."
    )


class SoundIn(Given):
    """What is to be heard: a version with its recordings, or words that are being written."""

    version: str | None = Field(default=None, max_length=80)
    template: str | None = Field(default=None, max_length=400)
    language: Language
    camera: str = Field(default="", max_length=63)
    zone: str = Field(default="", max_length=63)
