"""Sign in, sign out, who am I, my language."""

import math

from fastapi import APIRouter, Request, Response

from console.accounts import password_fits
from console.api.site_models import SessionChange, SessionOut, SignIn
from console.context import Ctx, SignedIn
from console.errors import ProblemError
from console.sessions import COOKIE, LIFETIME_S, Signed

router = APIRouter(prefix="/session", tags=["session"])


@router.post("")
def sign_in(given: SignIn, request: Request, response: Response, ctx: Ctx) -> SessionOut:
    """Sign in with name and password; sets the session cookie."""
    name = given.name.strip()
    address = request.client.host if request.client else "unknown"
    keys = (f"name:{name}", f"address:{address}")
    wait_s = ctx.throttle.wait_s(*keys)
    if wait_s > 0:
        ctx.metrics.refused.inc()
        raise ProblemError(
            429,
            "throttled",
            "Too many failed sign-ins",
            f"Try again in {math.ceil(wait_s)} s.",
            {"retry-after": str(math.ceil(wait_s))},
        )
    with ctx.services.store.read() as unit:
        user = unit.users.get(name)
    if user is None or not password_fits(user, given.password):
        if user is None:
            password_fits(None, given.password)
        ctx.throttle.failed(*keys)
        ctx.metrics.refused.inc()
        with ctx.services.store.begin() as unit:
            unit.audit.append("system", "session.refused", name, detail={"address": address})
        raise ProblemError(401, "wrong-password", "Name or password is wrong")
    ctx.throttle.succeeded(*keys)
    cookie, signed = ctx.sessions.open(user)
    with ctx.services.store.begin() as unit:
        unit.audit.append(user.name, "session.opened", user.name, detail={"address": address})
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=LIFETIME_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return _out(signed)


@router.get("")
def me(signed: SignedIn) -> SessionOut:
    """Who is signed in, and the token for requests that change something."""
    return _out(signed)


@router.patch("")
def change(given: SessionChange, signed: SignedIn, ctx: Ctx) -> SessionOut:
    """Keep the person's language."""
    with ctx.services.store.begin() as unit:
        user = unit.users.get(signed.user.name) or signed.user
        user = user.model_copy(update={"language": given.language})
        unit.users.put(user)
    return _out(Signed(user, signed.session, signed.csrf))


@router.delete("", status_code=204)
def sign_out(signed: SignedIn, response: Response, ctx: Ctx) -> None:
    """Sign out; the cookie is worth nothing afterwards."""
    ctx.sessions.close(signed.session)
    with ctx.services.store.begin() as unit:
        unit.audit.append(signed.user.name, "session.closed", signed.user.name)
    response.delete_cookie(COOKIE, path="/")


def _out(signed: Signed) -> SessionOut:
    user = signed.user
    return SessionOut(name=user.name, role=user.role, language=user.language, csrf=signed.csrf)
