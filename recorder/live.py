"""The live picture on its way to viewers: what a part is, and how it travels on a socket.

On the wire: ``u32`` length of the rest, ``u8`` type, payload; all big-endian. Type 0 is an
initialisation: ``u32`` length of a JSON object, the object, the init segment (ftyp, moov).
Type 1 is a fragment that starts with a key frame, type 2 any other; both are moof and mdat.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recorder.errors import RelayError

PART_MOST_BYTES = 32 << 20
READ_BYTES = 256 << 10
SOCKET_PATH_MOST = 107

Kind = Literal["init", "key", "delta"]
_TYPES: dict[Kind, int] = {"init": 0, "key": 1, "delta": 2}
_KINDS: dict[int, Kind] = {number: kind for kind, number in _TYPES.items()}


@dataclass(frozen=True)
class LiveInit:
    """What a player needs before the first fragment.

    Attributes:
        codec: for ``new MediaSource``: ``video/mp4; codecs="<codec>"``.
        width, height: pixels.
        zero_ns: UTC of media time 0, so that ``zero_ns + currentTime`` is the time of the
            picture shown.
        start_s: media time of the fragment that follows; seek there.
        fps: pictures a second as the camera declares them, 0 when it does not.
        session: number of the camera's session with the recorder; the same in two
            initialisations when the camera only went on with another picture.
    """

    codec: str
    width: int
    height: int
    zero_ns: int
    start_s: float
    fps: float = 0.0
    session: int = 1


@dataclass(frozen=True)
class LivePart:
    """One part of a live stream; ``info`` is there for ``init`` alone."""

    kind: Kind
    data: bytes
    info: LiveInit | None = None

    @property
    def number(self) -> int:
        """Running number of a fragment's picture (mfhd, §8.8.5); a gap was not sent."""
        return int.from_bytes(self.data[20:24], "big")

    def encode(self) -> bytes:
        """As it travels."""
        head = b""
        if self.info is not None:
            text = json.dumps(vars(self.info)).encode()
            head = struct.pack(">I", len(text)) + text
        size = 1 + len(head) + len(self.data)
        return struct.pack(">IB", size, _TYPES[self.kind]) + head + self.data

    @classmethod
    def decode(cls, body: bytes) -> "LivePart":
        """From what follows the length. Raises RelayError when it is not such a part."""
        try:
            kind = _KINDS[body[0]]
            if kind != "init":
                return cls(kind, body[1:])
            (length,) = struct.unpack_from(">I", body, 1)
            info = LiveInit(**json.loads(body[5 : 5 + length]))
            return cls(kind, body[5 + length :], info)
        except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
            raise RelayError(f"no live part: {error!r}") from error


def socket_path(run_dir: Path, camera: str) -> Path:
    """Where a camera's live picture is served.

    Raises:
        RelayError: the path is longer than the system allows for sockets.
    """
    path = run_dir / "live" / f"{camera}.sock"
    if len(bytes(path.absolute())) > SOCKET_PATH_MOST:
        raise RelayError(
            f"{path}: longer than {SOCKET_PATH_MOST} bytes, too long for a socket; "
            "choose a shorter data directory or camera id"
        )
    return path


class LiveReader:
    """A camera's live picture for a thread, part by part, as :func:`watch` gives it.

    Raises:
        RelayError: the camera is not relayed.
    """

    def __init__(self, run_dir: Path, camera: str) -> None:
        self._camera = camera
        self._buffer = bytearray()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(socket_path(run_dir, camera)))
        except BaseException as error:
            self._socket.close()
            if isinstance(error, OSError):
                raise _not_relayed(camera, error) from error
            raise

    def next(self, timeout_s: float) -> LivePart | None:
        """The next part; None when nothing came for ``timeout_s``.

        Raises:
            RelayError: the recorder closed the stream, or what comes is no live stream.
        """
        while (body := self._whole()) is None:
            self._socket.settimeout(timeout_s)
            try:
                data = self._socket.recv(READ_BYTES)
            except TimeoutError:
                return None
            except OSError:
                data = b""
            if not data:
                raise RelayError(f"camera {self._camera}: the recorder closed the live picture")
            self._buffer += data
        return LivePart.decode(body)

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()

    def _whole(self) -> bytes | None:
        if len(self._buffer) < 4:
            return None
        size = _checked_size(self._camera, self._buffer[:4])
        if len(self._buffer) < 4 + size:
            return None
        body = bytes(memoryview(self._buffer)[4 : 4 + size])
        del self._buffer[: 4 + size]
        return body


async def watch(run_dir: Path, camera: str) -> AsyncIterator[LivePart]:
    """A camera's live picture: ``init``, then the current group of pictures, then on and on.

    A new ``init`` follows whenever the camera reconnects. A viewer who does not keep up loses
    parts up to the next key frame. The iterator ends when the recorder closes the stream.

    Raises:
        RelayError: the camera is not relayed, or what comes is no live stream.
    """
    path = socket_path(run_dir, camera)
    try:
        reader, writer = await asyncio.open_unix_connection(str(path))
    except OSError as error:
        raise _not_relayed(camera, error) from error
    try:
        while True:
            try:
                size = _checked_size(camera, await reader.readexactly(4))
                body = await reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            yield LivePart.decode(body)
    finally:
        writer.close()


def _not_relayed(camera: str, error: OSError) -> RelayError:
    why = error.strerror
    return RelayError(f"camera {camera}: no live picture ({why}); is the recorder running?")


def _checked_size(camera: str, head: bytes | bytearray) -> int:
    size = int.from_bytes(head, "big")
    if not 0 < size <= PART_MOST_BYTES:
        raise RelayError(f"camera {camera}: a live part of {size} bytes is refused")
    return size
