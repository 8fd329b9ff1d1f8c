"""Sealed files: look at them, take them out. Both are written down."""

import base64
import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from console.api.models import EvidenceOut
from console.api.outward import outward
from console.context import Ctx, Viewer
from console.errors import ProblemError, not_found
from core.cases import EvidenceItem, Receipt
from core.store.users import Role

router = APIRouter(prefix="/evidence", tags=["evidence"])
audio = APIRouter(prefix="/announcements", tags=["evidence"])

# What a browser may show in place; anything else is only ever downloaded.
_SHOWN = ("video/mp4", "image/jpeg", "image/png", "image/webp", "audio/wav", "audio/x-wav")


def evidence_out(item: EvidenceItem) -> EvidenceOut:
    """The item as it leaves the house: with an address in place of its path in the vault."""
    fields = outward(item)
    del fields["path"]
    return EvidenceOut.model_validate({**fields, "url": f"/api/v1/evidence/{item.id}/file"})


@router.get("/{evidence_id}/file", response_class=FileResponse)
@router.head("/{evidence_id}/file", include_in_schema=False)
def file(
    evidence_id: str,
    ctx: Ctx,
    signed: Viewer,
    download: Annotated[bool, Query(description="Take the file out (an export).")] = False,
) -> FileResponse:
    """The file itself; answers range requests (RFC 9110 section 14), so that video seeks."""
    with ctx.services.store.read() as unit:
        item = unit.evidence.get(evidence_id)
    if item is None:
        raise not_found("evidence", evidence_id)
    path = vault_file(ctx.services.vault_root, item)
    if download:
        if not signed.may(Role.MONITOR):
            raise ProblemError(403, "role", "Your role does not allow this", "It needs monitor.")
        with ctx.services.store.begin() as unit:
            unit.audit.append(
                signed.user.name,
                "evidence.export",
                item.incident,
                detail={"evidence": item.id, "sha256": item.sha256},
            )
    else:
        ctx.views.note(signed, "evidence.view", item.incident, evidence=item.id, sha256=item.sha256)
    digest = base64.b64encode(bytes.fromhex(item.sha256)).decode()
    return FileResponse(
        path,
        media_type=item.mime if item.mime in _SHOWN else "application/octet-stream",
        filename=f"{item.incident}-{item.role}-{item.sha256[:8]}{path.suffix}",
        content_disposition_type="attachment" if download or item.mime not in _SHOWN else "inline",
        headers={
            # RFC 9530: the digest of the whole file, also when only a part is sent.
            "repr-digest": f"sha-256=:{digest}:",
            "cache-control": "private, no-store",
            "etag": f'"{item.sha256}"',
        },
    )


@audio.get("/{announcement_id}/audio", response_class=FileResponse)
def spoken(announcement_id: str, ctx: Ctx, signed: Viewer) -> FileResponse:
    """What a loudspeaker said, as it was rendered; refused when it is not what was sealed."""
    with ctx.services.store.read() as unit:
        receipt = unit.receipts.get(announcement_id)
    if receipt is None or receipt.audio_path is None:
        raise not_found("recording of announcement", announcement_id)
    roots = (ctx.services.vault_root, ctx.services.site.data_dir)
    path = _audio_file(roots, receipt, receipt.audio_path)
    ctx.views.note(signed, "evidence.view", receipt.incident, announcement=announcement_id)
    return FileResponse(
        path, media_type="audio/wav", headers={"cache-control": "private, no-store"}
    )


def _audio_file(roots: tuple[Path, ...], receipt: Receipt, given: str) -> Path:
    path = (roots[0] / given).resolve()
    if not any(path.is_relative_to(root.resolve()) for root in roots):
        raise not_found("recording of announcement", receipt.announcement)
    if not path.is_file():
        raise ProblemError(410, "gone", "The file is no longer there", receipt.announcement)
    if hashlib.sha256(path.read_bytes()).hexdigest() != receipt.audio_sha256:
        raise ProblemError(409, "altered", "The file is not what was sealed", receipt.announcement)
    return path


def vault_file(root: Path, item: EvidenceItem) -> Path:
    """The item's file, which must lie inside the vault whatever ``path`` says.

    Raises:
        ProblemError: 410 when the file is gone, 404 when the path leads out of the vault.
    """
    base = root.resolve()
    path = (base / item.path).resolve()
    if not path.is_relative_to(base):
        raise not_found("evidence", item.id)
    if not path.is_file():
        raise ProblemError(410, "gone", "The file is no longer in the vault", item.id)
    return path
