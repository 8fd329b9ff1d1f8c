"""SOAP 1.2 envelopes: writing requests, opening answers."""

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from ingest.onvif.errors import AnswerError, OnvifFault
from ingest.onvif.tree import Node, parse

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
DEVICE_IO = "http://www.onvif.org/ver10/deviceIO/wsdl"
NOTIFICATION = "http://docs.oasis-open.org/wsn/b-2"
ADDRESSING = "http://www.w3.org/2005/08/addressing"

PREFIXES: Mapping[str, str] = {
    "tds": DEVICE,
    "trt": MEDIA,
    "tr2": MEDIA2,
    "tptz": PTZ,
    "timg": IMAGING,
    "tev": EVENTS,
    "tmd": DEVICE_IO,
    "wsnt": NOTIFICATION,
    "wsa": ADDRESSING,
    "tt": "http://www.onvif.org/ver10/schema",
}
_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REASON_MOST = 200


class Markup(str):
    """Text that is XML already."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str) -> Markup:
    """An element; plain strings inside are escaped, :class:`Markup` is not.

    >>> element("tt:Name", "a < b", token="1")
    '<tt:Name token="1">a &lt; b</tt:Name>'
    """
    inside = "".join(c if isinstance(c, Markup) else escape(clean(c)) for c in content)
    signs = "".join(f" {name}={quoteattr(clean(value))}" for name, value in attributes.items())
    return Markup(f"<{tag}{signs}>{inside}</{tag}>")


def envelope(body: Markup, *headers: Markup) -> bytes:
    """The bytes of a request."""
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in PREFIXES.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}"{spaces}>'
        f"<s:Header>{''.join(headers)}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def foreign(node: Node, **attributes: str) -> Markup:
    """A received element as XML again, to be echoed (reference parameters)."""
    signs = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    signs += "".join(f" {key}={quoteattr(value)}" for key, value in node.attributes.items())
    inside = escape(node.text) + "".join(foreign(child) for child in node.children)
    space = quoteattr(node.namespace)
    return Markup(f"<{node.name} xmlns={space}{signs}>{inside}</{node.name}>")


def open_answer(data: bytes, operation: str) -> Node:
    """The ``…Response`` element of an answer.

    Raises:
        AnswerError: it is no SOAP, or the answer to something else.
        OnvifFault: it is a fault; the message has what the camera said.
    """
    root = parse(data)
    body = root.find("Body")
    if root.name != "Envelope" or body is None:
        raise AnswerError("the answer is no SOAP envelope")
    fault = body.find("Fault")
    if fault is not None:
        raise read_fault(fault)
    answer = body.find(f"{operation}Response")
    if answer is None:
        found = body.children[0].name if body.children else "nothing"
        raise AnswerError(f"the answer holds {clean(found)[:80]}, not {operation}Response")
    return answer


def read_fault(fault: Node) -> OnvifFault:
    """A SOAP 1.2 fault (part 1, section 5.4), or a 1.1 fault of an old camera."""
    codes = []
    code = fault.find("Code")
    while code is not None:
        codes.append(code.word("Value").rpartition(":")[2])
        code = code.find("Subcode")
    if not codes and fault.word("faultcode"):
        codes.append(fault.word("faultcode").rpartition(":")[2])
    detail = fault.find("Detail")
    said = [fault.word("Reason", "Text") or fault.word("faultstring")]
    if detail is not None:
        said.append(detail.word("Text") or detail.text)
        said.extend(child.name for child in detail.children if child.name != "Text")
    reason = "; ".join(dict.fromkeys(filter(None, map(_short, said))))
    name = "/".join(filter(None, map(_short, codes))) or "no code"
    return OnvifFault(f"fault {name}: {reason or 'no reason given'}", tuple(codes))


def clean(text: str) -> str:
    """Text without the characters that XML cannot carry."""
    return _NOT_XML.sub("", text)


def _short(text: str) -> str:
    """One printable line of what a camera says."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(line.split())[:_REASON_MOST]
