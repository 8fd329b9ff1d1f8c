"""What a file is, by its own bytes: what a phone claims is not believed."""

from core.errors import WardwatchError

HEAD = 64
"""Octets needed to tell."""

# ISO/IEC 14496-12 (`ftyp` after four octets of length), Matroska's EBML header (RFC 8794),
# Ogg (RFC 3533), JPEG (ITU-T T.81: SOI and the first byte of the next marker).
_EBML = b"\x1a\x45\xdf\xa3"
SUFFIX = {
    "image/jpeg": ".jpg",
    "audio/webm": ".webm",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "video/webm": ".webm",
    "video/mp4": ".mp4",
}
KINDS = {
    "photo": ("image/jpeg",),
    "audio": ("audio/webm", "audio/mp4", "audio/ogg"),
    "video": ("video/webm", "video/mp4"),
}
"""The types taken, by what is sent."""


class NotWhatItSaysError(WardwatchError):
    """The bytes do not fit the type that was claimed."""


def check(mime: str, head: bytes) -> None:
    """Compare the first bytes of a file with its type.

    Raises:
        NotWhatItSaysError: they do not fit.
    """
    match mime.partition("/")[2]:
        case "jpeg":
            fits = head.startswith(b"\xff\xd8\xff")
        case "webm":
            fits = head.startswith(_EBML) and b"webm" in head[:HEAD]
        case "mp4":
            fits = head[4:8] == b"ftyp"
        case "ogg":
            fits = head.startswith(b"OggS\x00")
        case _:
            fits = False
    if not fits:
        raise NotWhatItSaysError(f"the file is no {mime}: it begins with {head[:12].hex(' ')}")


def has_exif(jpeg: bytes) -> bool:
    """True when a JPEG carries EXIF or XMP (APP1), which may tell more than was agreed to.

    Segments are walked up to the picture data (T.81 Annex B); a broken file counts as clean of
    it, since there is nothing to be read from it either.

    >>> has_exif(bytes.fromhex("ffd8 ffe1 0008 457869660000 ffd9"))
    True
    >>> has_exif(bytes.fromhex("ffd8 ffe0 0004 0000 ffda 0002 ffd9"))
    False
    """
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xE1:
            return True
        if marker in (0xDA, 0xD9):
            return False
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return False
