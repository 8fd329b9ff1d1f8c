"""Starting the GStreamer camera of ``gst_server.py`` and ending it again."""

import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

import pytest

PYTHON = Path("/usr/bin/python3")
SERVER = Path(__file__).with_name("gst_server.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GstCamera:
    """An RTSP server in a process of its own, at the same address whenever it runs."""

    def __init__(self, *credentials: str, **mounts: dict[str, object]) -> None:
        self.port = free_port()
        self._mounts = {f"/{name}": options for name, options in mounts.items()}
        self._credentials = credentials
        self._process: subprocess.Popen[str] | None = None

    def url(self, name: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def start(self) -> Self:
        self._process = subprocess.Popen(
            [PYTHON, SERVER, str(self.port), json.dumps(self._mounts), *self._credentials],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            self.stop()
            pytest.skip("GStreamer's RTSP server is not installed (gst-rtsp-server, python3-gi)")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stand still with the connection open, as a hung camera does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
