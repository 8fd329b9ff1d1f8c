"""One announcement to several loudspeakers: a receipt each, and in step where it can be.

Out of step, horns along a river make an echo in which nobody understands a word. Each opens its
channel, then all begin together; who is not ready in time begins later, who cannot wait (a device
that plays by itself) is not waited for.
"""

import threading
from collections.abc import Callable, Sequence

from core.cases import Announcement
from core.config.cameras import Camera
from core.config.site import Site

READY_S = 2.0
"""The first one ready waits so long for the others."""


class Step:
    """The moment at which several talks begin."""

    def __init__(self, members: int, wait_s: float = READY_S) -> None:
        self._changed = threading.Condition()
        self._missing = members
        self._wait_s = wait_s

    def ready(self) -> None:
        """The channel is open; comes back when all are ready, or after the wait."""
        with self._changed:
            self._missing -= 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._missing <= 0, self._wait_s)

    def leave(self) -> None:
        """This one is not to be waited for."""
        with self._changed:
            self._missing -= 1
            self._changed.notify_all()


class Place:
    """One talk's place in a step: it is ready or leaves, once."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._gone = False

    def ready(self) -> None:
        """See :meth:`Step.ready`."""
        if not self._gone:
            self._gone = True
            self._step.ready()

    def leave(self) -> None:
        """See :meth:`Step.leave`; nothing happens to who was ready."""
        if not self._gone:
            self._gone = True
            self._step.leave()


def members(
    announcement: Announcement, site: Site, identity: Callable[[Camera], str]
) -> Sequence[Announcement]:
    """One announcement for each loudspeaker of the group; the first keeps the id.

    The camera that the warning is for speaks first if it is of the group; its receipt is the one
    that the desk waits for. The others are called ``id.2`` and so on. A loudspeaker that several
    cameras share speaks once.
    """
    camera = site.camera(announcement.camera)
    configured = camera.speaker.group if camera is not None and camera.speaker else None
    group = site.speaker_group(announcement.group or configured or "")
    if group is None:
        return (announcement,)
    names = sorted(group.cameras, key=lambda name: name != announcement.camera)
    found: dict[str, Announcement] = {}
    for name in names:
        member = site.camera(name)
        if member is None or member.speaker is None or identity(member) in found:
            continue
        number = len(found) + 1 if found else 0
        one = announcement.model_copy(
            update={
                "camera": name,
                "id": f"{announcement.id}.{number}" if number else announcement.id,
            }
        )
        found[identity(member)] = one
    return tuple(found.values()) or (announcement,)
