"""The errors of this room."""

from core.errors import WardwatchError


class AlertsError(WardwatchError):
    """Something about an incident, an order or the catalogue that cannot be done."""


class TransitionError(AlertsError):
    """A step that the life cycle of an incident does not allow."""


class RoadsError(AlertsError):
    """A road map that cannot be used; names the file and the element or line."""
