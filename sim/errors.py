"""The simulator's errors."""

from core.errors import WardwatchError


class SimulatorError(WardwatchError):
    """The simulator was asked for something it cannot do."""


class UnknownSceneError(SimulatorError):
    """There is no scene of that name."""
