"""What the tests of this room share: models, clips, drawn pictures, tracks and zones."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.geometry import Box
from core.model import ModelCard
from core.seeing import Detections, Track
from core.video import Frame
from tests.model_cards import model_card

START_NS = 1_790_000_000 * NS_PER_S


def assets() -> Path:
    """The shared test media."""
    folder = os.environ.get("WARDWATCH_ASSETS")
    if not folder:
        pytest.skip("WARDWATCH_ASSETS is not set")
    return Path(folder)


def nano() -> ModelCard:
    """yolox-nano, the first choice."""
    return model_card("yolox-nano")


def mobile() -> ModelCard:
    """centernet-mbv3, where only package registries can be reached."""
    return model_card("centernet-mbv3")


def card(path: Path, family: str, size: tuple[int, int], classes: int = 80) -> ModelCard:
    names = (assets() / "models/coco_classes.txt").read_text().split("\n")[:classes]
    return ModelCard(
        name=path.stem,
        family=family,
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence="Apache-2.0",
        classes=tuple(names),
        input_size=size,
    )


def clip(path: Path, fps: float) -> Iterator[Frame]:
    """A video file at the analysis rate; `time_ns` counts from `START_NS`."""
    due = 0.0
    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if picture.time + 1e-6 < due:
                continue
            due += 1 / fps
            yield frame_of(picture, START_NS + round(picture.time * NS_PER_S), index)


def frame_of(picture: av.VideoFrame, time_ns: int, index: int) -> Frame:
    planar = picture.reformat(format="yuv420p")
    plane = planar.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    luma = luma[: planar.height, : planar.width]
    return Frame("cam", time_ns, index, luma, lambda: planar.to_ndarray(format="bgr24"))


def drawn(picture: np.ndarray, t_s: float) -> Frame:
    """A (H, W, 3) BGR array as a frame."""
    return Frame(
        "cam", at(t_s), round(t_s * 5), picture.mean(axis=2).astype(np.uint8), picture.copy
    )


def at(t_s: float) -> int:
    return START_NS + round(t_s * NS_PER_S)


def zone(kind: str, polygon: list[list[float]] | None = None, **rule: Any) -> dict[str, Any]:
    extra = {key: rule.pop(key) for key in ("schedule",) if key in rule}
    return {
        "id": kind,
        "name": {"zh": "河东岸", "en": "east bank"},
        "polygon": {"points": polygon or [[0, 0], [1, 0], [1, 1], [0, 1]]},
        "rule": {"kind": kind, **rule},
        **extra,
    }


def camera(*zones: Mapping[str, Any]) -> Camera:
    return Camera.model_validate(
        {
            "id": "cam",
            "name": {"zh": "一号", "en": "one"},
            "streams": {"main": "rtsp://127.0.0.1/main"},
            "zones": list(zones),
        }
    )


def track(number: int, box: Box, t_s: float, label: str = "person", **more: Any) -> Track:
    fields = {"first_ns": at(t_s), "last_ns": at(t_s), "seen": True, **more}
    return Track(number, label, 0.8, box, **fields)


def found(*things: tuple[str, float, Box]) -> Detections:
    if not things:
        return Detections.none()
    return Detections(
        np.array([box for _, _, box in things], np.float32),
        np.array([score for _, score, _ in things], np.float32),
        tuple(label for label, _, _ in things),
    )
