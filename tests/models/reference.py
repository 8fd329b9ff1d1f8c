"""Reference pre- and post-processing for the judge's sake, apart from the detectors' own.

Plain NumPy, written for clarity; one picture at a time.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.seeing import Detections
from core.video import Bgr

FloatArray = NDArray[np.float32]


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def letterbox(picture: Bgr, side: int, fill: int) -> tuple[Bgr, float]:
    """The picture scaled into the top left of a square, and the scale."""
    high, wide = picture.shape[:2]
    scale = min(side / high, side / wide)
    size = (round(wide * scale), round(high * scale))
    square = np.full((side, side, 3), fill, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return square, scale


class Yolox:
    """Decoder of Megvii's raw head: strides 8, 16, 32; class-wise NMS at IoU 0.65."""

    def __init__(self, path: Path, classes: Sequence[str], threshold: float = 0.005) -> None:
        self._session = session(path)
        self._classes = tuple(classes)
        self._threshold = threshold
        self._side = 416
        cells, strides = [], []
        for stride in (8, 16, 32):
            count = self._side // stride
            row, column = np.mgrid[:count, :count]
            cells.append(np.stack([column, row], -1).reshape(-1, 2))
            strides.append(np.full((count * count, 1), stride))
        self._cells = np.concatenate(cells).astype(np.float32)
        self._strides = np.concatenate(strides).astype(np.float32)

    def __call__(self, pictures: Sequence[Bgr]) -> list[Detections]:
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Bgr) -> Detections:
        square, scale = letterbox(picture, self._side, 114)
        batch = square.transpose(2, 0, 1)[None].astype(np.float32)
        raw = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0][0]
        centres = (raw[:, :2] + self._cells) * self._strides
        sizes = np.exp(raw[:, 2:4]) * self._strides
        scores = raw[:, 5:] * raw[:, 4:5]
        boxes = np.concatenate([centres - sizes / 2, sizes], 1) / scale
        rows, classes = np.nonzero(scores > self._threshold)
        kept = cv2.dnn.NMSBoxesBatched(
            boxes[rows].tolist(),
            scores[rows, classes].tolist(),
            classes.tolist(),
            self._threshold,
            0.65,
        )
        kept = np.asarray(kept, int)[:300]
        return answer(
            picture,
            boxes[rows[kept]],
            scores[rows[kept], classes[kept]],
            [self._classes[index] for index in classes[kept]],
        )


class Centernet:
    """Decoder of peaks and distances; no NMS is needed."""

    def __init__(self, path: Path, classes: Sequence[str], threshold: float = 0.01) -> None:
        self._session = session(path)
        self._classes = tuple(classes)
        self._threshold = threshold

    def __call__(self, pictures: Sequence[Bgr]) -> list[Detections]:
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Bgr) -> Detections:
        square, scale = letterbox(picture, 512, 0)
        batch = square[None, :, :, ::-1].astype(np.float32)
        keypoints, distances = self._session.run(
            ["tower_0/keypoints", "tower_0/wh"], {"tower_0/images": batch}
        )
        rows, columns, classes = np.nonzero(keypoints[0] > self._threshold)
        scores = keypoints[0][rows, columns, classes]
        best = np.argsort(-scores, kind="stable")[:300]
        rows, columns, classes = rows[best], columns[best], classes[best]
        left, top, right, bottom = distances[0][rows, columns].T
        x, y = columns * 4 - left, rows * 4 - top
        boxes = np.stack([x, y, left + right, top + bottom], 1) / scale
        return answer(picture, boxes, scores[best], [self._classes[index] for index in classes])


def answer(
    picture: Bgr, boxes: FloatArray, scores: FloatArray, labels: Sequence[str]
) -> Detections:
    """Pixels to normalised boxes."""
    high, wide = picture.shape[:2]
    scaled = boxes.reshape(-1, 4) / (wide, high, wide, high)
    return Detections(scaled.astype(np.float32), scores.astype(np.float32), tuple(labels))
