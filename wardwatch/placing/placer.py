"""Sightings get the place of the act on their way to the bus."""

import threading

import structlog

from core.bus.streams import RedisBus
from core.config.cameras import Camera
from core.messages import POSES, CameraPose
from core.seeing import Sighting
from wardwatch.placing import flying, standing
from wardwatch.placing.flying import Poses

log = structlog.get_logger()


class Placer:
    """Places the sightings of one process; poses are told to it as they come."""

    def __init__(self) -> None:
        self.poses = Poses()

    def placed(self, camera: Camera | None, sighting: Sighting, aspect: float) -> Sighting:
        """The sighting with what is known of where it is; never waits, never raises.

        Args:
            camera: its configuration; None: a recording without one.
            aspect: width of the picture over its height.
        """
        if camera is None:
            return sighting
        found = None
        try:
            if camera.flight is not None:
                sighting = sighting.model_copy(update={"source": "drone"})
                told = self.poses.at(camera.id, sighting.last_ns)
                if told is not None:
                    found = flying.place(
                        told, camera.flight, sighting.box, aspect, sighting.last_ns
                    )
            elif camera.ground is not None:
                found = standing.place(camera.ground, sighting.box, aspect)
        except Exception:
            log.exception("act not placed", camera=sighting.camera, sighting=sighting.id)
        if found is None:
            return sighting
        place, error_m = found
        return sighting.model_copy(update={"place": place, "place_error_m": round(error_m, 1)})


class PoseListener:
    """Tells a placer what the recorder hears of flying cameras."""

    def __init__(self, bus: RedisBus, placer: Placer, stop: threading.Event) -> None:
        self._bus, self._placer, self._stop = bus, placer, stop
        self._thread = threading.Thread(target=self._run, name="poses")

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        for pose in self._bus.tail(POSES, CameraPose, self._stop):
            self._placer.poses.tell(pose)
