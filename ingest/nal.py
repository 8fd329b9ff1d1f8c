"""Just enough of H.264 (ITU-T H.264 §7.3.1) and H.265 (§7.3.1.2) to see what a packet holds.

Signed video (ONVIF Media Signing) ends with packets that carry a signature and no picture;
the decoder calls those invalid data, which they are not.
"""

from collections.abc import Iterator


def leading_units(data: bytes) -> Iterator[bytes]:
    """NAL units of an annex B byte stream, in order, without start codes and trailing zeros.

    Lazy: who stops at the first slice does not pay for searching the slices.

    >>> list(leading_units(bytes.fromhex("00000001 6742 000001 68ce 0000")))
    [b'gB', b'h\\xce']
    """
    start = data.find(b"\0\0\1")
    while start >= 0:
        start += 3
        following = data.find(b"\0\0\1", start)
        unit = data[start : following if following >= 0 else len(data)].rstrip(b"\0")
        if unit:
            yield unit
        start = following


class PictureSniffer:
    """Tells packets with coded slices from packets with parameter sets or messages alone."""

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._codec = codec
        # avcC (ISO/IEC 14496-15 §5.3.3.1) and hvcC (§8.3.3.1) start with version 1 and hold
        # the size of the length fields; anything else is start codes (Annex B).
        self._length_size = 0
        if extradata and extradata[0] == 1:
            if codec == "h264" and len(extradata) > 4:
                self._length_size = (extradata[4] & 3) + 1
            elif codec == "hevc" and len(extradata) > 21:
                self._length_size = (extradata[21] & 3) + 1
        self._highest_layer = 0

    def has_picture(self, data: bytes) -> bool:
        """Whether there is anything to decode; True for other codecs and for odd data."""
        if self._codec not in ("h264", "hevc"):
            return True
        seen = False
        for header in self._headers(data):
            seen = True
            if self._codec == "h264" and 1 <= header & 0x1F <= 5:
                return True
            if self._codec == "hevc" and (header >> 1) & 0x3F < 32:
                return True
        return not seen

    def is_needless(self, data: bytes) -> bool:
        """Whether no other picture is decoded from this one, so that it may be left out.

        H.264: every slice has nal_ref_idc 0 (§7.4.1). H.265: sub-layer non-reference pictures
        (§7.4.2.2, the even types below 16) of the highest temporal layer there is.
        """
        if self._codec == "h264":
            slices = [head for head in self._headers(data) if 1 <= head & 0x1F <= 5]
            return bool(slices) and all(not head & 0x60 for head in slices)
        if self._codec == "hevc":
            return self._needless_hevc(data)
        return False

    def _needless_hevc(self, data: bytes) -> bool:
        kinds = []
        for at in self._starts(data):
            kind = (data[at] >> 1) & 0x3F
            if kind < 32 and at + 1 < len(data):
                layer = data[at + 1] & 7
                self._highest_layer = max(self._highest_layer, layer)
                kinds.append(kind < 16 and kind % 2 == 0 and layer == self._highest_layer)
        return bool(kinds) and all(kinds)

    def _headers(self, data: bytes) -> Iterator[int]:
        """First byte of every NAL unit."""
        return (data[at] for at in self._starts(data))

    def _starts(self, data: bytes) -> Iterator[int]:
        """Where every NAL unit begins."""
        if not self._length_size:
            at = data.find(b"\0\0\1")
            while at >= 0 and at + 3 < len(data):
                yield at + 3
                at = data.find(b"\0\0\1", at + 3)
            return
        at = 0
        while at + self._length_size < len(data):
            length = int.from_bytes(data[at : at + self._length_size], "big")
            yield at + self._length_size
            at += self._length_size + length
