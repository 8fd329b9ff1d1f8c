"""What can go wrong at the console, for people and for browsers."""

from collections.abc import Mapping

from core.errors import WardwatchError


class ConsoleError(WardwatchError):
    """The console cannot do what it was asked to; says what and where."""


class ProblemError(ConsoleError):
    """An error a browser is told about as ``application/problem+json`` (RFC 9457).

    Attributes:
        status: HTTP status code.
        code: a short stable word a program may branch on; becomes the problem's ``type``.
        title: what kind of problem it is, the same for every occurrence.
        detail: what happened this time.
        headers: further response headers, e.g. ``Retry-After``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})


def not_found(what: str, key: str) -> ProblemError:
    """No such camera, incident or evidence."""
    return ProblemError(404, "not-found", f"No such {what}", f"There is no {what} {key!r}.")
