"""The room's one family of errors."""

from core.errors import WardwatchError


class DroneError(WardwatchError):
    """A pose, pixel or route that cannot be used; says which and why."""


class HorizonError(DroneError):
    """The pixel shows no ground: it lies at or above the horizon, or too near to it."""
