"""The moving head of a virtual dome: where it looks at any moment, without a thread."""

from dataclasses import dataclass

from core.clock import NS_PER_S, Clock

SPEED = 0.5
"""Units of the generic spaces a second at full speed."""
Aim = tuple[float, float, float]
"""Pan and tilt in -1..1, zoom in 0..1."""
HOME: Aim = (0.0, 0.0, 0.0)
_LOW: Aim = (-1.0, -1.0, 0.0)


@dataclass(frozen=True)
class _Way:
    """A movement: from where, since when, at what speed, for how long."""

    start: Aim
    start_ns: int
    speed: Aim
    seconds: float


class Head:
    """Pan, tilt, zoom and the stored views."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._way = _Way(HOME, clock.monotonic_ns(), HOME, 0.0)
        self.home = HOME
        self.presets: dict[str, tuple[str, Aim]] = {
            "1": ("全景", HOME),
            "2": ("近岸", (-0.4, -0.3, 0.2)),
            "3": ("对岸", (0.5, 0.1, 0.8)),
        }

    def aim(self) -> Aim:
        """Where it looks now."""
        way, passed_s = self._way, self._passed_s()
        moved = [
            min(max(start + speed * passed_s, low), 1.0)
            for start, speed, low in zip(way.start, way.speed, _LOW, strict=True)
        ]
        return moved[0], moved[1], moved[2]

    @property
    def moving(self) -> bool:
        return self._passed_s() < self._way.seconds

    def move(self, speed: Aim, seconds: float) -> None:
        """Move at a part (-1..1) of the full speed, then stop."""
        full = (speed[0] * SPEED, speed[1] * SPEED, speed[2] * SPEED)
        self._way = _Way(self.aim(), self._clock.monotonic_ns(), full, seconds)

    def move_to(self, goal: Aim) -> None:
        """Go there, all axes arriving together."""
        here = self.aim()
        ways = [there - axis for there, axis in zip(goal, here, strict=True)]
        seconds = max(map(abs, ways)) / SPEED
        pan, tilt, zoom = (way / seconds if seconds else 0.0 for way in ways)
        self._way = _Way(here, self._clock.monotonic_ns(), (pan, tilt, zoom), seconds)

    def stop(self) -> None:
        self._way = _Way(self.aim(), self._clock.monotonic_ns(), HOME, 0.0)

    def _passed_s(self) -> float:
        passed_s = (self._clock.monotonic_ns() - self._way.start_ns) / NS_PER_S
        return min(max(passed_s, 0.0), self._way.seconds)
