"""Webhooks: JSON by HTTP POST, signed (:mod:`.signing`).

A receiver that answers 2xx has it. Redirects are not followed: they would lead to an address
that nobody configured.
"""

import asyncio
import json
import ssl

import httpx

from alerts.notify.channel import (
    ChannelDeniedError,
    ChannelError,
    Driver,
    Message,
    MessageRefusedError,
)
from alerts.notify.notifications import outward
from alerts.notify.signing import keys_of, sign
from core.clock import NS_PER_S, iso
from core.config.notify import WebhookChannel
from core.networks import AddressError, Networks

SCHEMA = "wardwatch.notice/1"


class Webhook(Driver):
    """Posts to one address.

    Args:
        secret: one key, or two while they change.

    Raises:
        ChannelError: there is no secret, or it is none of Standard Webhooks.
    """

    def __init__(self, channel: WebhookChannel, secret: str | None, networks: Networks) -> None:
        self._channel, self._networks = channel, networks
        if secret is None:
            raise ChannelError(
                f"channel {channel.id}: has no secret to sign with; set one with "
                f"`wardwatch notify secret {channel.id}`"
            )
        try:
            self._keys = keys_of(secret)
        except ValueError as error:
            raise ChannelError(f"channel {channel.id}: secret: {error}") from None
        try:
            ca = str(channel.ca) if channel.ca is not None else None
            self._tls = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise ChannelError(f"channel {channel.id}: ca {channel.ca}: {error}") from None

    def send(self, message: Message) -> None:
        """Post it; the whole exchange has ``timeout_s``."""
        try:
            status = asyncio.run(asyncio.wait_for(self._post(message), self._channel.timeout_s))
        except TimeoutError:
            raise self._error(ChannelError, f"no answer in {self._channel.timeout_s:g} s") from None
        except AddressError as error:
            told = str(error).partition(" lies outside")[0]
            raise self._error(
                ChannelError, f"{told}: lies outside notify.networks, or has no address"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._error(ChannelError, f"{error or type(error).__name__}") from None
        self._judge(status)

    async def _post(self, message: Message) -> int:
        body = body_of(message)
        timestamp_s = message.at_ns // NS_PER_S
        headers = {
            "content-type": "application/json",
            "user-agent": "Wardwatch",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": sign(self._keys, message.id, timestamp_s, body),
        }
        async with httpx.AsyncClient(
            timeout=self._channel.timeout_s, trust_env=False, verify=self._tls
        ) as client:
            request = client.build_request("POST", self._channel.url, content=body, headers=headers)
            # To the very address that was checked; the name stays for TLS and for Host.
            request.extensions["sni_hostname"] = request.url.host
            address = await asyncio.to_thread(self._networks.address_of, request.url.host)
            request.url = request.url.copy_with(host=address)
            reply = await client.send(request, stream=True)
            await reply.aclose()
            return reply.status_code

    def _judge(self, status: int) -> None:
        if httpx.codes.is_success(status):
            return
        said = f"answered {status}"
        if status in (401, 403):
            raise self._error(ChannelDeniedError, f"{said}: refuses our signature or access")
        if httpx.codes.is_client_error(status) and status not in (404, 408, 425, 429):
            raise self._error(MessageRefusedError, said)
        raise self._error(ChannelError, said)

    def _error(self, kind: type[ChannelError], what: str) -> ChannelError:
        host = httpx.URL(self._channel.url).host
        return kind(f"channel {self._channel.id} ({host}): {what}")


def body_of(message: Message) -> bytes:
    """``{type, timestamp, data}`` as Standard Webhooks advises; a summary holds all of them."""
    told = [outward(one).model_dump(mode="json") for one in message.notifications]
    content = {
        "schema": SCHEMA,
        "type": "summary" if message.summary else message.notifications[0].event,
        "timestamp": iso(message.notifications[0].at_ns),
        "data": {"notices": told} if message.summary else told[0],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
