"""How loud a warning is: told to the device where it can be, else the sound is made softer."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Literal, NamedTuple

from broadcast.base import SpeakerDriver
from broadcast.errors import LevelError
from core.config.cameras import Camera
from core.errors import WardwatchError

Knob = Callable[[Camera, int], AbstractContextManager[str]]
"""Sets the output level of a camera's own loudspeaker for the time of one talk (1..100), and puts
back what it was. Gives words for the receipt; raises WardwatchError where it cannot be set."""


class Loud(NamedTuple):
    """How loud it is said.

    Attributes:
        gain_db: to be put on the sound.
        volume: that was asked for; None: as the device has it.
        by: how it is made so loud, for the receipt.
        way: the same in one word, see :class:`core.cases.Receipt`.
    """

    gain_db: float
    volume: int | None
    by: str
    way: Literal["", "told", "held", "sound"]


@contextmanager
def loudness(
    camera: Camera, driver: SpeakerDriver, volume: int | None, knob: Knob | None
) -> Iterator[Loud]:
    """The loudness of one talk; what was set at the device is put back afterwards."""
    own_db = camera.speaker.gain_db if camera.speaker else 0.0
    if volume is None:
        yield Loud(own_db, None, "", "")
        return
    if driver.sets_volume:
        yield Loud(own_db, volume, "told to the device", "told")
        return
    softer_db = 20 * math.log10(volume / 100)
    softer = f"sound made softer by {-softer_db:.1f} dB" if softer_db else "sound left as it is"
    with ExitStack() as held:
        loud = Loud(own_db + softer_db, volume, softer, "sound")
        turned = driver.held_at(volume)
        forgiven: type[WardwatchError] = LevelError
        if turned is None and knob is not None and driver.of_camera:
            turned, forgiven = knob(camera, volume), WardwatchError
        if turned is not None:
            try:
                loud = Loud(own_db, volume, held.enter_context(turned), "held")
            except forgiven as error:
                loud = loud._replace(by=f"{softer} ({error})")
        yield loud
