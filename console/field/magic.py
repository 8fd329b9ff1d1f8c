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


def check(mime: str, head: bytes, *, goes_on: bool = False) -> None:
    """Compare the first bytes of a file with its type.

    Args:
        mime: what it is said to be.
        head: its first :data:`HEAD` octets, or as many as there are.
        goes_on: more of it will come, so that too few to tell are no reason to refuse it: a
            recorder may cut a film after its first octet.

    Raises:
        NotWhatItSaysError: they do not fit.
    """
    fits = _fits(mime.partition("/")[2], head[:HEAD])
    if fits is False or (fits is None and not goes_on):
        raise NotWhatItSaysError(f"the file is no {mime}: it begins with {head[:12].hex(' ')}")


def _fits(kind: str, head: bytes) -> bool | None:
    """None while too little is there to tell."""
    match kind:
        case "jpeg":
            return _begins(head, b"\xff\xd8\xff")
        case "webm":
            named = b"webm" in head or (None if len(head) < HEAD else False)
            return _begins(head, _EBML) and named
        case "mp4":
            return _begins(head[4:], b"ftyp")
        case "ogg":
            return _begins(head, b"OggS\x00")
    return False


def _begins(head: bytes, mark: bytes) -> bool | None:
    if head.startswith(mark):
        return True
    return None if mark.startswith(head) else False


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
