"""A door that is closed in the face of somebody."""

import asyncio
import socket

import pytest

from sim.camera.door import close_door


class Greeter(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"here")
        transport.close()


@pytest.mark.parametrize("turns", range(6))
def test_who_was_let_in_is_attended_to(turns: int) -> None:
    """At whatever turn of the loop the door is closed: greeted, or turned away; never hung."""
    problems: list[str] = []

    async def scene() -> bytes:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: problems.append(context["message"]))
        door = await loop.create_server(Greeter, "127.0.0.1", 0)
        with socket.create_connection(door.sockets[0].getsockname()) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            await close_door(door)
            client.setblocking(False)
            try:
                return await asyncio.wait_for(loop.sock_recv(client, 16), 30)
            except ConnectionResetError:
                return b"turned away"

    assert asyncio.run(scene()) in (b"here", b"turned away")
    assert problems == []
