"""What happens now, from the bus to the browsers."""

import threading

from console.feed import Feed, Topic
from core.cases import Notice, OfficerPosition
from core.config.site import Site
from core.messages import (
    HEALTH,
    INCIDENTS,
    NOTICES,
    OBJECTS,
    POSITIONS,
    STORAGE_NOW,
    TIPS,
    CameraHealth,
    IncidentChanged,
    ObjectsSeen,
)
from core.storage import StorageState
from core.tips import TipChanged
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

_TOPICS: dict[Topic, tuple[str, type[Value]]] = {
    "incidents": (INCIDENTS, IncidentChanged),
    "positions": (POSITIONS, OfficerPosition),
    "health": (HEALTH, CameraHealth),
    "objects": (OBJECTS, ObjectsSeen),
    "notices": (NOTICES, Notice),
    "storage": (STORAGE_NOW, StorageState),
    "tips": (TIPS, TipChanged),
}


class FeedPart(Part):
    """Tails the streams that only the present matters of."""

    name = "feed"

    def __init__(self, context: Context, feed: Feed) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self._feed = feed
        self.use(context.site)

    def use(self, site: Site) -> None:
        self._feed.keep_cameras(camera.id for camera in site.cameras if camera.enabled)

    def run(self) -> None:
        threads = [
            threading.Thread(target=self._tail, args=(topic,), name=f"feed-{topic}")
            for topic in _TOPICS
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._bus.close()

    def _tail(self, topic: Topic) -> None:
        stream, model = _TOPICS[topic]
        for message in self._bus.tail(stream, model, self.context.stop):
            self._feed.push(topic, message)
