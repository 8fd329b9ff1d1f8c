"""Cameras: how they are; and for a chief to find, try, add, change and remove them.

To change a camera, to probe and to discover takes a duty chief: it makes the server connect to
addresses somebody typed and takes pictures off the record, so not every seat may; but a camera
must also be mended at night, when the administrator is not in. Where it may connect to is held
by the office, which asks :class:`core.networks.Networks`.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.api.camera_models import (
    AddIn,
    CameraFacts,
    ChangedOut,
    ChangeIn,
    Found,
    ProbedOut,
    ProbeIn,
    Roster,
    SignInIn,
)
from console.api.models import HealthOut
from console.api.outward import outward
from console.context import Chief, Context, Ctx, Viewer
from console.discretion import refuse_sign_in, same_address, shown
from console.errors import ProblemError, not_found
from console.sessions import Signed
from core.clock import iso
from core.config.cameras import PULLED, PUSHED, Camera
from core.credentials import Credential
from core.errors import ConfigError, WardwatchError
from core.messages import CameraHealth
from core.networks import AddressError
from core.roster import CameraDraft, CameraOffice, FoundDevice, FoundStream
from core.store.users import Role

router = APIRouter(prefix="/cameras", tags=["cameras"])

FOLLOWS_S = 5
Health = dict[tuple[str, str], CameraHealth]
_T = TypeVar("_T")


@router.get("")
def roster(ctx: Ctx, signed: Viewer) -> Roster:
    """All cameras, those that are switched off too, with their latest health."""
    chief = signed.may(Role.CHIEF)
    health: Health = {(one.camera, one.process): one for one in ctx.services.feed.health()}
    return Roster(
        cameras=[_facts(one, health, chief) for one in ctx.services.site.cameras],
        changeable=chief and ctx.services.cameras is not None,
        now=iso(ctx.services.clock.utc_ns()),
    )


@router.post("/discover")
async def discover(ctx: Ctx, signed: Chief) -> Found:
    """Devices on the local networks that answer WS-Discovery; takes a few seconds."""
    office = _office(ctx)
    if not ctx.discovering.acquire(blocking=False):
        raise ProblemError(409, "busy", "Somebody is searching now", "Try again in some seconds.")
    try:
        await run_in_threadpool(_note, ctx, signed, "camera.discover", "network", {})
        found = await _asked(ctx, "network", office.discover)
    finally:
        ctx.discovering.release()
    return Found(devices=[_device(one) for one in found])


@router.post("/probe")
async def probe(given: ProbeIn, ctx: Ctx, signed: Chief) -> ProbedOut:
    """Ask a device about itself."""
    office = _office(ctx)
    refuse_sign_in("address", given.address)
    ctx.probes.take(signed.user.name)
    where = shown(given.address, given.secret)
    await run_in_threadpool(_note, ctx, signed, "camera.probe", where, _said(given))
    found = await _asked(
        ctx, where, lambda: office.probe(given.address, given.credential), given.secret
    )
    fields = found.model_dump()
    fields["address"] = shown(found.address, given.secret)
    fields["streams"] = [_stream(one, given.secret) for one in found.streams]
    fields["problems"] = [shown(one, given.secret) for one in found.problems]
    return ProbedOut.model_validate(fields)


@router.post("", status_code=201)
def add(given: AddIn, ctx: Ctx, signed: Chief) -> ChangedOut:
    """Put a new camera on the roster; the running command centre follows within seconds."""
    office = _office(ctx)
    if ctx.services.site.camera(given.id) is not None:
        raise ProblemError(
            409, "exists", "There is such a camera", f"Choose another id than {given.id!r}."
        )
    draft = given.draft
    _check(draft)
    if draft.name is None or draft.main is None:
        raise ProblemError(422, "invalid", "The request is not valid", "name and main are needed.")
    with _noted(ctx, signed, "camera.add", given.id, _said(given), given.secret):
        office.add(given.id, draft, given.credential)
    return ChangedOut(id=given.id, follows_s=FOLLOWS_S)


@router.patch("/{camera_id}")
def change(camera_id: str, given: ChangeIn, ctx: Ctx, signed: Chief) -> ChangedOut:
    """Change a camera; the others are not touched."""
    office = _office(ctx)
    known = _camera(ctx, camera_id)
    draft = _fresh(given.draft, known)
    _check(draft)
    credential = _credential(given, known)
    with _noted(ctx, signed, "camera.change", camera_id, _said(given), given.secret):
        office.change(camera_id, draft, credential)
    return ChangedOut(id=camera_id, follows_s=FOLLOWS_S)


@router.delete("/{camera_id}")
def remove(camera_id: str, ctx: Ctx, signed: Chief) -> ChangedOut:
    """Take a camera off the roster. Its recordings and evidence stay."""
    office = _office(ctx)
    _camera(ctx, camera_id)
    with _noted(ctx, signed, "camera.remove", camera_id, {}):
        office.remove(camera_id)
    return ChangedOut(id=camera_id, follows_s=FOLLOWS_S)


@router.get("/{camera_id}/snapshot", response_class=Response)
async def snapshot(camera_id: str, ctx: Ctx, signed: Chief) -> Response:
    """A JPEG picture that the camera takes now."""
    office = _office(ctx)
    _camera(ctx, camera_id)
    ctx.snapshots.take(signed.user.name)
    await run_in_threadpool(ctx.views.note, signed, "camera.snapshot", camera_id)
    picture = await _asked(ctx, camera_id, lambda: office.snapshot(camera_id))
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "no-store"})


def _office(ctx: Context) -> CameraOffice:
    if ctx.services.cameras is None:
        raise ProblemError(409, "fixed", "Cameras are fixed here (demo)")
    return ctx.services.cameras


def _camera(ctx: Context, camera_id: str) -> Camera:
    found = ctx.services.site.camera(camera_id)
    if found is None:
        raise not_found("camera", camera_id)
    return found


def _check(draft: CameraDraft) -> None:
    for field in ("main", "sub", "onvif"):
        refuse_sign_in(field, getattr(draft, field))
    for field in ("main", "sub"):
        address = getattr(draft, field)
        # A file would be played like a camera: whatever this machine can read (CWE-918, too).
        if address is not None and urlsplit(address).scheme not in (*PULLED, *PUSHED):
            raise ProblemError(
                422,
                "invalid",
                "The request is not valid",
                f"{field}: write an address of {', '.join((*PULLED, *PUSHED))}.",
            )


def _fresh(draft: CameraDraft, known: Camera) -> CameraDraft:
    """The draft without addresses that come back as they were shown."""
    current = {"main": known.streams.main, "sub": known.streams.sub, "onvif": known.onvif}
    same = {
        field: None
        for field, address in current.items()
        if (given := getattr(draft, field)) is not None and same_address(given, address)
    }
    return draft.model_copy(update=same)


def _credential(given: SignInIn, known: Camera) -> Credential | None:
    """A new sign-in, or None: a name alone, as it already is, does not take the password away."""
    if given.password is None and given.username in (None, known.username):
        return None
    if given.password is None:
        raise ProblemError(
            422, "sign-in-half", "A new user name needs its password", "Give both of them."
        )
    return given.credential


def _said(given: SignInIn) -> dict[str, str]:
    """What was given, for the audit log: a password only as the word that there was one."""
    said = given.model_dump(mode="json", exclude_none=True, exclude={"password", "id"})
    detail = {name: shown(str(value), given.secret) for name, value in said.items()}
    return {**detail, "password": "given"} if given.password is not None else detail


def _note(
    ctx: Context, signed: Signed, action: str, object_id: str, detail: dict[str, str]
) -> None:
    with ctx.services.store.begin() as unit:
        unit.audit.append(signed.user.name, action, object_id, detail=detail)


def _failed(ctx: Context, object_id: str, error: WardwatchError, secret: str) -> ProblemError:
    """Write the failure down, and tell it in the office's own one message."""
    message = shown(str(error), secret)
    with ctx.services.store.begin() as unit:
        unit.audit.append("system", "camera.failed", object_id, message)
    if isinstance(error, AddressError):
        return ProblemError(422, "network", "The address may not be connected to", message)
    status = 422 if isinstance(error, ConfigError) else 409
    return ProblemError(status, "camera", "That did not work with this camera", message)


@contextmanager
def _noted(
    ctx: Context,
    signed: Signed,
    action: str,
    object_id: str,
    detail: dict[str, str],
    secret: str = "",
) -> Iterator[None]:
    """First the log, then the deed: a change nobody can find in the log must not exist."""
    _note(ctx, signed, action, object_id, detail)
    try:
        yield
    except WardwatchError as error:
        raise _failed(ctx, object_id, error, secret) from None


async def _asked(
    ctx: Context, object_id: str, ask: Callable[[], Awaitable[_T]], secret: str = ""
) -> _T:
    try:
        return await ask()
    except WardwatchError as error:
        raise await run_in_threadpool(_failed, ctx, object_id, error, secret) from None


def _facts(camera: Camera, health: Health, chief: bool) -> CameraFacts:
    def view(process: str) -> HealthOut | None:
        one = health.get((camera.id, process)) if camera.enabled else None
        return None if one is None else HealthOut.model_validate(outward(one))

    streams = camera.streams
    facts = CameraFacts(
        id=camera.id,
        name=camera.name,
        enabled=camera.enabled,
        place=camera.place,
        bearing_deg=camera.bearing_deg,
        speaker=camera.speaker is not None,
        recorder=view("recorder"),
        analyst=view("analyst"),
    )
    if not chief:
        return facts
    return facts.model_copy(
        update={
            "main": shown(streams.main),
            "sub": streams.sub and shown(streams.sub),
            "transport": streams.transport,
            "onvif": camera.onvif and shown(camera.onvif),
            "username": camera.username,
        }
    )


def _device(one: FoundDevice) -> FoundDevice:
    return one.model_copy(update={"address": shown(one.address)})


def _stream(one: FoundStream, secret: str) -> FoundStream:
    return one.model_copy(update={"url": shown(one.url, secret)})
