"""Cameras: what changes about them is written into the audit log, once.

Health comes every second or so and is worth keeping only when it changes; a change must last for
a while, or a camera that flaps would fill the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.clock import NS_PER_S, Clock
from core.messages import CameraHealth
from core.store.database import Store

STATE, PICTURE = "camera.state", "camera.picture"
SILENT_S = 60
_WELL = {STATE: "online", PICTURE: "ok"}


@dataclass
class _Seen:
    said: str | None
    state: str
    since_ns: int
    heard_ns: int
    reason: str


class Equipment:
    """Remembers how each camera is, and writes down what changed.

    Args:
        settle_s: so long a new state must last.
    """

    def __init__(self, store: Store, clock: Clock, settle_s: float) -> None:
        self._store, self._clock = store, clock
        self.settle_s = settle_s
        self._seen: dict[tuple[str, str], _Seen] = {}

    def keep(self, cameras: Iterable[str]) -> None:
        """Forget all others, which were removed."""
        known = set(cameras)
        self._seen = {key: one for key, one in self._seen.items() if key[0] in known}

    def hear(self, health: CameraHealth) -> None:
        """One process's view; the recorder's says whether a camera is there, the analyst's what
        its picture is like."""
        if health.process == "recorder":
            self._take(health.camera, STATE, health.state, health.reason)
        elif health.picture is not None:
            self._take(health.camera, PICTURE, health.picture, "")

    def tick(self) -> None:
        """Write down what has lasted; about once a second."""
        now_ns = self._clock.utc_ns()
        for (camera, what), one in list(self._seen.items()):
            if what == STATE and now_ns - one.heard_ns > SILENT_S * NS_PER_S:
                self._take(camera, STATE, "offline", "no word from the recorder", heard=False)
            lasted = now_ns - one.since_ns >= self.settle_s * NS_PER_S
            if one.state == one.said or not lasted:
                continue
            if one.said is not None or one.state != _WELL[what]:
                detail = {"from": one.said, "to": one.state, "since_ns": one.since_ns}
                with self._store.begin() as unit:
                    unit.audit.append("system", what, camera, one.reason, detail)
            one.said = one.state

    def _take(self, camera: str, what: str, state: str, reason: str, *, heard: bool = True) -> None:
        now_ns = self._clock.utc_ns()
        known = self._seen.get((camera, what))
        if known is None:
            said = self._last_said(camera, what)
            self._seen[camera, what] = _Seen(said, state, now_ns, now_ns, reason)
            return
        if known.state != state:
            known.state, known.since_ns, known.reason = state, now_ns, reason
        if heard:
            known.heard_ns = now_ns

    def _last_said(self, camera: str, what: str) -> str | None:
        with self._store.read() as unit:
            entry = unit.audit.newest(what, camera)
        return None if entry is None else str(entry.detail.get("to"))
