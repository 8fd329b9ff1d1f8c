"""HTTP to one camera: bounded in time and size, no redirects, no proxy, one kind of error."""

import asyncio
from dataclasses import dataclass
from typing import Self

import httpx

from core.networks import AddressError, Networks
from ingest.onvif.errors import AnswerError, SilenceError

_CONNECTIONS = httpx.Limits(max_connections=4, max_keepalive_connections=2)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer.

    Attributes:
        challenges: schemes of the WWW-Authenticate headers, lower case.
    """

    status: int
    body: bytes
    challenges: frozenset[str]


class HttpLink:
    """Connections to one camera.

    Args:
        timeout_s: for a whole exchange.
        tls_verify: check certificates; many cameras sign their own.
        networks: where the camera may stand; None asks nothing.
    """

    def __init__(
        self,
        username: str | None,
        password: str | None,
        *,
        timeout_s: float,
        tls_verify: bool,
        networks: Networks | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._networks = networks
        self._client = httpx.AsyncClient(
            verify=tls_verify,
            trust_env=False,
            follow_redirects=False,
            limits=_CONNECTIONS,
            timeout=timeout_s,
        )
        signed = username is not None and password is not None
        # One object for all requests: it remembers the challenge and answers it in advance.
        self._digest = httpx.DigestAuth(username or "", password or "") if signed else None
        self._basic = httpx.BasicAuth(username or "", password or "") if signed else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, url: str, body: bytes, *, digest: bool, longer_s: float = 0.0) -> Reply:
        """Send a SOAP request.

        Args:
            digest: answer the camera's HTTP digest challenge.
            longer_s: what the camera may take on top of the timeout (long polls).

        Raises:
            AnswerError: the camera cannot be reached, is too slow or answers too much.
        """
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        request = self._client.build_request(
            "POST", url, content=body, headers=headers, timeout=self._timeout_s + longer_s
        )
        auth = self._digest if digest else None
        return await self._send(request, auth, self._timeout_s + longer_s, 4 << 20)

    async def get(self, url: str, most_bytes: int) -> Reply:
        """Fetch a picture; signs in by digest, by Basic where that alone is offered.

        Raises:
            AnswerError: as :meth:`post`.
        """
        request = self._client.build_request("GET", url)
        reply = await self._send(request, self._digest, self._timeout_s, most_bytes)
        if reply.status == 401 and reply.challenges == {"basic"} and self._basic is not None:
            request = self._client.build_request("GET", url)
            reply = await self._send(request, self._basic, self._timeout_s, most_bytes)
        return reply

    async def _pin(self, request: httpx.Request) -> None:
        """Lead the request to an address of the configured networks, whatever its name says."""
        if self._networks is None:
            return
        host = request.url.host
        try:
            address = await asyncio.to_thread(self._networks.address_of, host)
        except AddressError as error:
            raise SilenceError(str(error)) from None
        # The Host header was made from the name and stays; TLS is to ask for the name, too.
        request.extensions["sni_hostname"] = host
        request.url = request.url.copy_with(host=address)

    async def _send(
        self, request: httpx.Request, auth: httpx.Auth | None, seconds: float, most_bytes: int
    ) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                await self._pin(request)
                response = await self._client.send(request, auth=auth, stream=True)
                try:
                    return Reply(
                        response.status_code,
                        await _read(response, most_bytes),
                        frozenset(
                            header.partition(" ")[0].lower()
                            for header in response.headers.get_list("www-authenticate")
                        ),
                    )
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException):
            raise SilenceError(f"no answer within {seconds:g} s") from None
        except httpx.ConnectError:
            raise SilenceError("cannot be reached; check address, port and power") from None
        except KeyError:  # httpx looks the digest algorithm up in a table
            raise AnswerError("asks for a digest algorithm that is not known") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise AnswerError(f"the HTTP exchange failed ({type(error).__name__})") from None


async def _read(response: httpx.Response, most_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > most_bytes:
            raise AnswerError(f"the answer is longer than {most_bytes >> 20} MiB")
        parts.append(part)
    return b"".join(parts)
