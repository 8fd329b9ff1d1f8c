"""What single people were told: the inbox of the desk, and taking note of it."""

from fastapi import APIRouter
from pydantic import BaseModel

from console.api.models import NoticeOut
from console.api.outward import outward
from console.context import Ctx, Monitor
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.cases import Notice
from core.store.users import Role

router = APIRouter(prefix="/notices", tags=["notices"])

NEWEST = 100


class Inbox(BaseModel):
    """The newest first."""

    items: list[NoticeOut]


def concerns(notice: Notice, signed: Signed) -> bool:
    """Whether the person may see it: the desk sees all but what was told to one user."""
    if notice.audience == "user":
        return notice.to == signed.user.name
    return signed.may(Role.MONITOR)


@router.get("")
def notices(ctx: Ctx, signed: Monitor) -> Inbox:
    """The newest notices that concern this person."""
    with ctx.services.store.read() as unit:
        found = unit.notices.find(newest_by="at_ns", limit=NEWEST)
    mine = [one for one in found if concerns(one, signed)]
    return Inbox(items=[NoticeOut.model_validate(outward(one)) for one in mine])


@router.post("/{notice_id}/acknowledgement")
def acknowledge(notice_id: str, ctx: Ctx, signed: Monitor) -> NoticeOut:
    """Take note of it, once for the whole desk; what the chief was told, only a chief may."""
    with ctx.services.store.begin() as unit:
        found = unit.notices.get(notice_id)
        if found is None or not concerns(found, signed):
            raise not_found("notice", notice_id)
        if found.audience == "chief" and not signed.may(Role.CHIEF):
            raise ProblemError(
                403, "role", "Your role does not allow this", "The duty chief takes note of it."
            )
        if found.acknowledged_ns is None:
            found = found.model_copy(
                update={
                    "acknowledged_by": signed.user.name,
                    "acknowledged_ns": ctx.services.clock.utc_ns(),
                }
            )
            unit.notices.put(found)
            facts = {"notice": found.id, "kind": found.kind.value}
            unit.audit.append(
                signed.user.name,
                "notice.acknowledged",
                found.incident or found.id,
                found.text.zh,
                facts,
            )
    ctx.services.feed.push("notices", found)
    return NoticeOut.model_validate(outward(found))
