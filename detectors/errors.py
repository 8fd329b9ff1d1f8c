"""The room's family of errors."""

from core.errors import WardwatchError


class DetectorError(WardwatchError):
    """Something in detection that a person can mend."""


class ModelFileError(DetectorError):
    """A model file is missing, broken, or not of the family its card names."""


class RuntimeChoiceError(DetectorError):
    """The runtime or device asked for is not there."""


class EngineClosedError(DetectorError):
    """The inference service was asked after it had been closed."""
