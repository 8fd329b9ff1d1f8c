"""What can go wrong in the virtual camera."""

from core.errors import WardwatchError


class VirtualCameraError(WardwatchError):
    """The virtual camera cannot be built or started."""


class RtspSyntaxError(WardwatchError):
    """Bytes on an RTSP connection that are no RTSP; the connection is answered and closed.

    Attributes:
        status: the RTSP status code to answer with.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
