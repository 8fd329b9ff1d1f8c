"""How the demo's people at the desk use the console: by HTTP, each with a sign-in of their own."""

from collections.abc import Callable
from typing import Any

import httpx

from core.errors import WardwatchError

API = "/api/v1"

Connect = Callable[[], httpx.Client]


class DeskError(WardwatchError):
    """The console did not do what was asked."""


def sign_in(connect: Connect, name: str, password: str) -> httpx.Client:
    """A client of that account; the caller closes it."""
    client = connect()
    try:
        session = post(client, "/session", {"name": name, "password": password})
    except BaseException:
        client.close()
        raise
    client.headers["x-csrf-token"] = session["csrf"]
    return client


def get(client: httpx.Client, path: str) -> Any:
    """What the console answers; raises :class:`DeskError` when it refuses."""
    return _read(client.get(API + path))


def post(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    """What the console answers; raises :class:`DeskError` when it refuses."""
    return _read(client.post(API + path, json=body))


def _read(answer: httpx.Response) -> Any:
    if answer.is_error:
        where = f"{answer.request.method} {answer.request.url.path}"
        raise DeskError(f"{where}: {answer.status_code} {answer.text[:200]}")
    return answer.json()
