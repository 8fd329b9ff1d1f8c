"""One viewer of one live stream: a slow one jumps ahead instead of falling behind.

The fragments between the camera and the browser wait in a queue that is short in time. When it
overflows everything in it is thrown away and sending goes on with the next key frame, so that a
viewer on a bad line sees fewer pictures but never old ones, and memory stays bounded.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from console.services import LivePart

MAX_WAITING_PARTS = 100  # about four seconds at 25 fragments a second
MAX_WAITING_BYTES = 8_000_000
WELCOME = 15  # a viewer starts with the whole running group of pictures in one go


class ViewerQueue:
    """Parts waiting for one viewer, within one event loop."""

    def __init__(
        self, max_parts: int = MAX_WAITING_PARTS, max_bytes: int = MAX_WAITING_BYTES
    ) -> None:
        self._parts: deque[LivePart] = deque()
        self._bytes = 0
        self._max_parts = max_parts
        self._max_bytes = max_bytes
        self._need_key = True
        self._caught_up = False
        self._init: LivePart | None = None
        self._ended = False
        self._ready = asyncio.Event()
        self.dropped = 0

    def put(self, part: LivePart) -> None:
        """Take a part from the camera; never waits."""
        if part.kind == "init":
            # Fragments of another initialisation cannot be decoded any more.
            self._drop_all()
            self._init = part
            self._need_key = True
        elif self._need_key and part.kind == "delta":
            self.dropped += 1
            return
        else:
            self._need_key = False
            self._parts.append(part)
            self._bytes += len(part.data)
            room = 1 if self._caught_up else WELCOME
            if len(self._parts) > self._max_parts * room or self._bytes > self._max_bytes * room:
                self._drop_all()
                if part.kind == "key" and len(part.data) <= self._max_bytes:
                    self._parts.append(part)
                    self._bytes = len(part.data)
                    self.dropped -= 1
                else:
                    self._need_key = True
        self._ready.set()

    def end(self) -> None:
        """No more parts will come."""
        self._ended = True
        self._ready.set()

    async def take(self) -> LivePart | None:
        """The next part, the initialisation always first; None at the end."""
        while True:
            if self._init is not None:
                part, self._init = self._init, None
                return part
            if self._parts:
                part = self._parts.popleft()
                self._bytes -= len(part.data)
                return part
            if self._ended:
                return None
            self._caught_up = True
            self._ready.clear()
            await self._ready.wait()

    async def fill(self, source: AsyncIterator[LivePart]) -> None:
        """Read the camera's stream to its end."""
        try:
            async for part in source:
                self.put(part)
        finally:
            self.end()

    def _drop_all(self) -> None:
        self.dropped += len(self._parts)
        self._parts.clear()
        self._bytes = 0
