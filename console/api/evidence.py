"""Sealed files: look at them, take them out. Both are written down."""

import base64
import hashlib
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from console.api.custody import custody_of, refused_if_not_told
from console.api.elsewhere import away, streamed
from console.api.models import EvidenceOut
from console.api.outward import outward
from console.context import Context, Ctx, Viewer
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.cases import EvidenceItem, Receipt
from core.errors import WardwatchError
from core.remote import RemoteEvidence
from core.store.users import Role

router = APIRouter(prefix="/evidence", tags=["evidence"])
_log = structlog.get_logger()
audio = APIRouter(prefix="/announcements", tags=["evidence"])

_REASON_LEAST = 2
ON_DUTY = "值班处置 on duty"
"""Why a person at the desk looks at what an alarm shows, unless another reason is given."""
# What a browser may show in place; anything else is only ever downloaded.
_SHOWN = (
    "video/mp4", "video/webm", "image/jpeg", "image/png", "image/webp",
    "audio/wav", "audio/x-wav", "audio/webm", "audio/mp4", "audio/ogg",
)  # fmt: skip


def evidence_out(item: EvidenceItem) -> EvidenceOut:
    """The item as it leaves the house: with an address in place of its path in the vault."""
    fields = outward(item)
    del fields["path"]
    return EvidenceOut.model_validate({**fields, "url": f"/api/v1/evidence/{item.id}/file"})


@router.get("/{evidence_id}/file", response_class=FileResponse)
@router.head("/{evidence_id}/file", include_in_schema=False)
def file(
    evidence_id: str,
    request: Request,
    ctx: Ctx,
    signed: Viewer,
    download: Annotated[bool, Query(description="Take the file out (an export).")] = False,
    reason: Annotated[str, Query(max_length=500, description="Why; an export needs it.")] = "",
    recipient: Annotated[
        str, Query(max_length=200, description="Whom it is handed to, outside the house.")
    ] = "",
) -> Response:
    """The file itself; answers range requests (RFC 9110 section 14), so that video seeks.

    Looks and exports are written into the audit log and into the chain of custody, whichever
    octets are asked for: once in five minutes for the same person, file and reason.
    """
    with ctx.services.store.read() as unit:
        item = unit.evidence.get(evidence_id)
    if item is None:
        raise not_found("evidence", evidence_id)
    handed_out = request.method != "HEAD"
    if not download:
        return evidence_file(ctx, signed, item, request, reason.strip())
    path, remote = _place(ctx, item, whole=handed_out)
    why = _reason_to_take(signed, reason)
    if handed_out:
        _take_out(ctx, signed, item, why, recipient.strip())
    return _sent(item, path, remote, request, download=True)


def evidence_file(
    ctx: Context, signed: Signed, item: EvidenceItem, request: Request, reason: str = ""
) -> Response:
    """The file to look at; the look is written down."""
    path, remote = _place(ctx, item, whole=False)
    if request.method != "HEAD":
        _look_at(ctx, signed, item, reason)
    return _sent(item, path, remote, request, download=False)


def _sent(
    item: EvidenceItem,
    path: Path,
    remote: RemoteEvidence | None,
    request: Request,
    *,
    download: bool,
) -> Response:
    digest = base64.b64encode(bytes.fromhex(item.sha256)).decode()
    mime = item.mime if item.mime in _SHOWN else "application/octet-stream"
    name = f"{item.incident}-{item.role}-{item.sha256[:8]}{path.suffix}"
    how = "attachment" if download or item.mime not in _SHOWN else "inline"
    headers = {
        # RFC 9530: the digest of the whole file, also when only a part is sent.
        "repr-digest": f"sha-256=:{digest}:",
        "cache-control": "private, no-store",
        "etag": f'"{item.sha256}"',
    }
    if remote is not None:
        headers["content-disposition"] = f'{how}; filename="{name}"'
        return streamed(remote, item, request, headers, mime)
    return FileResponse(
        path, media_type=mime, filename=name, content_disposition_type=how, headers=headers
    )


def _place(ctx: Context, item: EvidenceItem, *, whole: bool) -> tuple[Path, RemoteEvidence | None]:
    """Where the file is to be read, and the storage to read it from if it is not here.

    What is taken out is fetched as a whole first and compared with the seal.
    """
    remote, path = ctx.services.remote, vault_path(ctx.services.vault_root, item)
    if remote is None or path.is_file() or not remote.holds(item):
        return vault_file(ctx.services.vault_root, item), None
    if not whole:
        return path, remote
    try:
        return remote.at_hand(item), None
    except WardwatchError as error:
        raise away(error) from None


def _reason_to_take(signed: Signed, given: str) -> str:
    if not signed.may(Role.MONITOR):
        raise ProblemError(403, "role", "Your role does not allow this", "It needs monitor.")
    why = given.strip()
    if len(why) < _REASON_LEAST:
        raise ProblemError(422, "reason", "A reason is needed", "Say why you take it out.")
    return why


def _take_out(ctx: Context, signed: Signed, item: EvidenceItem, why: str, recipient: str) -> None:
    """An export, or a handing over to somebody outside; refused unless it is written down."""
    action = "share" if recipient else "export"
    detail = {"evidence": item.id, "sha256": item.sha256}
    if recipient:
        detail["recipient"] = recipient
    with ctx.views.once(signed, f"evidence.{action}", item.incident, why, **detail) as new:
        if not new:
            return
        with refused_if_not_told():
            custody_of(ctx).tell(
                item.incident,
                "shared" if recipient else "exported",
                actor=signed.user.name,
                reason=f"{why} → {recipient}" if recipient else why,
                path=item.path,
                sha256=item.sha256,
            )


def _look_at(ctx: Context, signed: Signed, item: EvidenceItem, why: str) -> None:
    detail = {"evidence": item.id, "sha256": item.sha256}
    if not ctx.views.note(signed, "evidence.view", item.incident, **detail):
        return
    try:
        custody_of(ctx).tell(
            item.incident,
            "viewed",
            actor=signed.user.name,
            reason=why or ON_DUTY,
            path=item.path,
            sha256=item.sha256,
        )
    except (WardwatchError, ProblemError) as error:
        # The audit log has the look; damaged evidence must still be seen by who repairs it.
        _log.error("console.view_not_in_register", evidence=item.id, error=str(error))


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


def vault_path(root: Path, item: EvidenceItem) -> Path:
    """Where the item's file lies, which must be inside the vault whatever ``path`` says.

    Raises:
        ProblemError: 404 when the path leads out of the vault.
    """
    base = root.resolve()
    path = (base / item.path).resolve()
    if not path.is_relative_to(base):
        raise not_found("evidence", item.id)
    return path


def vault_file(root: Path, item: EvidenceItem) -> Path:
    """The item's file, which must be there.

    Raises:
        ProblemError: 410 when the file is gone, 404 when the path leads out of the vault.
    """
    path = vault_path(root, item)
    if not path.is_file():
        raise ProblemError(410, "gone", "The file is no longer in the vault", item.id)
    return path
