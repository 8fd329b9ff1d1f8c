"""Reading SOAP requests and writing answers, for a server that trusts nobody."""

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "tt": "http://www.onvif.org/ver10/schema",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tr2": "http://www.onvif.org/ver20/media/wsdl",
    "tptz": "http://www.onvif.org/ver20/ptz/wsdl",
    "timg": "http://www.onvif.org/ver20/imaging/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "tns1": "http://www.onvif.org/ver10/topics",
    "ter": "http://www.onvif.org/ver10/error",
    "ww": "urn:wardwatch:virtual-camera",
}
_PREFIX = {uri: prefix for prefix, uri in NAMESPACES.items()}


class SoapFault(Exception):  # noqa: N818 (the SOAP specification calls it a fault)
    """Becomes a fault in the answer.

    Attributes:
        subcodes: below Sender or Receiver, outermost first, with prefix.
    """

    def __init__(self, reason: str, *subcodes: str, sender: bool = True) -> None:
        super().__init__(reason)
        self.subcodes = subcodes
        self.sender = sender


@dataclass(frozen=True)
class Ask:
    """A request.

    Attributes:
        service: prefix of the operation's namespace, e.g. ``tds``.
        operation: its name.
        body: the request element.
        header: the SOAP header, empty when there was none.
    """

    service: str
    operation: str
    body: Element
    header: Element

    def word(self, *path: str) -> str:
        """Text at a path of local names; empty when there is none."""
        found = down(self.body, *path)
        return (found.text or "").strip() if found is not None else ""


def read(data: bytes) -> Ask:
    """Bytes to a request.

    Raises:
        SoapFault: they are none.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise SoapFault("a document type declaration is not allowed", "ter:WellFormed")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise SoapFault("not well-formed", "ter:WellFormed") from None
    body = down(root, "Body")
    if local(root) != "Envelope" or body is None or len(body) != 1:
        raise SoapFault("no SOAP request", "ter:WellFormed")
    request = body[0]
    namespace = request.tag[1:].partition("}")[0] if request.tag.startswith("{") else ""
    header = down(root, "Header")
    return Ask(
        _PREFIX.get(namespace, ""),
        local(request),
        request,
        header if header is not None else Element("Header"),
    )


def answer(body: str, header: str = "") -> bytes:
    """The bytes of an answer."""
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope{spaces}>'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(error: SoapFault) -> bytes:
    """The bytes of a fault (SOAP 1.2 part 1, section 5.4)."""
    inner = ""
    for code in reversed(error.subcodes):
        inner = f"<s:Subcode>{tag('s:Value', code)}{inner}</s:Subcode>"
    value = "s:Sender" if error.sender else "s:Receiver"
    text = f'<s:Text xml:lang="en">{escape(str(error))}</s:Text>'
    return answer(
        f"<s:Fault><s:Code>{tag('s:Value', value)}{inner}</s:Code>"
        f"<s:Reason>{text}</s:Reason></s:Fault>"
    )


def tag(name: str, text: object = "", **attributes: object) -> str:
    """An element with text, which is escaped."""
    return nest(name, escape(str(text)), **attributes)


def nest(name: str, inside: str, **attributes: object) -> str:
    """An element with markup inside."""
    signs = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{signs}>{inside}</{name}>"


def down(element: Element, *path: str) -> Element | None:
    """The first element down a path of local names."""
    for name in path:
        found = next((child for child in element if local(child) == name), None)
        if found is None:
            return None
        element = found
    return element


def local(element: Element) -> str:
    """Name without namespace."""
    return element.tag.rpartition("}")[2]
