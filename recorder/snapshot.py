"""A still picture of the moment, with the reason drawn on it for people to judge.

It is derived evidence: the picture itself stays in the clip, untouched.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path

import av
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFont

from core.clock import NS_PER_S
from core.geometry import Box, Polygon
from core.value import Text
from recorder.errors import RecorderError

QUALITY = 90
_ZONE = (255, 196, 0)
_SUBJECT = (255, 64, 64)
_BAND = (0, 0, 0, 170)
_WORDS = (255, 255, 255)

# Fonts with Chinese, in the places where distributions put them, best first.
_FONT_NAMES = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf", "SourceHanSansCN-Regular.otf", "SourceHanSans.ttc",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "uming.ttc",
    "PingFang.ttc", "msyh.ttc", "simhei.ttf",
)  # fmt: skip
_FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("~/.fonts").expanduser(),
    Path("/System/Library/Fonts"),
)
_SIMPLIFIED_CHINESE = 2  # index in the Noto and Source Han collections


@dataclass(frozen=True)
class Shot:
    """A snapshot that was made; ``frame_ns`` is the UTC of the picture shown."""

    path: Path
    frame_ns: int
    width: int
    height: int
    chinese: bool


def snapshot(
    clip: Path,
    clip_first_ns: int,
    moment_ns: int,
    out: Path,
    *,
    caption: Text,
    place: Text,
    timezone: tzinfo = UTC,
    zone: Polygon | None = None,
    box: Box | None = None,
) -> Shot:
    """Draw the picture nearest to a moment as JPEG.

    Args:
        clip: any file FFmpeg reads.
        clip_first_ns: UTC of the clip's media time 0.
        moment_ns: which picture; the nearest is taken.
        out: where the JPEG goes.
        caption: the reason. Chinese is drawn when the system has a font for it, else English.
        place: what the camera is called.
        timezone: of the clock drawn.
        zone: outline drawn in yellow.
        box: subject, drawn in red.

    Raises:
        RecorderError: the clip has no picture.
    """
    picture, frame_ns = nearest(clip, clip_first_ns, moment_ns)
    image = Image.fromarray(picture.to_ndarray(format="rgb24"))
    _draw_geometry(image, zone, box)
    chinese = has_chinese()
    local = datetime.fromtimestamp(frame_ns // NS_PER_S, UTC).astimezone(timezone)
    offset = local.strftime("%z")
    clock = f"{local:%Y-%m-%d %H:%M:%S}.{frame_ns % NS_PER_S // 1_000_000:03d} {offset}"
    words = (caption.zh, place.zh) if chinese else (plain(caption.en), plain(place.en))
    image = _draw_words(image, words[0], f"{words[1]}  {clock}")
    image.save(out, format="JPEG", quality=QUALITY, subsampling=0)
    return Shot(out, frame_ns, image.width, image.height, chinese)


def nearest(clip: Path, clip_first_ns: int, moment_ns: int) -> tuple[VideoFrame, int]:
    """The picture of a clip nearest to a moment, and its UTC in nanoseconds.

    Raises:
        RecorderError: the clip has no picture.
    """
    try:
        with av.open(str(clip), mode="r") as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            base = stream.time_base or 1
            wanted = (moment_ns - clip_first_ns) / NS_PER_S / base
            container.seek(max(0, int(wanted)), stream=stream, backward=True)
            best: VideoFrame | None = None
            for picture in container.decode(stream):
                if picture.pts is None:
                    continue
                if best is None or abs(picture.pts - wanted) < abs((best.pts or 0) - wanted):
                    best = picture
                if picture.pts >= wanted:
                    break
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise RecorderError(
            f"{clip}: no picture can be decoded ({getattr(error, 'strerror', error)})"
        ) from error
    if best is None:
        raise RecorderError(f"{clip}: holds no picture")
    return best, clip_first_ns + round((best.pts or 0) * base * NS_PER_S)


def _draw_geometry(image: Image.Image, zone: Polygon | None, box: Box | None) -> None:
    draw = ImageDraw.Draw(image)
    thickness = max(2, image.height // 240)
    if zone is not None:
        corners = [(x * image.width, y * image.height) for x, y in zone.points]
        draw.line([*corners, corners[0]], fill=_ZONE, width=thickness, joint="curve")
    if box is not None:
        draw.rectangle(
            (
                box.x * image.width,
                box.y * image.height,
                (box.x + box.w) * image.width,
                (box.y + box.h) * image.height,
            ),
            outline=_SUBJECT,
            width=thickness,
        )


def _draw_words(image: Image.Image, reason: str, line: str) -> Image.Image:
    """A dark band at the foot of the picture with the reason above the place and clock."""
    size = max(12, image.height // 26)
    large, small = font(size), font(max(11, size * 3 // 4))
    margin = size // 2
    lines = [(part, large) for part in _wrap(reason, large, image.width - 2 * margin)]
    lines.append((line, small))
    height = sum(round(f.size * 1.35) for _, f in lines) + margin
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    draw.rectangle((0, image.height - height, image.width, image.height), fill=_BAND)
    at = image.height - height + margin // 2
    for words, face in lines:
        draw.text((margin, at), words, font=face, fill=_WORDS)
        at += round(face.size * 1.35)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _wrap(text: str, face: ImageFont.FreeTypeFont, width: int, most: int = 3) -> list[str]:
    """Break anywhere between characters, as Chinese may be; three lines at most."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        count = len(rest)
        while count > 1 and face.getlength(rest[:count]) > width:
            count -= 1
        space = rest.rfind(" ", 0, count + 1)
        if count < len(rest) and space > count // 2:
            count = space
        lines.append(rest[:count].strip())
        rest = rest[count:].strip()
    if rest and lines:
        lines[-1] = lines[-1][:-1] + "…"
    return lines


def plain(text: str) -> str:
    """What of a text every font can show."""
    return text.encode("ascii", "ignore").decode().strip()


def has_chinese() -> bool:
    """Chinese can be drawn here."""
    return chinese_font() is not None


def font(size: int) -> ImageFont.FreeTypeFont:
    """The best font there is; with Chinese where the system has one."""
    found = chinese_font()
    if found is not None:
        path, index = found
        return ImageFont.truetype(str(path), size, index=index)
    fallback = ImageFont.load_default(size)
    if not isinstance(fallback, ImageFont.FreeTypeFont):
        raise RecorderError("Pillow was built without FreeType; install its wheel from PyPI")
    return fallback


@lru_cache(maxsize=1)
def chinese_font() -> tuple[Path, int] | None:
    """File and face index of a font that has Chinese, or None."""
    found: dict[str, Path] = {}
    for folder in _FONT_FOLDERS:
        if folder.is_dir():
            for path in folder.rglob("*.[to]t[cf]"):
                found.setdefault(path.name, path)
    for name in _FONT_NAMES:
        if name in found:
            collection = name.startswith(("NotoSansCJK-", "SourceHanSans."))
            return found[name], _SIMPLIFIED_CHINESE if collection else 0
    return None
