"""The desk's side of officers' phones: calls for help, and who may use a phone."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from console.api.models import Given
from console.context import Ctx, Monitor, Viewer
from console.errors import not_found
from console.field.alarms import acknowledge, open_alarms
from console.field.models import FieldAlarmOut
from console.field.view import alarm_out

router = APIRouter(tags=["alarms"])


class AcknowledgeIn(Given):
    words: str = Field(default="", max_length=500)


class SignOutIn(Given):
    reason: str = Field(min_length=2, max_length=500)


class SignedOut(BaseModel):
    accounts: list[str]


@router.get("/alarms")
def alarms(ctx: Ctx, _: Viewer) -> list[FieldAlarmOut]:
    """Calls for help that nobody at the desk has answered."""
    with ctx.services.store.read() as unit:
        return [alarm_out(one) for one in open_alarms(unit)]


@router.post("/alarms/{alarm_id}/acknowledge")
def take(alarm_id: str, given: AcknowledgeIn, ctx: Ctx, signed: Monitor) -> FieldAlarmOut:
    """Say at every desk that somebody takes care of it."""
    return alarm_out(acknowledge(ctx, signed, alarm_id, given.words.strip()))


@router.post("/officers/{officer_id}/sign-out")
def sign_out(officer_id: str, given: SignOutIn, ctx: Ctx, signed: Monitor) -> SignedOut:
    """End all sessions of an officer's accounts, e.g. when a phone is lost."""
    if ctx.services.site.officer(officer_id) is None:
        raise not_found("officer", officer_id)
    with ctx.services.store.begin() as unit:
        users = [one for one in unit.users.find() if one.officer == officer_id]
        for user in users:
            unit.users.put(user.model_copy(update={"generation": user.generation + 1}))
        names = [one.name for one in users]
        unit.audit.append(
            signed.user.name, "session.revoked", officer_id, given.reason, {"accounts": names}
        )
    return SignedOut(accounts=names)
