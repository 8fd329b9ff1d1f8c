"""Lengths and tags of KLV (SMPTE ST 336, MISB ST 0107): BER and BER-OID."""

LONGEST_TAG = 4
"""Bytes of a BER-OID tag that are read at most; ST 0601 needs two."""


class BerError(ValueError):
    """Bytes that are no BER."""


def read_length(data: bytes, at: int) -> tuple[int, int] | None:
    """A BER length.

    Args:
        at: position of its first byte.

    Returns:
        The length and the position behind it; None when the data ends within it.

    Raises:
        BerError: the indefinite form, or more than four bytes long.
    """
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if count == 0 or count > 4:
        raise BerError(f"a length of {count} bytes" if count else "a length without an end")
    if at + 1 + count > len(data):
        return None
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def read_tag(data: bytes, at: int) -> tuple[int, int] | None:
    """A BER-OID tag: seven bits a byte, the highest bit says that more follow.

    Returns:
        The tag and the position behind it; None when the data ends within it.

    Raises:
        BerError: longer than any tag in use.
    """
    tag = 0
    for count in range(LONGEST_TAG):
        if at + count >= len(data):
            return None
        byte = data[at + count]
        tag = tag << 7 | byte & 0x7F
        if byte < 0x80:
            return tag, at + count + 1
    raise BerError("a tag without an end")
