"""What can go wrong with sealing."""

from recorder.errors import RecorderError


class SealError(RecorderError):
    """Something that cannot be signed, logged or stamped; names the file."""


class KeyFileError(SealError):
    """A signing key that must not or cannot be used."""


class LogError(SealError):
    """The site's log is not what it should be."""


class StampError(SealError):
    """No time-stamp was to be had; sealing goes on without."""
