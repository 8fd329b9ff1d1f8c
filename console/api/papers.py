"""Papers about an incident (文书): looked at, and kept with its evidence."""

import hashlib
import tempfile
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from console.context import Context, Ctx, Monitor
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.errors import WardwatchError
from core.powers import PaperKind

router = APIRouter(prefix="/incidents", tags=["papers"])


class KeptPaper(BaseModel):
    """A paper that lies sealed among the evidence of an incident."""

    evidence: str = Field(description="Id of the sealed file.")
    sha256: str


@router.get("/{incident_id}/papers/{kind}", response_class=Response)
def paper(incident_id: str, kind: PaperKind, ctx: Ctx, signed: Monitor) -> Response:
    """A paper as PDF, made anew from what is known now; that it was made is in the audit log."""
    made = _made(ctx, signed, incident_id, kind)
    digest = hashlib.sha256(made).hexdigest()
    with ctx.services.store.begin() as unit:
        unit.audit.append(
            signed.user.name, "paper.made", incident_id, "", {"kind": kind.value, "sha256": digest}
        )
    name = f"{incident_id}-{kind.value}.pdf"
    return Response(
        made,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}"',
            "cache-control": "private, no-store",
        },
    )


@router.post("/{incident_id}/papers/{kind}", status_code=201)
def keep(incident_id: str, kind: PaperKind, ctx: Ctx, signed: Monitor) -> KeptPaper:
    """Make a paper and seal it with the evidence of the incident, so that case files have it.

    The same paper, to the octet, is kept once.
    """
    if ctx.services.intake is None:
        raise ProblemError(503, "no-vault", "Papers cannot be kept here")
    made = _made(ctx, signed, incident_id, kind)
    digest = hashlib.sha256(made).hexdigest()
    at_ns = ctx.services.clock.utc_ns()
    item_id = f"{incident_id}-{kind.value}-{digest[:12]}"
    with tempfile.TemporaryDirectory(prefix="ww-") as scratch:
        file = Path(scratch) / f"{kind.value}.pdf"
        file.write_bytes(made)
        try:
            item = ctx.services.intake.seal(
                incident_id,
                "paper",
                file,
                item_id=item_id,
                source="",
                mime="application/pdf",
                first_ns=at_ns,
                last_ns=at_ns,
                note=f"{kind.value}, {signed.user.name}",
            )
        except WardwatchError as error:
            raise ProblemError(503, "vault", "The paper could not be kept", str(error)) from None
    with ctx.services.store.begin() as unit:
        if unit.first_time(f"paper-kept:{item.id}"):
            detail = {"kind": kind.value, "evidence": item.id, "sha256": item.sha256}
            unit.audit.append(signed.user.name, "paper.kept", incident_id, "", detail)
    return KeptPaper(evidence=item.id, sha256=item.sha256)


def _made(ctx: Context, signed: Signed, incident_id: str, kind: PaperKind) -> bytes:
    if ctx.services.papers is None:
        raise ProblemError(503, "no-papers", "Papers cannot be made here")
    with ctx.services.store.read() as unit:
        if unit.incidents.get(incident_id) is None:
            raise not_found("incident", incident_id)
    try:
        return ctx.services.papers.paper(incident_id, kind, signed.user.name)
    except WardwatchError as error:
        raise ProblemError(409, "paper", "It cannot be made", str(error)) from None
