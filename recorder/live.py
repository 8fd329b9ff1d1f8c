"""The live picture on its way to viewers: what a part is, and how it travels on a socket.

On the wire: ``u32`` length of the rest, ``u8`` type, payload; all big-endian. Type 0 is an
initialisation: ``u32`` length of a JSON object, the object, the init segment (ftyp, moov).
Type 1 is a fragment that starts with a key frame, type 2 any other; both are moof and mdat.
"""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recorder.errors import RelayError

PART_MOST_BYTES = 32 << 20
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
    """

    codec: str
    width: int
    height: int
    zero_ns: int
    start_s: float


@dataclass(frozen=True)
class LivePart:
    """One part of a live stream; ``info`` is there for ``init`` alone."""

    kind: Kind
    data: bytes
    info: LiveInit | None = None

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
        raise RelayError(
            f"camera {camera}: no live picture ({error.strerror}); is the recorder running?"
        ) from error
    try:
        while True:
            try:
                size = int.from_bytes(await reader.readexactly(4), "big")
                if not 0 < size <= PART_MOST_BYTES:
                    raise RelayError(f"camera {camera}: a live part of {size} bytes is refused")
                body = await reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            yield LivePart.decode(body)
    finally:
        writer.close()
