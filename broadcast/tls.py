"""Whom a TLS connection is trusted to lead to: an authority's word, or one pinned certificate."""

import hashlib
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from broadcast.errors import SpeakerError


@dataclass(frozen=True)
class Trust:
    """What a device's certificate is held against.

    Attributes:
        ca_file: PEM that its certificate must lead to; None: the system's authorities.
        fingerprint: SHA-256 of its certificate, 64 lower-case hex digits. It alone counts then:
            neither authority, name nor dates are asked, since it can be no other device.
    """

    ca_file: Path | None = None
    fingerprint: str | None = None

    def context(self) -> ssl.SSLContext:
        """For one connection, or for several.

        Raises:
            SpeakerError: the authorities cannot be read.
        """
        if self.fingerprint is not None:
            pinned = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            pinned.check_hostname = False
            pinned.verify_mode = ssl.CERT_NONE  # :meth:`check` does it
            return pinned
        if self.ca_file is None:
            return _of_system()
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise SpeakerError(
                f"speaker.ca_file: {self.ca_file}: {error.strerror or error}"
            ) from None

    def check(self, connection: ssl.SSLSocket) -> None:
        """Hold a connection against the pinned certificate, before anything is said on it.

        Raises:
            SpeakerError: it shows another one.
        """
        if self.fingerprint is None:
            return
        shown = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
        if shown != self.fingerprint:
            raise SpeakerError(
                "shows another certificate than the one in speaker.fingerprint, namely "
                f"{shown}; write that down only if its certificate was changed on purpose"
            )


SYSTEM = Trust()
"""Certificates must lead to an authority that the system knows."""


@cache
def _of_system() -> ssl.SSLContext:
    """Once for all: reading some 140 authorities takes longer than a call."""
    return ssl.create_default_context()
