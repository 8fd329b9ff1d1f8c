"""What every loudspeaker driver is."""

import threading
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from broadcast.audio import Audio
from broadcast.feed import Feed, Recording


@dataclass
class Delivery:
    """What has been handed to the device so far. Protocol success is not audibility.

    The driver is given this and fills it in while it speaks, so that the receipt of a talk that
    broke off still says how much had been sent.

    Attributes:
        seconds: length of the warning's audio sent, without the silence around it.
        bytes_sent: payload bytes sent, silence included.
        device_reply: what the device answered, in its own words.
        started_ns: UTC of the first audio packet; None while nothing was sent.
    """

    seconds: float = 0.0
    bytes_sent: int = 0
    device_reply: str = ""
    started_ns: int | None = None

    def reply(self, words: str) -> None:
        """Note an answer of the device."""
        self.device_reply = f"{self.device_reply}; {words}" if self.device_reply else words


class SpeakerDriver(ABC):
    """One loudspeaker. The channel is opened to speak and closed whatever happens.

    Attributes:
        sets_volume: this driver tells the device how loud to be.
        of_camera: the loudspeaker is the camera's own; see :data:`broadcast.volume.Knob`.
    """

    name: ClassVar[str]
    sets_volume: bool = False
    of_camera: ClassVar[bool] = False

    def held_at(self, volume: int) -> AbstractContextManager[str] | None:
        """Holds the device at a volume (1..100) for one talk and puts back what it was.

        Gives words for the receipt, and raises LevelError where it cannot be set; None: this
        driver has no way to do so.
        """
        del volume
        return None

    @abstractmethod
    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        """Open the channel, say it, close the channel.

        Args:
            audio: any rate; the driver converts.
            stop: set to break off.
            delivery: filled in on the way; a new one is made when absent.

        Raises:
            SpeakerError: the device cannot be reached, refuses, or gives up; the message names
                the camera. What was sent until then stands in ``delivery``.
        """


class StreamingDriver(SpeakerDriver):
    """A loudspeaker that is sent sound as it is spoken: live speech, and in step with others."""

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        return self.stream(Recording(audio), stop, delivery)

    @abstractmethod
    def stream(
        self, feed: Feed, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        """Open the channel, say what the feed gives, close the channel; as :meth:`speak`."""
