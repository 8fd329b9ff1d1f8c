"""What can go wrong with case files."""

from recorder.errors import RecorderError


class CaseFileError(RecorderError):
    """A case file that cannot be made or opened; names the incident or the file."""
