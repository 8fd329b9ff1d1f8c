"""The clock burnt into a working copy: a band below the picture, so that it hides nothing."""

from datetime import UTC, datetime, tzinfo

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw

from core.clock import NS_PER_S
from core.value import Text
from recorder.copies.picture import Picture
from recorder.snapshot import font, has_chinese, plain

MARK = Text(zh="工作副本 working copy", en="WORKING COPY")
_BACK = (16, 20, 24)
_WORDS = (255, 255, 255)


class Band:
    """Draws the band of each picture.

    Args:
        width: of the picture, pixels, even.
        height: of the picture; sets the size of the letters.
        camera: what the camera is called.
        timezone: of the local clock.
    """

    def __init__(
        self, width: int, height: int, *, incident: str, camera: Text, timezone: tzinfo
    ) -> None:
        self._width, self._timezone = width, timezone
        mark, name = (MARK.zh, camera.zh) if has_chinese() else (MARK.en, plain(camera.en))
        self._fixed = (mark, incident, name)
        self._size = max(11, height // 34)
        self._font = font(self._size)
        self._rows = self._arrange(self._words(0))
        self.height = (round(len(self._rows) * self._size * 1.4) + self._size // 2 + 1) & ~1

    def below(self, picture: Picture, utc_ns: int) -> Picture:
        """The picture with the band of a moment beneath it."""
        image = Image.new("RGB", (self._width, self.height), _BACK)
        draw = ImageDraw.Draw(image)
        words = self._words(utc_ns)
        for row, members in enumerate(self._rows):
            text = "  ".join(words[one] for one in members)
            at = (self._size // 2, self._size // 4 + round(row * self._size * 1.4))
            draw.text(at, text, font=self._font, fill=_WORDS)
        band = VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
        return picture.above(Picture.of(band))

    def _words(self, utc_ns: int) -> tuple[str, ...]:
        return (*self._fixed, *clocks(utc_ns, self._timezone))

    def _arrange(self, words: tuple[str, ...]) -> list[list[int]]:
        """Which words stand in which row; the same for all pictures, so that nothing jumps."""
        rows: list[list[int]] = [[]]
        room = self._width - self._size
        for number in range(len(words)):
            trial = "  ".join(words[one] for one in (*rows[-1], number))
            if rows[-1] and self._font.getlength(trial) * 1.05 > room:
                rows.append([])
            rows[-1].append(number)
        return rows


def clocks(utc_ns: int, timezone: tzinfo) -> tuple[str, str]:
    """Local time with its offset, and UTC, both to the millisecond."""
    millis = utc_ns % NS_PER_S // 1_000_000
    moment = datetime.fromtimestamp(utc_ns // NS_PER_S, UTC)
    local = moment.astimezone(timezone)
    return (
        f"{local:%Y-%m-%d %H:%M:%S}.{millis:03d} {local:%z}",
        f"UTC {moment:%Y-%m-%d %H:%M:%S}.{millis:03d}",
    )
