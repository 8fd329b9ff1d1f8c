"""Debian's baresip: a SIP telephone that answers by itself, over UDP, TCP and TLS."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.broadcast.certificates import Certificate, self_signed

CONFIG = """poll_method epoll
sip_listen 127.0.0.1:{port}
sip_certificate {certificate}
net_interface 127.0.0.1
audio_player aubridge,pipe
audio_source aubridge,pipe
audio_alert aubridge,pipe
module_path {modules}
module stdio.so
module g711.so
module aubridge.so
module_tmp account.so
module_app menu.so
"""
MISSING = "install baresip-core"


@dataclass(frozen=True)
class Baresip:
    """A running one: where it is called, whom its TLS shows, and what it logs."""

    port: int
    certificate: Certificate
    log: Path

    @property
    def uris(self) -> dict[str, str]:
        """Its address by each way; it takes TLS at the next port."""
        return {
            "udp": f"sip:horn@127.0.0.1:{self.port}",
            "tcp": f"sip:horn@127.0.0.1:{self.port};transport=tcp",
            "tls": f"sip:horn@127.0.0.1:{self.port + 1};transport=tls",
            "sips": f"sips:horn@127.0.0.1:{self.port + 1}",
        }

    def told(self, words: str) -> int:
        """How often it has logged these words."""
        return self.log.read_text().count(words)

    def await_told(self, words: str, count: int) -> None:
        """Wait until it has logged them so often."""
        end_s = time.monotonic() + 60
        while self.told(words) < count:
            if time.monotonic() > end_s:
                raise AssertionError(f"baresip does not say {words!r}: {self.log.read_text()}")
            time.sleep(0.01)


def modules() -> Path | None:
    """Where its modules lie; None where it is not installed."""
    found = next(Path("/usr/lib").glob("**/baresip/modules"), None)
    return found if shutil.which("baresip") else None


@contextmanager
def running(folder: Path) -> Iterator[Baresip]:
    """Start one and end it."""
    one = Baresip(_free_port(), self_signed(folder), folder / "log")
    (folder / "config").write_text(
        CONFIG.format(port=one.port, certificate=one.certificate.secret, modules=modules())
    )
    (folder / "accounts").write_text("<sip:horn@127.0.0.1>;regint=0;answermode=auto\n")
    (folder / "contacts").write_text("")
    with (
        one.log.open("w") as out,
        subprocess.Popen(
            ["baresip", "-f", str(folder)], stdin=subprocess.PIPE, stdout=out, stderr=out
        ) as process,
    ):
        try:
            one.await_told("baresip is ready", 1)
            yield one
        finally:
            process.terminate()


def _free_port() -> int:
    """A port that is free for UDP and TCP, and the one behind it, too."""
    for _ in range(50):
        with ExitStack() as held:
            first = held.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = int(first.getsockname()[1])
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port + 1)))
                probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no two ports free behind each other")
