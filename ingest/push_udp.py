"""MPEG-TS over UDP, to one port or a multicast group: what drone gateways and encoders send.

UDP has no sign-in: whoever reaches the port can send pictures. Listen on the address of the
drones' network, and name the sender in ``allow`` where its address is fixed.
"""

import ipaddress
from typing import Any
from urllib.parse import urlencode

import av
from av.container import InputContainer

from core.clock import Clock
from ingest.errors import IngestError
from ingest.push import PROBE_TS, PushSource

FIFO_PACKETS = 4096  # of 188 bytes; 0.8 s at 8 Mbit/s


class UdpTsSource(PushSource):
    """Listens at ``host:port``.

    Args:
        host: a local address, or a multicast group.
        allow: the only address that may send; None lets everybody.
        more: see :class:`PushSource`.
    """

    def __init__(
        self,
        camera: str,
        clock: Clock,
        port: int,
        *,
        host: str = "0.0.0.0",
        allow: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(camera, clock, **more)
        try:
            address = ipaddress.ip_address(host)
            allowed = ipaddress.ip_address(allow) if allow else None
        except ValueError as error:
            raise IngestError(f"camera {camera}: {error}; write an IP address") from None
        settings = {"overrun_nonfatal": "1", "fifo_size": str(FIFO_PACKETS), "reuse": "0"}
        if not address.is_multicast:
            settings["localaddr"] = host
        if allowed:
            settings["sources"] = str(allowed)
        shown = f"[{host}]" if address.version == 6 else host
        self._where = f"udp://{shown}:{port}"
        self._url = f"{self._where}?{urlencode(settings)}"

    @property
    def where(self) -> str:
        return self._where

    def listen(self, wait_s: float) -> InputContainer:
        try:
            return av.open(
                self._url,
                mode="r",
                format="mpegts",
                options=dict(PROBE_TS),
                timeout=(wait_s, self.stall_s),
            )
        except (av.error.FFmpegError, OSError) as error:
            raise self.explain(error) from None
