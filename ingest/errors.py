"""What can go wrong between a camera and us."""

from core.errors import WardwatchError


class IngestError(WardwatchError):
    """A source that cannot be read; names the camera or the file."""


class RefusedError(IngestError):
    """The camera answered and said no: wrong password, no such path, no such transport."""


class SignInError(RefusedError):
    """The camera did not accept user name and password; cameras count such attempts."""


class CorruptFileError(IngestError):
    """A file whose video cannot be decoded to its end."""
