"""Closing a listening socket of asyncio without losing who is just coming in."""

import asyncio

_SETTLE_TURNS = 5


async def close_door(door: asyncio.Server) -> None:
    """Take no more connections, let those just taken get their protocol, then close.

    Between accepting a socket and attaching it to its server asyncio lets the loop turn once or
    twice. A server that is closed in between drops the socket with an error, and the client's
    connection hangs until the garbage collector finds it.
    """
    loop = asyncio.get_running_loop()
    for sock in door.sockets:
        loop.remove_reader(sock.fileno())
    for _ in range(_SETTLE_TURNS):
        await asyncio.sleep(0)
    door.close()
