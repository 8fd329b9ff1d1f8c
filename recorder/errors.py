"""What can go wrong with recordings and evidence."""

from core.errors import WardwatchError


class RecorderError(WardwatchError):
    """A recording that cannot be written or read; names the camera or the file."""


class NothingRecordedError(RecorderError):
    """Nothing of the wanted range is on disk."""


class VaultError(RecorderError):
    """Evidence that cannot be sealed."""


class RelayError(RecorderError):
    """A live picture that cannot be had."""
