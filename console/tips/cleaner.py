"""One picture in, a clean JPEG out: a program of its own, for files from strangers.

``python -I cleaner.py MAX_PIXELS LONGEST_EDGE`` reads the file from its standard input and writes
a line of JSON and a JPEG to its standard output. It imports nothing of the house. Before the first
octet of the file is read, the process gives away for good what it will not need: memory, time,
writing more than a picture's worth, other processes, and opening any file or socket.
"""

import io
import json
import re
import resource
import sys
from typing import Any

import pillow_heif
from PIL import (
    ExifTags,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

MEMORY_BYTES = 1 << 30
CPU_S = 10
OUTPUT_BYTES = 16 << 20
QUALITY = 88
BAD, TOO_LARGE = 3, 4
"""Exit codes: no picture of these types or a broken one; too many pixels."""
_DATE = re.compile(r"[0-9]{4}:[0-9]{2}:[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Imported above so that nothing needs to be opened later.
_PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)


class TooLargeError(Exception):
    """Too many pixels to decode."""


def give_away() -> None:
    """Lower the limits of this process; they cannot be raised again."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (most, most))


def told(image: Image.Image) -> dict[str, Any]:
    """When and where, as the file has it; whatever cannot be read is left out."""
    facts: dict[str, Any] = {}
    try:
        exif = image.getexif()
        taken = str(exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, ""))
        if _DATE.fullmatch(taken):
            facts["taken"] = taken
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W")
        if abs(lat) <= 90 and abs(lon) <= 180:
            facts["place"] = {"lon": round(lon, 6), "lat": round(lat, 6)}
    except Exception:  # a stranger's file: any defect of it means that it says nothing
        return facts
    return facts


def _degrees(parts: Any, side: Any, negative: str) -> float:
    degrees, minutes, seconds = (float(one) for one in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if str(side).upper().startswith(negative) else value


def clean(content: bytes, max_pixels: int, edge: int) -> tuple[dict[str, Any], bytes]:
    """What the picture shows, upright and without anything else.

    Raises:
        TooLargeError: too many pixels.
        Exception: it is no picture, or a broken one.
    """
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "HEIF")) as image:
        if image.width * image.height > max_pixels:
            raise TooLargeError
        facts = told(image)
        # A JPEG is decoded at a half or a quarter if that is enough, before memory is asked for.
        # Not so a HEIC: there it would be a thumbnail, which may show something else.
        if image.format == "JPEG":
            image.draft("RGB", (edge, edge))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        if upright.mode in ("RGBA", "LA", "PA", "P"):
            upright = upright.convert("RGBA")
            # A new picture takes over the pixels alone; comments and profiles stay behind.
            fresh = Image.new("RGB", upright.size, "white")
            fresh.paste(upright, mask=upright.getchannel("A"))
        else:
            fresh = Image.new("RGB", upright.size)
            fresh.paste(upright.convert("RGB"))
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=QUALITY, optimize=False)
    return {**facts, "width": fresh.width, "height": fresh.height}, out.getvalue()


def main() -> int:
    """Clean what comes in; the exit code says what was wrong."""
    max_pixels, edge = int(sys.argv[1]), int(sys.argv[2])
    Image.MAX_IMAGE_PIXELS = None  # ours is asked before decoding
    Image.preinit()
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)
    Image.new("RGB", (8, 8)).save(io.BytesIO(), "JPEG")
    give_away()
    try:
        facts, jpeg = clean(sys.stdin.buffer.read(), max_pixels, edge)
    except TooLargeError:
        return TOO_LARGE
    except Exception:
        return BAD
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + jpeg)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
