"""Many cameras from one process: pre-encoded loops behind the virtual camera's server.

Shared by the benchmarks that need more cameras than can be drawn and encoded while measuring.
"""

import asyncio
import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection as Pipe
from typing import Literal, Self

import cv2
import numpy as np
import structlog

from core.clock import NS_PER_S, SystemClock
from sim.camera import server as limits
from sim.camera.connection import Connection
from sim.camera.digest import Authenticator
from sim.camera.door import close_door
from sim.camera.encoder import Encoder
from sim.camera.server import Rules, Server
from sim.camera.session import Camera
from sim.camera.stream import AccessUnit, Stream

USER, PASSWORD = "operator", "bench"
KEY_EVERY_S = 1

Sizes = Mapping[str, tuple[int, int]]
Picture = tuple[bool, tuple[bytes, ...]]
Order = Literal["shut", "open", "doors", "end"]


class Feeder:
    """A process that serves ``/c0/KIND`` … on a port of its own, until the end of the block.

    Args:
        sizes: of the streams each camera has, by kind.
    """

    def __init__(self, cameras: int, sizes: Sizes, fps: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_run, args=(cameras, dict(sizes), fps, theirs), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        self.port: int = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send("end")
        self._process.join(10)

    def shut(self) -> None:
        """All cameras vanish: connections are reset, new ones refused."""
        self._ask("shut")

    def open(self) -> None:
        """All cameras are there again."""
        self._ask("open")

    def came_ns(self) -> list[int]:
        """When each connection so far was taken, on the monotonic clock."""
        found = self._ask("doors")
        assert isinstance(found, list)
        return found

    def _ask(self, order: Order) -> object:
        self._pipe.send(order)
        return self._pipe.recv()


def _run(cameras: int, sizes: Sizes, fps: int, pipe: Pipe) -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    asyncio.run(_Desk(cameras, sizes, fps).serve(pipe))


class _Loop:
    """Stands where a scene's feed stands: streams whose pictures were encoded beforehand."""

    def __init__(self, name: str, sizes: Sizes, fps: int) -> None:
        self.name = name
        self.streams = {kind: Stream(size, fps) for kind, size in sizes.items()}

    def now_ns(self) -> int:
        return SystemClock().utc_ns()


class _Desk:
    def __init__(self, cameras: int, sizes: Sizes, fps: int) -> None:
        self._fps = fps
        self._pictures = {kind: _encoded(size, fps) for kind, size in sizes.items()}
        self._loops = [_Loop(f"c{number}", sizes, fps) for number in range(cameras)]
        self._clock = SystemClock()
        self._connections: set[Connection] = set()
        self._came_ns: list[int] = []
        self._server = Server(
            # A loop is a feed as far as sessions ask: it has streams and a time.
            {loop.name: Camera(loop.name, loop) for loop in self._loops},  # type: ignore[arg-type]
            Authenticator(USER, PASSWORD, realm="bench", basic=False),
            self._clock,
            Rules(),
            lambda _camera, _talk: None,
        )
        limits.SESSIONS_LIMIT = 4 * cameras + 16

    async def serve(self, pipe: Pipe) -> None:
        door = await self._open(0)
        port = door.sockets[0].getsockname()[1]
        pipe.send(port)
        start_ns, index = self._clock.utc_ns(), 0
        while True:
            if pipe.poll():
                order: Order = pipe.recv()
                if order == "end":
                    return
                if order == "shut":
                    await close_door(door)
                    for connection in tuple(self._connections):
                        connection.reset()
                elif order == "open":
                    door = await self._open(port)
                pipe.send(self._came_ns)
            await self._picture(index, start_ns + index * NS_PER_S // self._fps)
            index += 1

    async def _picture(self, index: int, due_ns: int) -> None:
        """One of every camera. They are not in step: each has its turn within the interval."""
        for number, loop in enumerate(self._loops):
            turn_ns = due_ns + number * NS_PER_S // self._fps // len(self._loops)
            await asyncio.sleep(max(0.0, (turn_ns - self._clock.utc_ns()) / NS_PER_S))
            for kind, stream in loop.streams.items():
                key, cut = self._pictures[kind][index % len(self._pictures[kind])]
                stream.deliver(AccessUnit(turn_ns, key, cut))

    async def _open(self, port: int) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            self._connection, "127.0.0.1", port, backlog=1024
        )

    def _connection(self) -> Connection:
        self._came_ns.append(self._clock.monotonic_ns())
        return Connection(self._server, self._connections)


def _encoded(size: tuple[int, int], fps: int) -> list[Picture]:
    """Two seconds of a textured ground with a moving box, about 1.5 Mbit/s at 720p."""
    encoder, dice = Encoder(size, fps), np.random.default_rng(1)
    coarse = dice.integers(60, 190, (24, 40, 3), dtype=np.uint8)
    ground = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    found = []
    for index in range(2 * fps):
        picture = np.ascontiguousarray(np.roll(ground, index, axis=1))
        left = 20 * index
        cv2.rectangle(picture, (left, 40), (left + 60, 160), (40, 220, 240), -1)
        units = encoder.encode(picture, index / fps, key=index % (KEY_EVERY_S * fps) == 0)
        found.append((encoder.sets.is_key(units), tuple(encoder.sets.payloads(units))))
    return found
