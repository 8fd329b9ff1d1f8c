"""Written transcripts of voice, films and warnings: read, and typed by a person at the desk."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from console.api.outward import outward
from console.context import Ctx, Monitor, Viewer
from console.errors import ProblemError, not_found
from core.cases import EvidenceItem, Transcript
from core.terms import role_words
from core.transcripts import MOST, SPOKEN, TranscriptError, versions, write
from core.value import Text

router = APIRouter(tags=["evidence"])


class VersionOut(BaseModel):
    version: int
    text: str
    by: str
    at: Moment


class TranscriptOut(BaseModel):
    """A file that is heard, with what was written of it."""

    evidence: str
    role: str
    what: Text = Field(description="What it is, in words.")
    first: Moment
    camera: str
    versions: list[VersionOut] = Field(description="The newest last; empty: there is none.")


class TranscriptIn(Given):
    text: str = Field(min_length=1, max_length=MOST)
    seen: int = Field(ge=0, description="The version that the writer saw; 0: none.")


@router.get("/incidents/{incident_id}/transcripts")
def transcripts(incident_id: str, ctx: Ctx, _: Viewer) -> list[TranscriptOut]:
    """All files of an incident that need a transcript, whether they have one or not."""
    with ctx.services.store.read() as unit:
        if unit.incidents.get(incident_id) is None:
            raise not_found("incident", incident_id)
        items = unit.evidence.find(incident=incident_id, role=list(SPOKEN))
        found = [_out(one, versions(unit, one)) for one in items]
    return sorted(found, key=lambda one: (one.first, one.evidence))


@router.post("/evidence/{evidence_id}/transcript", status_code=201)
def put(evidence_id: str, given: TranscriptIn, ctx: Ctx, signed: Monitor) -> TranscriptOut:
    """Write down what is heard; it becomes the next version, and earlier ones stay."""
    with ctx.services.store.begin() as unit:
        item = unit.evidence.get(evidence_id)
        if item is None:
            raise not_found("evidence", evidence_id)
        try:
            now_ns = ctx.services.clock.utc_ns()
            write(unit, item, given.text, signed.user.name, now_ns, given.seen)
        except TranscriptError as error:
            raise ProblemError(409, "transcript", "Not written down", str(error)) from None
        return _out(item, versions(unit, item))


def _out(item: EvidenceItem, known: list[Transcript]) -> TranscriptOut:
    return TranscriptOut(
        evidence=item.id,
        role=item.role,
        what=role_words(item.role),
        first=outward(item)["first"],
        camera=item.camera,
        versions=[
            VersionOut(**{k: v for k, v in outward(one).items() if k in VersionOut.model_fields})
            for one in known
        ],
    )
