"""What can go wrong with case files."""

from recorder.errors import RecorderError


class CaseFileError(RecorderError):
    """A case file that cannot be made or opened; names the incident or the file."""


class StoppedError(CaseFileError):
    """The program ends; what was made of the export is gone on with when it runs again."""
