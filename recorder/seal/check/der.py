"""As much of DER (ITU-T X.690) as time-stamps and SM2 signatures need, read strictly."""

from dataclasses import dataclass

from recorder.seal.check.canonical import UnreadableError

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
GENERALIZED_TIME = 0x18


@dataclass(frozen=True)
class Element:
    """One element.

    Attributes:
        tag: the identifier octet.
        body: its contents.
        whole: header and contents.
    """

    tag: int
    body: bytes
    whole: bytes

    def children(self) -> list["Element"]:
        """The elements inside."""
        return elements(self.body)

    def expect(self, tag: int) -> "Element":
        """Itself, if it has this tag."""
        if self.tag != tag:
            raise UnreadableError(f"DER: tag {self.tag:#04x} where {tag:#04x} is due")
        return self

    def number(self) -> int:
        """Value of an INTEGER."""
        return int.from_bytes(self.expect(INTEGER).body, "big", signed=True)

    def oid(self) -> str:
        """Value of an OBJECT IDENTIFIER in dots."""
        body = self.expect(OID).body
        if not body or body[-1] & 0x80:
            raise UnreadableError("DER: a cut object identifier")
        arcs, arc = [], 0
        for octet in body:
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def element(content: bytes) -> Element:
    """The one element that the bytes are.

    Raises:
        UnreadableError: they are something else, or more.
    """
    found = elements(content)
    if len(found) != 1:
        raise UnreadableError(f"DER: {len(found)} elements where one is due")
    return found[0]


def elements(content: bytes) -> list[Element]:
    """The elements that the bytes are a row of.

    Raises:
        UnreadableError: they are cut, or not DER.
    """
    found, position = [], 0
    while position < len(content):
        start, header = position, content[position : position + 2]
        if len(header) < 2 or header[0] & 0x1F == 0x1F:
            raise UnreadableError("DER: cut, or a tag of many octets")
        length, position = header[1], position + 2
        if length & 0x80:
            octets = length & 0x7F
            size = content[position : position + octets]
            length, position = int.from_bytes(size, "big"), position + octets
            if not 1 <= octets <= 4 or len(size) != octets or length < 0x80 or not size[0]:
                raise UnreadableError("DER: a length that is not written the one right way")
        if position + length > len(content):
            raise UnreadableError("DER: cut")
        body = content[position : position + length]
        position += length
        found.append(Element(header[0], body, content[start:position]))
    return found
