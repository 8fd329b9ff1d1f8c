"""What can be wrong with telemetry."""

from ingest.errors import IngestError


class TelemetryError(IngestError):
    """A telemetry file that cannot be used; names the file and the place in it."""


class KlvError(TelemetryError):
    """A KLV packet that cannot be decoded.

    Attributes:
        position: byte in the stream, from 0, at which the trouble begins.
    """

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"KLV byte {position}: {what}")
        self.position = position
        self.what = what
