"""What can go wrong with storage elsewhere."""

from recorder.errors import RecorderError


class RemoteError(RecorderError):
    """The storage did not do what it was asked to; names it and what to look at."""


class AwayError(RemoteError):
    """It cannot be reached, or has no time; later it may."""


class RefusedError(RemoteError):
    """It refuses: a person must change a setting here or there."""


class TakenError(RemoteError):
    """The name is taken; what bears it is left alone."""


class GoneError(RemoteError):
    """There is nothing of that name."""


class LockedError(RemoteError):
    """It must not be deleted yet.

    Attributes:
        until_ns: until when; None: until a person lifts a legal hold.
    """

    def __init__(self, message: str, until_ns: int | None) -> None:
        super().__init__(message)
        self.until_ns = until_ns


class DiffersError(RemoteError):
    """What lies there, or here, is not what was sealed."""
