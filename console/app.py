"""The ASGI application."""

import threading

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from console import pages, problems
from console.accounts import Throttle
from console.api import (
    alarms,
    audit_log,
    basis,
    cameras,
    casefiles,
    catalogue,
    custody,
    duty,
    elsewhere,
    events,
    evidence,
    field,
    field_films,
    field_media,
    films,
    incidents,
    live,
    notices,
    papers,
    patterns,
    recordings,
    session,
    sightings,
    site,
    status,
    storage,
    supervision,
    suppressions,
    talks,
    tip,
    tips,
    transcripts,
    wording,
)
from console.context import Context, Ctx, ViewRegister
from console.metrics import Metrics
from console.rate import Rate
from console.security import SecurityHeaders
from console.services import Services
from console.sessions import Sessions
from console.tips.door import Door

# Within a minute, by one account: enough for a person, too few to search a network with.
PROBES = 12
SNAPSHOTS = 30


def create_app(services: Services) -> FastAPI:
    """The console as an ASGI application for one uvicorn process.

    Raises:
        ConsoleError: the session secret is too short.
    """
    metrics = Metrics(services)
    context = Context(
        services=services,
        sessions=Sessions(services.secret, services.clock, services.store),
        throttle=Throttle(services.clock),
        views=ViewRegister(services.store, services.clock),
        metrics=metrics,
        probes=Rate(services.clock, PROBES, 60),
        snapshots=Rate(services.clock, SNAPSHOTS, 60),
        discovering=threading.Lock(),
        tips=Door(services),
    )
    app = FastAPI(
        title="Wardwatch 望守",
        summary="Live wall, incidents, evidence and orders of one command centre.",
        version="1",
        openapi_url="/api/v1/openapi.json",
        # The usual documentation pages load scripts from other sites.
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    problems.install(app)
    app.add_middleware(SecurityHeaders, metrics=metrics)
    api = APIRouter(prefix="/api/v1")
    for room in (
        session, site, cameras, incidents, suppressions, evidence, films, recordings, status,
        events, live, casefiles, custody, storage, elsewhere, duty, notices, talks,
        catalogue, basis, papers, supervision, audit_log, field, field_media, field_films, alarms,
        transcripts, tip, tips, wording, patterns, sightings,
    ):  # fmt: skip
        api.include_router(room.router)
    api.include_router(evidence.audio)
    api.include_router(casefiles.incident)
    app.include_router(api)
    app.include_router(_probes())
    app.include_router(pages.pages(services.web_root))
    return app


def _probes() -> APIRouter:
    router = APIRouter(tags=["probes"])

    @router.get("/healthz")
    def healthz(ctx: Ctx) -> JSONResponse:
        """200 while the console and its database answer."""
        with ctx.services.store.read() as unit:
            unit.users.find(limit=1)
        return JSONResponse({"status": "ok"})

    @router.get("/metrics")
    def metrics(ctx: Ctx) -> Response:
        """Figures for Prometheus."""
        return Response(ctx.metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
