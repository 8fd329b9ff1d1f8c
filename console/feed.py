"""From bus tails (any thread) to browsers (server-sent events), never blocking the sender.

Every message holds the whole of what it is about, so a listener that is slow needs only the
latest one for each thing: a listener's queue keeps one entry a thing and is therefore bounded by
the number of cameras, officers and incidents, not by how far behind the browser is.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from console.errors import ConsoleError
from core.cases import Notice, OfficerPosition
from core.fieldwork import FieldAlarm, FilmNow
from core.messages import CameraHealth, IncidentChanged, ObjectsSeen
from core.storage import StorageState
from core.tips import TipChanged
from core.value import Value

Topic = Literal[
    "incidents",
    "positions",
    "health",
    "objects",
    "storage",
    "notices",
    "alarms",
    "films",
    "watching",
    "tips",
]
TOPICS: tuple[Topic, ...] = get_args(Topic)
MAX_WAITING = 2000

Item = tuple[str, Value | None]


class Listener:
    """One browser's bounded queue of messages; lives in one event loop."""

    def __init__(self, topics: Collection[str], loop: asyncio.AbstractEventLoop) -> None:
        self.topics = frozenset(topics)
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: OrderedDict[tuple[str, str], Value] = OrderedDict()
        self._lost = False
        self._ready = asyncio.Event()

    def offer(self, topic: str, key: str, message: Value) -> None:
        """Take a message, from any thread; an older one about the same thing is replaced."""
        with self._lock:
            self._waiting[(topic, key)] = message
            while len(self._waiting) > MAX_WAITING:
                self._waiting.popitem(last=False)
                self._lost = True
        try:
            self._loop.call_soon_threadsafe(self._ready.set)
        except RuntimeError:
            # The loop has closed between two messages; this listener is about to be removed.
            return

    async def take(self, timeout_s: float) -> list[Item]:
        """Everything that waits; an empty list after ``timeout_s`` of silence.

        A ``("resync", None)`` in front says that messages were lost and lists must be reloaded.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return []
        with self._lock:
            self._ready.clear()
            items: list[Item] = [(topic, message) for (topic, _), message in self._waiting.items()]
            self._waiting.clear()
            if self._lost:
                items.insert(0, ("resync", None))
                self._lost = False
        return items


class Feed:
    """Fans messages out to listeners; remembers the latest health of cameras and of the disks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._health: dict[tuple[str, str], CameraHealth] = {}
        self._cameras: frozenset[str] | None = None
        self._storage: StorageState | None = None

    def keep_cameras(self, cameras: Iterable[str]) -> None:
        """Forget the health of all but these cameras, and take no more of the others'."""
        with self._lock:
            self._cameras = frozenset(cameras)
            self._health = {
                key: health for key, health in self._health.items() if key[0] in self._cameras
            }

    def push(self, topic: Topic, message: Value) -> None:
        """Take a message from a bus tail. Thread-safe; never blocks.

        Raises:
            ConsoleError: the topic is none of :data:`TOPICS` or does not fit the message.
        """
        key = _key(topic, message)
        with self._lock:
            if isinstance(message, CameraHealth):
                if self._cameras is not None and message.camera not in self._cameras:
                    return  # the last word of one that was removed
                self._health[(message.camera, message.process)] = message
            if isinstance(message, StorageState):
                if self._storage is not None and message.at_ns < self._storage.at_ns:
                    return  # it waited for the bus
                self._storage = message
            listeners = [one for one in self._listeners if topic in one.topics]
        for listener in listeners:
            listener.offer(topic, key, message)

    def health(self) -> list[CameraHealth]:
        """The latest view of every camera by every process."""
        with self._lock:
            return list(self._health.values())

    def storage(self) -> StorageState | None:
        """How the disks were when the recorder last said so."""
        with self._lock:
            return self._storage

    @property
    def listeners(self) -> int:
        """How many browsers listen."""
        with self._lock:
            return len(self._listeners)

    @contextmanager
    def listen(self, topics: Collection[str]) -> Iterator[Listener]:
        """A listener for as long as the block lasts; call it inside a running event loop."""
        listener = Listener(topics, asyncio.get_running_loop())
        with self._lock:
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)


def _key(topic: str, message: Value) -> str:
    match topic, message:
        case "incidents", IncidentChanged(incident=incident):
            return incident.id
        case "positions", OfficerPosition(officer=officer):
            return officer
        case "health", CameraHealth(camera=camera, process=process):
            return f"{camera}/{process}"
        case "alarms", FieldAlarm(id=alarm):
            return alarm
        case "films" | "watching", FilmNow(id=film):
            return film
        case "objects", ObjectsSeen(camera=camera):
            return camera
        case "notices", Notice(id=name):
            return name
        case "tips", TipChanged(id=name, refused=refused):
            return f"{name}{refused}"
        case "storage", StorageState():
            return ""
    raise ConsoleError(
        f"feed: {type(message).__name__} does not belong to topic {topic!r} "
        f"(topics: {', '.join(TOPICS)})"
    )
