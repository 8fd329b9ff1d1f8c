"""What can be wrong with a signature."""

from recorder.errors import RecorderError


class SigningError(RecorderError):
    """A signature that cannot be read, or a file whose signatures cannot be looked for."""
