"""XML of strangers: a small tree built by expat, with limits and without entities.

SOAP forbids document type declarations (SOAP 1.2 part 1, section 5), so refusing them costs
nothing and closes entity expansion and external entities at once. Names are compared without
their namespace: cameras get the namespace wrong more often than the name.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from ingest.onvif.errors import AnswerError

BYTES_MOST = 4 << 20
NODES_MOST = 50_000
DEPTH_MOST = 64
_SEPARATOR = "\x01"


@dataclass(eq=False)
class Node:
    """One element.

    Attributes:
        name: local name.
        namespace: its URI, or the empty string.
        attributes: by local name.
        text: what stands directly in it, stripped.
    """

    name: str
    namespace: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def find(self, *path: str) -> "Node | None":
        """The first element down a path of local names."""
        node = self
        for name in path:
            child = next((child for child in node.children if child.name == name), None)
            if child is None:
                return None
            node = child
        return node

    def all(self, name: str) -> list["Node"]:
        """The children of that local name."""
        return [child for child in self.children if child.name == name]

    def word(self, *path: str) -> str:
        """Text at a path; empty when there is none."""
        node = self.find(*path)
        return "" if node is None else node.text

    def every(self, name: str) -> Iterator["Node"]:
        """All descendants of that local name, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.name == name:
                yield node
            waiting.extend(reversed(node.children))


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > NODES_MOST or len(self._open) >= DEPTH_MOST:
            raise AnswerError("the XML is larger or deeper than any ONVIF answer")
        namespace, name = _split(tag)
        node = Node(name, namespace, {_split(key)[1]: v for key, v in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _tag: str) -> None:
        node = self._open.pop()
        node.text = node.text.strip()

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def doctype(self, *_: object) -> None:
        raise AnswerError("the XML has a document type declaration, which SOAP forbids")


def parse(data: bytes) -> Node:
    """Bytes to a tree.

    Raises:
        AnswerError: it is no XML, has a DTD, or is beyond the limits above.
    """
    if len(data) > BYTES_MOST:
        raise AnswerError(f"the XML is longer than {BYTES_MOST >> 20} MiB")
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(data.lstrip(), True)  # some cameras begin with an empty line
    except expat.ExpatError as error:
        raise AnswerError(f"the answer is no XML ({error})") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not have
        raise AnswerError(f"the answer's encoding cannot be read ({error})") from None
    if builder.root is None:
        raise AnswerError("the answer is empty")
    return builder.root


def number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole(text: str) -> int | None:
    """A whole number of believable size, or None."""
    value = number(text)
    return int(value) if value is not None and abs(value) < 1 << 53 else None


def truth(text: str) -> bool:
    """An xs:boolean; anything odd is False."""
    return text.strip().lower() in ("true", "1")


def _split(tag: str) -> tuple[str, str]:
    namespace, found, name = tag.rpartition(_SEPARATOR)
    return (namespace if found else "", name)
