"""Pictures in, detections out: one loaded model."""

import threading
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.model import ModelCard
from core.seeing import Detections
from core.video import Bgr
from detectors.backends.choice import Device, RuntimeName, opener
from detectors.errors import ModelFileError
from detectors.families.base import Outputs
from detectors.families.registry import family_of
from detectors.letterbox import Letterbox
from detectors.overlap import distinct

_MAX_IOU = 0.55
_MAX_CANDIDATES = 1000

_Memory = tuple[NDArray[np.float32], NDArray[np.uint8]]


class Looker(Protocol):
    """Anything that finds things in pictures: an engine, or a service in front of one."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width in pixels that a picture is fitted into."""

    @property
    def label(self) -> str:
        """Name and hash of the model, as sightings carry it."""

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        """What is in each picture; boxes are normalised to that picture."""


class Engine:
    """One model in one runtime session.

    Args:
        card: the model.
        min_score: weakest detection that is reported. The tracker uses weak ones too
            (ByteTrack), so this is lower than what one would show to people.
        threads: threads inside the runtime. On a processor, several callers with one thread
            each get more done than one caller with several.
        runtime, device: what executes the model; see :mod:`detectors.backends.choice`.

    Raises:
        ModelFileError: the file is missing, broken, or not of the card's family.
        RuntimeChoiceError: the runtime or device is not there.
    """

    def __init__(
        self,
        card: ModelCard,
        *,
        min_score: float = 0.1,
        threads: int = 1,
        runtime: RuntimeName = "auto",
        device: Device = "cpu",
    ) -> None:
        self.card = card
        self._min_score = min_score
        self._family = family_of(card)
        self._backend = opener(runtime, device)(card.path, threads)
        shape = self._backend.input_shape
        if len(shape) != 4:
            raise ModelFileError(
                f"model file {card.path} takes {shape}, not a batch of colour pictures"
            )
        self._channels_last = shape[3] == 3
        height, width = shape[1:3] if self._channels_last else shape[2:4]
        self._size = (height or card.input_size[0], width or card.input_size[1])
        self._own = threading.local()

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width in pixels that a picture is fitted into."""
        return self._size

    @property
    def label(self) -> str:
        """Name and hash of the model, as sightings carry it."""
        return self.card.label

    @property
    def batches_pay(self) -> bool:
        """True where a picture costs less in company."""
        return self._backend.batch_free and self._backend.batches_pay

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        """What is in each (H, W, 3) uint8 BGR picture; boxes are normalised to that picture."""
        if not pictures:
            return []
        if self.batches_pay:
            return self._run(pictures)
        return [found for picture in pictures for found in self._run([picture])]

    def _run(self, pictures: Sequence[Bgr]) -> list[Detections]:
        entry = self._family.entry
        boxes = [
            Letterbox.fit(picture.shape[:2], self._size, centred=entry.centred, bent=entry.bent)
            for picture in pictures
        ]
        batch, canvas = self._memory(len(pictures))
        for row, picture, box in zip(batch, pictures, boxes, strict=True):
            planes = cv2.split(box.paint(picture, self._size, entry.fill, canvas))
            for channel, plane in enumerate(planes[::-1] if entry.rgb else planes):
                if self._channels_last:
                    row[..., channel] = plane
                else:
                    row[channel] = plane
        if entry.scale != 1.0:
            batch *= np.float32(entry.scale)
        outputs = self._backend.run(batch)
        return [self._read(outputs, index, box) for index, box in enumerate(boxes)]

    def _memory(self, pictures: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Batch and canvas of the calling thread: new pages at every call cost a tenth of it."""
        shape = (*self._size, 3) if self._channels_last else (3, *self._size)
        own: _Memory | None = getattr(self._own, "memory", None)
        if own is None or len(own[0]) < pictures:
            batch = np.empty((pictures, *shape), np.float32)
            own = self._own.memory = (batch, np.empty((*self._size, 3), np.uint8))
        return own[0][:pictures], own[1]

    def _read(self, outputs: Outputs, index: int, box: Letterbox) -> Detections:
        try:
            raw = self._family.decode(outputs, index, self._size, self._min_score)
        except (ValueError, IndexError) as error:
            raise ModelFileError(
                f"model file {self.card.path} does not answer like a {self.card.family} model "
                f"({error}); correct `family` on its card"
            ) from error
        scores, classes, xyxy = raw.scores, raw.classes, raw.xyxy
        if len(scores) > _MAX_CANDIDATES:
            strongest = np.argsort(-scores, kind="stable")[:_MAX_CANDIDATES]
            scores, classes, xyxy = scores[strongest], classes[strongest], xyxy[strongest]
        xywh = box.unfit(xyxy)
        kept = (
            np.argsort(-scores, kind="stable")
            if raw.distinct
            else distinct(xywh, scores, classes, _MAX_IOU)
        )
        kept = kept[(xywh[kept, 2] > 0) & (xywh[kept, 3] > 0)]
        if len(kept) and int(classes[kept].max()) >= len(self.card.classes):
            raise ModelFileError(
                f"model file {self.card.path} knows class {int(classes[kept].max())}, its card "
                f"names only {len(self.card.classes)}; correct `classes` on its card"
            )
        return Detections(
            xywh[kept],
            scores[kept].astype(np.float32),
            tuple(self.card.classes[number] for number in classes[kept]),
        )
