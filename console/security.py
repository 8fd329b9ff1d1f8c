"""Headers that keep a browser from being used against its user."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import ProblemError
from console.metrics import Metrics
from console.problems import problem_response

# Everything comes from the console itself: the building may have no way to the internet, and no
# page may leak where its cameras are. MapLibre needs a worker, live video blob: sources.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self' {ws}",
        "worker-src 'self' blob:",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # The microphone is for live talk from the console itself.
    "permissions-policy": "camera=(), microphone=(self), geolocation=(), payment=(), usb=()",
}
# The officer's page takes pictures, speaks and knows where it is; no other page does.
_FIELD = {
    **_HEADERS,
    "permissions-policy": (
        "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=()"
    ),
}


# The public's page takes pictures and may ask where it is.
_TIP = {
    **_HEADERS,
    "permissions-policy": "camera=(self), microphone=(), geolocation=(self), payment=(), usb=()",
}
_OWN = {"/field": _FIELD, "/tip": _TIP}


def same_origin(headers: Headers) -> bool:
    """True unless a browser says that another site's page sent the request.

    Browsers put ``Origin`` on every WebSocket and on every request that is not a plain GET.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


class SecurityHeaders:
    """ASGI middleware: refuses cross-site writes, adds the headers, counts the answers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        # Older engines do not count ws: as 'self'. The host is echoed only when it is plain.
        plain = host.replace("-", "").replace(".", "").replace(":", "").strip("[]").isalnum()
        policy = _POLICY.format(ws=f"ws://{host} wss://{host}" if plain else "").strip()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                given["content-security-policy"] = policy
                for name, value in _OWN.get(scope["path"], _HEADERS).items():
                    given[name] = value
                if scope["path"].startswith("/api/"):
                    given.setdefault("cache-control", "no-store")
                self._metrics.requests.labels(f"{message['status'] // 100}xx").inc()
            await send(message)

        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not same_origin(headers):
            problem = ProblemError(403, "cross-site", "Requests from other sites are refused")
            await problem_response(problem, scope["path"])(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)
