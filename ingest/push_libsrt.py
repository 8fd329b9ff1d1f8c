"""The few functions of libsrt that a listener needs (https://haivision.github.io/srt-rfc).

Names and numbers are those of ``srt.h``. The library is looked for when first needed; without
it everything else works and this says what to install.
"""

import ctypes
import socket
import struct
import threading
from functools import cache

SRT_INVALID = -1
SRTO_RCVSYN, SRTO_RCVTIMEO, SRTO_LATENCY, SRTO_PASSPHRASE, SRTO_STREAMID = 2, 14, 23, 26, 46
SRT_EPOLL_IN, SRT_EPOLL_ERR = 1, 8
SRT_ETIMEOUT = 6003
NAMES = ("libsrt.so.1.5", "libsrt-gnutls.so.1.5", "libsrt-openssl.so.1.5", "libsrt.dylib")
MESSAGE_BYTES = 1500
STREAM_ID_BYTES = 512

_starting = threading.Lock()


class SrtError(Exception):
    """libsrt said no; what it said."""


@cache
def library() -> ctypes.CDLL:
    """libsrt, started.

    Raises:
        SrtError: it is not installed.
    """
    with _starting:
        for name in NAMES:
            try:
                found = ctypes.CDLL(name)
            except OSError:
                continue
            found.srt_getlasterror_str.restype = ctypes.c_char_p
            found.srt_startup()
            return found
    raise SrtError("SRT needs libsrt 1.5, which is not installed; apt install libsrt1.5-gnutls")


class Listener:
    """A listening socket, IPv4, live mode."""

    def __init__(self, host: str, port: int, passphrase: str | None, latency_ms: int) -> None:
        self._srt = library()
        self._socket = _checked(self._srt.srt_create_socket())
        try:
            _set(self._socket, SRTO_RCVSYN, struct.pack("=i", 0))
            _set(self._socket, SRTO_LATENCY, struct.pack("=i", latency_ms))
            if passphrase is not None:
                _set(self._socket, SRTO_PASSPHRASE, passphrase.encode())
            address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port)
            address += socket.inet_aton(host) + bytes(8)  # struct sockaddr_in
            _checked(self._srt.srt_bind(self._socket, address, len(address)))
            _checked(self._srt.srt_listen(self._socket, 1))
        except (SrtError, OSError) as error:
            self._srt.srt_close(self._socket)
            raise SrtError(f"cannot listen there ({error})") from None
        self._poll = _Poll(self._socket)

    def accept(self, wait_s: float) -> "Session | None":
        """The next sender, or None when none came in time."""
        if not self._poll.wait(wait_s):
            return None
        taken = self._srt.srt_accept(self._socket, None, None)
        return None if taken == SRT_INVALID else Session(taken)

    def close(self) -> None:
        self._poll.close()
        self._srt.srt_close(self._socket)


class Session:
    """One sender.

    Attributes:
        stream_id: what it named itself, may be empty.
    """

    def __init__(self, taken: int) -> None:
        self._srt = library()
        self._socket = taken
        self._open = True
        _set(taken, SRTO_RCVSYN, struct.pack("=i", 1))
        self._buffer = ctypes.create_string_buffer(MESSAGE_BYTES)
        name = ctypes.create_string_buffer(STREAM_ID_BYTES + 1)
        size = ctypes.c_int(STREAM_ID_BYTES)
        self._srt.srt_getsockflag(taken, SRTO_STREAMID, name, ctypes.byref(size))
        self.stream_id = name.raw[: max(0, size.value)].rstrip(b"\0").decode("utf-8", "replace")

    def receive(self, wait_s: float) -> bytes | None:
        """The next message; None when none came in time, b"" when the sender is gone."""
        try:
            _set(self._socket, SRTO_RCVTIMEO, struct.pack("=i", max(1, round(wait_s * 1000))))
        except SrtError:
            return b""  # it went between two messages
        count = self._srt.srt_recvmsg(self._socket, self._buffer, MESSAGE_BYTES)
        if count > 0:
            return self._buffer.raw[:count]
        if count < 0 and self._srt.srt_getlasterror(None) == SRT_ETIMEOUT:
            return None
        return b""

    def close(self) -> None:
        if self._open:
            self._open = False
            self._srt.srt_close(self._socket)


class _Poll:
    """Waits for one socket."""

    def __init__(self, watched: int) -> None:
        self._srt = library()
        self._id = _checked(self._srt.srt_epoll_create())
        events = ctypes.c_int(SRT_EPOLL_IN | SRT_EPOLL_ERR)
        _checked(self._srt.srt_epoll_add_usock(self._id, watched, ctypes.byref(events)))

    def wait(self, wait_s: float) -> bool:
        """True when there is something to read, or the socket broke."""
        ready, count = (ctypes.c_int * 2)(), ctypes.c_int(2)
        milliseconds = ctypes.c_int64(max(1, round(wait_s * 1000)))
        number = self._srt.srt_epoll_wait(
            self._id, ready, ctypes.byref(count), None, None, milliseconds, None, None, None, None
        )
        return bool(number > 0)

    def close(self) -> None:
        self._srt.srt_epoll_release(self._id)


def _set(to: int, option: int, value: bytes) -> None:
    _checked(library().srt_setsockflag(to, option, value, len(value)))


def _checked(answer: int) -> int:
    if answer == SRT_INVALID:
        raise SrtError(library().srt_getlasterror_str().decode("utf-8", "replace"))
    return answer
