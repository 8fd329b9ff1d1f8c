"""Small drawn scenes, encoded once as H.264 loops, so that browsers have real video to play."""

import functools
import math
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS, SECONDS = 960, 540, 12, 10
Picture = NDArray[np.uint8]

# camera: sky, far ground, near ground (BGR)
_COLOURS = {
    "river": ((196, 178, 150), (70, 104, 78), (140, 112, 74)),
    "lane": ((190, 184, 172), (96, 110, 102), (112, 118, 122)),
    "market": ((200, 190, 176), (104, 116, 132), (126, 130, 134)),
    "street": ((188, 182, 170), (110, 116, 112), (98, 100, 102)),
}


def picture(camera: str, index: int) -> Picture:
    """Frame ``index`` of a camera's loop, (HEIGHT, WIDTH, 3) BGR."""
    sky, far, near = _COLOURS[camera]
    image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    horizon = 190
    rows = np.linspace(0, 1, HEIGHT - horizon)[:, None]
    image[:horizon] = sky
    image[horizon:] = (np.array(far) * (1 - rows) + np.array(near) * rows)[:, None, :]
    for x in range(0, WIDTH, 120):  # a row of houses or trees on the horizon
        top = horizon - 60 - (x * 37 % 50)
        colour = (92, 100, 110) if camera != "river" else (58, 92, 62)
        cv2.rectangle(image, (x, top), (x + 96, horizon), colour, -1)
    phase = 2 * math.pi * index / (FPS * SECONDS)
    if camera == "river":
        for y in range(330, HEIGHT, 18):
            shift = int(14 * math.sin(phase * 3 + y))
            for x in range(-40 + shift, WIDTH, 110):
                cv2.line(image, (x, y), (x + 52, y), (164, 138, 100), 2, cv2.LINE_AA)
        _person(image, 560, 330, 118, 0)
        cv2.line(image, (575, 268), (700, 360), (40, 52, 70), 3, cv2.LINE_AA)
    else:
        cv2.line(image, (0, 420), (WIDTH, 420), (150, 152, 156), 3, cv2.LINE_AA)
        _person(image, int(480 + 330 * math.sin(phase)), 410, 120, phase * 8)
    if camera == "market":
        cv2.rectangle(image, (240, 320), (400, 400), (60, 92, 140), -1)
        cv2.fillConvexPoly(image, np.array([(220, 320), (320, 250), (420, 320)]), (52, 60, 168))
    if camera == "lane":
        cv2.rectangle(image, (660, 330), (860, 420), (120, 106, 92), -1)
        for x in (700, 820):
            cv2.circle(image, (x, 422), 20, (30, 30, 32), -1, cv2.LINE_AA)
    stamp = f"2026-11-22 09:{30 + index // FPS // 60:02d}:{index // FPS % 60:02d}"
    cv2.putText(
        image, stamp, (610, 520), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (245, 245, 245), 2, cv2.LINE_AA
    )
    return image


def _person(image: Picture, x: int, foot: int, tall: int, step: float) -> None:
    head, hip = foot - tall, foot - tall // 2
    swing = int(12 * math.sin(step))
    for side in (-1, 1):
        cv2.line(image, (x, hip), (x + side * swing, foot), (58, 50, 44), 12, cv2.LINE_AA)
    cv2.line(image, (x, head + 26), (x, hip), (70, 74, 150), 26, cv2.LINE_AA)
    cv2.circle(image, (x, head + 10), 13, (140, 170, 206), -1, cv2.LINE_AA)


def _encode(camera: str, container: av.container.OutputContainer) -> Iterator[av.Packet]:
    stream = container.add_stream("libx264", rate=FPS)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.time_base = Fraction(1, 90_000)
    stream.gop_size = FPS * 2
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "main"}
    for index in range(FPS * SECONDS):
        frame = av.VideoFrame.from_ndarray(picture(camera, index), format="bgr24")
        frame.pts, frame.time_base = index, Fraction(1, FPS)
        yield from stream.encode(frame)
    yield from stream.encode(None)


@functools.cache
def clip(camera: str) -> bytes:
    """The loop as a complete MP4 with its index in front."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "clip.mp4")
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            for packet in _encode(camera, container):
                container.mux(packet)
        return path.read_bytes()


def snapshot(camera: str, caption: str, path: Path) -> None:
    """A JPEG with a box and a caption drawn on it."""
    image = picture(camera, 40)
    cv2.rectangle(image, (510, 200), (620, 340), (60, 160, 255), 3)
    cv2.putText(image, caption, (510, 190), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 160, 255), 2)
    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 88])
