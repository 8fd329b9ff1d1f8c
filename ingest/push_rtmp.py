"""RTMP, as phones, body-camera gateways and DJI's live streaming push it.

FFmpeg's RTMP server takes one sender at a time and does not check the stream key, so the key is
no password: listen on the address of the devices' network and let the firewall name them.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import av
from av.container import InputContainer

from core.clock import Clock
from ingest.errors import IngestError
from ingest.push import SLICE_S, PushSource

# Parameter sets come first in RTMP, while sound that is announced may never come: look briefly.
OPTIONS = {"listen": "1", "analyzeduration": "300000", "fpsprobesize": "2"}

_PATH = re.compile(r"[\w-]+(/[\w-]+)+", re.ASCII)


class RtmpSource(PushSource):
    """Listens at ``rtmp://host:port/path`` where ``path`` is ``application/key``."""

    def __init__(
        self,
        camera: str,
        clock: Clock,
        port: int = 1935,
        *,
        host: str = "0.0.0.0",
        path: str = "live/camera",
        **more: Any,
    ) -> None:
        super().__init__(camera, clock, **more)
        if not _PATH.fullmatch(path):
            raise IngestError(
                f"camera {camera}: {path!r} is no RTMP path; write application/key in plain letters"
            )
        try:
            address = ipaddress.ip_address(host)
        except ValueError as error:
            raise IngestError(f"camera {camera}: {error}; write an IP address") from None
        self._knock_at = ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(address), host), port)
        shown = f"[{host}]" if address.version == 6 else host
        # The key stays out of messages: pushers treat it as a secret.
        self._where = f"rtmp://{shown}:{port}/{path.split('/')[0]}/…"
        self._url = f"rtmp://{shown}:{port}/{path}"

    @property
    def where(self) -> str:
        return self._where

    def listen(self, wait_s: float) -> InputContainer:
        try:
            with self._woken_to_stop():
                return av.open(
                    self._url,
                    mode="r",
                    format="flv",
                    options=dict(OPTIONS),
                    timeout=(wait_s, self.stall_s),
                )
        except (av.error.FFmpegError, OSError) as error:
            raise self.explain(error) from None

    @contextmanager
    def _woken_to_stop(self) -> Iterator[None]:
        """Nothing else ends FFmpeg's wait for a sender early: told to stop, we knock ourselves."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(SLICE_S):
                if self.told_to_stop:
                    with suppress(OSError):
                        socket.create_connection(self._knock_at, 1.0).close()

        watcher = threading.Thread(target=watch, name=f"rtmp-{self.camera}", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
