"""What an officer's phone sees on the scene of the demo: the same places, from beside the act."""

from functools import lru_cache

import cv2

from core.video import Bgr
from sim.actors import Prop
from sim.draw.things import pile
from sim.draw.view import View
from sim.errors import SimulatorError, UnknownSceneError
from sim.scenes.cast import GRAIN, sensor, strollers
from sim.scenes.lane import HEAP
from sim.scenes.sets import bank, country, town
from sim.stage import Stage

SIZE = (1280, 960)
EYE = View(SIZE, height_m=1.6, horizon=0.40, focal=0.78)
"""Held at the height of the eyes, looking level, 65 degrees across."""
_QUALITY = 88
_WALKED_S = 9.0


@lru_cache(maxsize=4)
def _place(name: str, seed: int) -> Bgr:
    match name:
        case "market":
            return town(EYE, seed, square=True)
        case "street":
            return town(EYE, seed, square=False)
        case "lane":
            return country(EYE, seed)
        case "river":
            return bank(EYE, seed)[0]
        case _:
            raise UnknownSceneError(f"no place {name!r} to take a picture of")


def _heap(seed: int) -> Prop:
    """Nobody carries a lorry load away on a motorcycle."""
    return Prop("pile", *HEAP, paint=lambda ppm, _stage: pile(ppm, seed, 1.0))


def picture(name: str, seed: int = 0) -> Bgr:
    """The place after the matter was dealt with; (960, 1280, 3) uint8.

    Raises:
        UnknownSceneError: the demo has no such place.
    """
    stage = Stage(
        f"{name} beside",
        EYE,
        1.0,
        seed,
        _place(name, seed),
        actors=[_heap(seed)] if name == "lane" else [],
        passing=[strollers(EYE, seed, f"{name} beside", (12.5, 14.0), 1.0, (3.0, 6.0))],
        grain=sensor(SIZE, seed, f"{name} beside", GRAIN),
    )
    while stage.now_s < _WALKED_S:
        stage.play()
        stage.turn()
    return stage.step().picture


def photograph(name: str, seed: int = 0) -> bytes:
    """The same as a JPEG file without EXIF, as phones send it.

    Raises:
        UnknownSceneError: the demo has no such place.
    """
    done, content = cv2.imencode(".jpg", picture(name, seed), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise SimulatorError(f"{name}: the picture cannot be encoded")
    return content.tobytes()
