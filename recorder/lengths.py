"""NAL units behind start codes (ITU-T H.264 annex B), put behind lengths as files want them."""

Chunk = bytes | memoryview

_START = b"\0\0\1"


def put_lengths(data: bytes, chunks: list[Chunk]) -> int:
    """Append a picture's units to ``chunks``, each behind its length, copying none of them.

    No unit is changed or left out; zeros behind one are none of its (annex B.1.1).

    Returns:
        The octets appended.
    """
    view = memoryview(data)
    size = 0
    at = data.find(_START)
    while at >= 0:
        at += 3
        following = data.find(_START, at)
        end = following if following >= 0 else len(data)
        while end > at and not data[end - 1]:
            end -= 1
        if end > at:
            chunks.append((end - at).to_bytes(4, "big"))
            chunks.append(view[at:end])
            size += 4 + end - at
        at = following
    return size
