"""What can go wrong between us and a camera's ONVIF services."""

from ingest.errors import IngestError, RefusedError


class OnvifError(IngestError):
    """An operation that failed; the message names the camera and the operation."""


class OnvifRefusedError(OnvifError, RefusedError):
    """The camera did not accept the user name and password."""


class OnvifUnreachableError(OnvifError):
    """Nothing answers, or not in time; asking for something else would only take longer."""


class OnvifUnsupportedError(OnvifError):
    """The camera has no such service."""


class OnvifFault(OnvifError):  # noqa: N818 (the SOAP specification calls it a fault)
    """The camera answered with a SOAP fault.

    Attributes:
        codes: value and subcodes without their prefixes, outermost first.
    """

    def __init__(self, message: str, codes: tuple[str, ...]) -> None:
        super().__init__(message)
        self.codes = codes


class AnswerError(IngestError):
    """Bytes or values that are no answer to the question; becomes an :class:`OnvifError`."""


class SilenceError(AnswerError):
    """No answer at all; becomes an :class:`OnvifUnreachableError`."""
