"""Case files (案卷): have one made, see how far it is, take it out; and the reviews before it."""

import base64
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from console.api.outward import outward
from console.context import Chief, Context, Ctx, Monitor, Reviewer, Viewer
from console.errors import ProblemError, not_found
from core.casefiles import MIN_PASSWORD, CaseFiles, Export, NoCaseFileError
from core.cases import Review, ReviewKind
from core.errors import WardwatchError
from core.reviews import ReviewError, record, standing
from core.store.users import Role
from core.value import Text

incident = APIRouter(prefix="/incidents", tags=["case files"])
router = APIRouter(prefix="/casefiles", tags=["case files"])

_SHOWN_MOST = 200
Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S.*\S")]


class ExportIn(Given):
    reason: str = Field(min_length=2, max_length=500)
    password: str | None = Field(
        default=None, min_length=MIN_PASSWORD, max_length=200, description="None: not encrypted."
    )


class ManyIn(ExportIn):
    incidents: list[str] = Field(min_length=1, max_length=200, description="Ids, each once.")


class ClearIn(Given):
    reason: Reason


class ReviewIn(Given):
    kind: ReviewKind
    office: str = Field(min_length=1, max_length=80, description="In which function.")
    passed: bool
    basis: str = Field(min_length=2, max_length=2000)


class ExportOut(BaseModel):
    id: str
    incidents: list[str]
    by: str
    reason: str
    asked: Moment
    encrypted: bool
    state: str
    done_bytes: int
    total_bytes: int
    evidence: bool | None
    sha256: str
    bytes: int
    error: str
    verdict: str = Field(description="Of checking it once it was whole; empty until then.")
    ended: Moment | None
    cleared: Moment | None
    cleared_by: str
    cleared_why: str


class ReviewOut(BaseModel):
    id: str
    kind: ReviewKind
    reviewer: str
    office: str
    at: Moment
    passed: bool
    basis: str


class CaseFileOut(BaseModel):
    """What may be taken out, and what it may be used for."""

    evidence: bool
    why: Text
    reviews: list[ReviewOut]
    exports: list[ExportOut]
    may_export: bool
    may_review: bool


class ListOut(BaseModel):
    """Case files, newest first."""

    items: list[ExportOut]
    days: int = Field(description="How long finished ones are kept.")
    may_export: bool
    may_clear: bool


@incident.get("/{incident_id}/casefile")
def casefile(incident_id: str, ctx: Ctx, signed: Viewer) -> CaseFileOut:
    """Reviews and case files of one incident."""
    with ctx.services.store.read() as unit:
        if unit.incidents.get(incident_id) is None:
            raise not_found("incident", incident_id)
        reviews = sorted(unit.reviews.find(incident=incident_id), key=lambda one: one.at_ns)
        items = unit.evidence.find(incident=incident_id)
    found = standing(reviews, {one.sha256 for one in items if one.parent_sha256 is None})
    made = ctx.services.case_files
    return CaseFileOut(
        evidence=found.evidence,
        why=found.why,
        reviews=[_review(one) for one in reviews],
        exports=[_export(one) for one in made.of(incident_id)] if made is not None else [],
        may_export=made is not None and bool(items) and signed.may(Role.MONITOR),
        may_review=bool(items) and signed.may(Role.REVIEWER),
    )


@incident.post("/{incident_id}/casefile", status_code=202)
def export(incident_id: str, given: ExportIn, ctx: Ctx, signed: Monitor) -> ExportOut:
    """Have a case file made; it can be fetched once it is whole."""
    return _begin(ctx, [incident_id], given, signed.user.name)


@router.get("")
def exports(ctx: Ctx, signed: Viewer) -> ListOut:
    """The case files that were asked for: who, why, of what, how far they are."""
    made = ctx.services.case_files
    return ListOut(
        items=[_export(one) for one in made.all()[:_SHOWN_MOST]] if made is not None else [],
        days=ctx.services.site.keeping_days.case_files,
        may_export=made is not None and signed.may(Role.MONITOR),
        may_clear=made is not None and signed.may(Role.CHIEF),
    )


@router.post("", status_code=202)
def export_many(given: ManyIn, ctx: Ctx, signed: Monitor) -> ExportOut:
    """Have one case file made of several incidents."""
    return _begin(ctx, list(dict.fromkeys(given.incidents)), given, signed.user.name)


@router.post("/{export_id}/clear")
def clear(export_id: str, given: ClearIn, ctx: Ctx, signed: Chief) -> ExportOut:
    """Delete a finished case file; it can be exported again, and this one stays on record."""
    try:
        return _export(_made(ctx).clear(export_id, signed.user.name, given.reason.strip()))
    except NoCaseFileError as error:
        raise ProblemError(409, "not-cleared", "Nothing to clear", str(error)) from None
    except WardwatchError as error:
        raise ProblemError(503, "not-recorded", "Nothing was deleted", str(error)) from None


@incident.post("/{incident_id}/reviews", status_code=201)
def review(incident_id: str, given: ReviewIn, ctx: Ctx, signed: Reviewer) -> ReviewOut:
    """Record the legal or the technical review of what is sealed now."""
    try:
        with ctx.services.store.begin() as unit:
            made = record(
                unit,
                incident_id,
                given.kind,
                signed.user.name,
                office=given.office,
                passed=given.passed,
                basis=given.basis,
                at_ns=ctx.services.clock.utc_ns(),
            )
    except ReviewError as error:
        raise ProblemError(409, "review", "Not to be recorded", str(error)) from None
    return _review(made)


@router.get("/{export_id}/file", response_class=FileResponse)
@router.head("/{export_id}/file", include_in_schema=False)
def file(export_id: str, request: Request, ctx: Ctx, signed: Monitor) -> FileResponse:
    """A whole case file; answers range requests, so that a download that broke off goes on."""
    try:
        found, path = _made(ctx).whole(export_id)
    except NoCaseFileError as error:
        raise ProblemError(404, "not-found", "No such case file", str(error)) from None
    for one in found.incidents if request.method != "HEAD" else ():
        ctx.views.note(signed, "evidence.download", one, case=found.id, sha256=found.sha256)
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"{found.id}.zip",
        headers={
            "repr-digest": f"sha-256=:{_base64(found.sha256)}:",
            "cache-control": "private, no-store",
            "etag": f'"{found.sha256}"',
        },
    )


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()


def _made(ctx: Context) -> CaseFiles:
    if ctx.services.case_files is None:
        raise ProblemError(503, "no-case-files", "Case files cannot be made here")
    return ctx.services.case_files


def _begin(ctx: Context, incidents: list[str], given: ExportIn, by: str) -> ExportOut:
    with ctx.services.store.read() as unit:
        for one in incidents:
            if unit.incidents.get(one) is None:
                raise not_found("incident", one)
            if not unit.evidence.find(incident=one, limit=1):
                raise ProblemError(
                    409, "no-evidence", "Nothing is sealed", f"Nothing is sealed for {one}."
                )
    reason = given.reason.strip()
    if not reason:
        raise ProblemError(422, "reason", "A reason is needed", "Say why it is exported.")
    return _export(_made(ctx).begin(incidents, by, reason, given.password))


def _export(one: Export) -> ExportOut:
    return ExportOut.model_validate(outward(one))


def _review(one: Review) -> ReviewOut:
    fields = outward(one)
    del fields["incident"], fields["sealed"]
    return ReviewOut.model_validate(fields)
