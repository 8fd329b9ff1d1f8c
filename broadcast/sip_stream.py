"""Cutting the octets of a connection into SIP messages (RFC 3261, sections 7.5 and 18.3)."""

import re
from dataclasses import replace

from broadcast.errors import SpeakerError
from broadcast.sip_messages import END_OF_HEAD, MOST_OCTETS, SipMessage, parse_head


class Reader:
    """Whole messages out of pieces that were cut anywhere.

    Only ``Content-Length`` says where a message ends, so one without it, or with a false one,
    spoils the connection: the error is raised after all messages before it have been given.
    Empty lines between messages are keep-alives (RFC 5626, section 3.5.1) and passed over.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._seen = 0  # of the head: so much holds no end
        self._head: SipMessage | None = None

    def feed(self, data: bytes) -> None:
        """Add what has come in."""
        self._buffer += data

    def next(self) -> SipMessage | None:
        """The next message that is complete.

        Raises:
            SpeakerError: this is no SIP message, or one that is too long or of unknown length.
        """
        if self._head is None:
            self._head = self._next_head()
        if self._head is None:
            return None
        length = _length(self._head)
        if len(self._buffer) < length:
            return None
        message = replace(self._head, body=bytes(self._buffer[:length]))
        del self._buffer[:length]
        self._head = None
        return message

    def _next_head(self) -> SipMessage | None:
        buffer = self._buffer
        while buffer.startswith((b"\r", b"\n")):
            del buffer[0]
        end = buffer.find(END_OF_HEAD, self._seen)
        self._seen = max(0, len(buffer) - len(END_OF_HEAD) + 1)
        if (self._seen if end < 0 else end) > MOST_OCTETS:
            raise SpeakerError(f"sends a SIP header of more than {MOST_OCTETS} octets")
        if end < 0:
            return None
        head = bytes(buffer[:end])
        del buffer[: end + len(END_OF_HEAD)]
        self._seen = 0
        return parse_head(head)


def _length(message: SipMessage) -> int:
    """How long the body is. Without the number, where the next message begins is unknown."""
    given = set(message.all("content-length"))
    if not given:
        raise SpeakerError(
            "sends SIP without Content-Length, which TCP and TLS cannot do without; "
            "update its firmware or call it over UDP"
        )
    said = ", ".join(sorted(given))
    if re.fullmatch("[0-9]{1,10}", said) is None:
        raise SpeakerError(f"sends SIP with a Content-Length that is none: {said[:40]!r}")
    if int(said) > MOST_OCTETS:
        raise SpeakerError(f"announces {said} octets in one SIP message")
    return int(said)
