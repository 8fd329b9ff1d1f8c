"""Time-stamps from an authority by HTTP (RFC 3161 §3.4)."""

from dataclasses import dataclass

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from core.networks import AddressError, Networks
from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.stamps import read_stamp
from recorder.seal.errors import StampError

TIMEOUT_S = 15.0
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Authority:
    """A time-stamp authority.

    Attributes:
        url: ``http`` or ``https``.
        roots: certificates that its own must lead to.
        networks: where it may stand.
        timeout_s: for each step of the exchange.
    """

    url: str
    roots: tuple[x509.Certificate, ...]
    networks: Networks
    timeout_s: float = TIMEOUT_S

    def stamp(self, data: bytes) -> bytes:
        """The authority's response (TimeStampResp, DER) for some data, checked.

        Its imprint is that of the data, its nonce that of the request, its signature holds and its
        certificate leads to a root. The reader that travels with case files must accept it too.

        Raises:
            StampError: says why there is none.
        """
        request = (
            TimestampRequestBuilder()
            .data(data)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        content = self._post(request.as_bytes())
        try:
            response = decode_timestamp_response(content)
            verifier = VerifierBuilder.from_request(request)
            for root in self.roots:
                verifier = verifier.add_root_certificate(root)
            verifier.build().verify_message(response, data)
            found = read_stamp(content, data, self.roots)
        except (ValueError, VerificationError, UnreadableError) as error:
            raise StampError(f"{self.url}: not a good time-stamp: {error}") from None
        if not found.trusted or found.nonce != request.nonce:
            raise StampError(f"{self.url}: a time-stamp by a stranger, or for another request")
        return content

    def _post(self, body: bytes) -> bytes:
        headers = {"content-type": "application/timestamp-query", "accept-encoding": "identity"}
        try:
            with httpx.Client(timeout=self.timeout_s, trust_env=False) as client:
                request = client.build_request("POST", self.url, content=body, headers=headers)
                # To the very address that was checked; the name stays for TLS and for Host.
                request.extensions["sni_hostname"] = request.url.host
                address = self.networks.address_of(request.url.host)
                request.url = request.url.copy_with(host=address)
                reply = client.send(request, stream=True)
                content = b""
                for piece in reply.iter_bytes():
                    content += piece
                    if len(content) > _MOST_BYTES:
                        raise StampError(f"{self.url}: answered with more than a time-stamp")
        except AddressError:
            raise StampError(
                f"{self.url}: lies outside the networks of seal.timestamp.networks"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StampError(f"{self.url}: {error or type(error).__name__}") from None
        if reply.status_code != httpx.codes.OK:
            raise StampError(f"{self.url}: answered {reply.status_code}")
        return content
