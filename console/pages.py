"""The built web pages: hashed assets for ever, ``index.html`` for every address of the app.

The officer's page and the public's are apps of their own: a phone loads ``field.html`` or
``tip.html`` and nothing of the console.
"""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response

from console.errors import ProblemError

_FOREVER = "public, max-age=31536000, immutable"
_APPS = ("field", "tip")
_NOT_BUILT = "The web pages are not built yet. Run: make web\n网页尚未构建，请运行: make web\n"


def pages(web_root: Path) -> APIRouter:
    """Serve what lies in ``web_root`` and nothing outside it."""
    router = APIRouter(include_in_schema=False)
    base = web_root.resolve()

    @router.get("/{path:path}")
    @router.head("/{path:path}")
    def page(path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            raise ProblemError(404, "not-found", "No such address", f"/{path}")
        file = (base / path).resolve() if "\0" not in path else base
        if file.is_relative_to(base) and file.is_file() and file != base / "index.html":
            cache = _FOREVER if file.is_relative_to(base / "assets") else "no-cache"
            return FileResponse(file, headers={"cache-control": cache})
        if path in _APPS and (base / f"{path}.html").is_file():
            return FileResponse(base / f"{path}.html", headers={"cache-control": "no-cache"})
        if Path(path).suffix or not (base / "index.html").is_file():
            if not (base / "index.html").is_file() and not Path(path).suffix:
                return PlainTextResponse(_NOT_BUILT, 503)
            raise ProblemError(404, "not-found", "No such page", f"/{path}")
        return FileResponse(base / "index.html", headers={"cache-control": "no-cache"})

    return router
