"""Scenes by name."""

from collections.abc import Callable
from typing import Any

from sim.base import Scene
from sim.errors import UnknownSceneError
from sim.room import Place, Room
from sim.scenes import lane, market, river, street, trials

Zone = tuple[tuple[float, float], ...]

ZONES: dict[str, dict[str, Zone]] = {
    "river": river.ZONES,
    "lane": lane.ZONES,
    "market": market.ZONES,
    "street": street.ZONES,
}
"""Zones of the demo scenes by scene and zone name; corners normalised, origin top left."""

PLACES: dict[str, Place] = {
    "river": Place(Room(delay_s=1.6, snr_db=8.0, echo_s=0.9), "wind"),
    "lane": Place(Room(delay_s=1.4, snr_db=12.0, echo_s=0.4), "traffic"),
    "market": Place(Room(delay_s=1.5, snr_db=5.0, echo_s=0.6), "traffic"),
    "street": Place(Room(delay_s=1.4, snr_db=8.0, echo_s=0.5), "traffic"),
}
"""What the cameras' microphones record in the demo scenes.

The loudspeakers play from a deep buffer, so that a busy machine does not tear the words apart.
"""

_DEMO: dict[str, Callable[..., Scene]] = {
    "river": river.build,
    "lane": lane.build,
    "market": market.build,
    "street": street.build,
}
_ALL: dict[str, Callable[..., Scene]] = {**_DEMO, **trials.BUILDERS}

NAMES: tuple[str, ...] = tuple(_ALL)


def demo(seed: int = 0, size: tuple[int, int] = (1280, 720), fps: float = 10.0) -> dict[str, Scene]:
    """The four scenes of the demo township: river, lane, market and street."""
    return {name: make(seed=seed, size=size, fps=fps) for name, make in _DEMO.items()}


def build(name: str, **options: Any) -> Scene:
    """Any scene by name.

    Args:
        options: ``seed``, ``size``, ``fps`` and ``grain`` (noise of the sensor, grey levels) for
            every scene; what else a scene takes stands at its builder.

    Raises:
        UnknownSceneError: there is no scene of that name.
    """
    make = _ALL.get(name)
    if make is None:
        raise UnknownSceneError(f"no scene {name!r}; there are {', '.join(NAMES)}")
    return make(**options)
