"""Errors as ``application/problem+json`` (RFC 9457)."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from console.errors import ProblemError
from core.playback import NotAnsweringError, NotRecordedError

_log = structlog.get_logger()


def problem_response(problem: ProblemError, path: str) -> JSONResponse:
    """The response that tells a browser about the problem."""
    content: dict[str, object] = {
        "type": f"urn:wardwatch:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "instance": path,
    }
    if problem.detail:
        content["detail"] = problem.detail
    return JSONResponse(
        content,
        problem.status,
        headers={**problem.headers, "cache-control": "no-store"},
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Let the application answer every error this way."""

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, error: ProblemError) -> Response:
        return problem_response(error, request.url.path)

    @app.exception_handler(NotRecordedError)
    async def _not_recorded(request: Request, error: NotRecordedError) -> Response:
        problem = ProblemError(404, "not-recorded", "Nothing of that is recorded", str(error))
        return problem_response(problem, request.url.path)

    @app.exception_handler(NotAnsweringError)
    async def _not_answering(request: Request, error: NotAnsweringError) -> Response:
        problem = ProblemError(
            503, "disk", "The recordings do not answer", str(error), {"retry-after": "10"}
        )
        return problem_response(problem, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        # The value given is left out on purpose: it may be a password.
        lines = (
            f"{'.'.join(str(part) for part in one['loc'])}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        problem = ProblemError(422, "invalid", "The request is not valid", "; ".join(lines))
        return problem_response(problem, request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        title = HTTPStatus(error.status_code).phrase
        detail = "" if error.detail == title else str(error.detail)
        code = title.lower().replace(" ", "-")
        problem = ProblemError(error.status_code, code, title, detail, error.headers)
        return problem_response(problem, request.url.path)

    @app.exception_handler(OperationalError)
    async def _database(request: Request, error: OperationalError) -> Response:
        _log.error("console.database", path=request.url.path, error=str(error.orig))
        problem = ProblemError(
            503, "database", "The database does not answer", "Try again.", {"retry-after": "5"}
        )
        return problem_response(problem, request.url.path)

    @app.exception_handler(ClientDisconnect)
    async def _gone(request: Request, _error: ClientDisconnect) -> Response:
        # A phone in a dead zone; nobody reads the answer, and what it carried comes again.
        _log.info("console.upload_broken_off", path=request.url.path)
        problem = ProblemError(400, "broken-off", "The request was not received whole")
        return problem_response(problem, request.url.path)

    @app.exception_handler(Exception)
    async def _defect(request: Request, error: Exception) -> Response:
        _log.error("console.defect", path=request.url.path, exc_info=error)
        problem = ProblemError(500, "defect", "Something went wrong", "It was written to the log.")
        return problem_response(problem, request.url.path)
