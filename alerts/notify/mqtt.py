"""MQTT 3.1.1 (OASIS): the present state of incidents, cameras and disks, and what happens.

Topics below the configured prefix, all JSON but ``status``, all with QoS 1:

===================  ========  =====================================================
``status``           retained  ``online``; ``offline`` is the last will
``event``            no        every notification as it happens (``wardwatch.notice/1``)
``incident/<id>``    retained  an open incident; removed when it ends
``camera/<id>``      retained  ``{"state", "since"}``
``storage/<name>``   retained  ``{"kind", "message", "at"}``
===================  ========  =====================================================

A delivery counts when the broker has acknowledged all of it. When it does not, the connection is
given up: what the library would still send by itself the queue sends again.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from alerts.notify.channel import ChannelDeniedError, ChannelError, Driver, Message
from alerts.notify.notifications import outward
from core.config.notify import MqttChannel
from core.networks import AddressError, Networks
from core.notifications import Notification

_log = structlog.get_logger()

_KEEPALIVE_S = 30
_GOODBYE_S = 2
_RECONNECT_S = (1, 60)
_DENIED = {4, 5, 134, 135}  # bad user name or password, not authorised


@dataclass(frozen=True)
class Retained:
    """What a topic below the prefix shall hold; empty: nothing."""

    topic: str
    payload: str


States = Callable[[Notification], Iterable[Retained]]
"""The states that a notification touches, as they are now."""
AllStates = Callable[[], Iterable[Retained]]


class _Client(paho.Client):
    """Connects within the networks only; TLS still checks the name."""

    networks: Networks

    def _create_socket_connection(self) -> socket.socket:
        address = self.networks.address_of(self.host)
        return socket.create_connection((address, self.port), timeout=self.connect_timeout)


class Mqtt(Driver):
    """Keeps a connection to one broker.

    Args:
        states: looked up when one is sent, so that a late delivery tells what is the case.
        everything: told anew at every connection, should the broker have forgotten.
        presence: keep ``status``, and leave a last will.
    """

    groups = False

    def __init__(
        self,
        channel: MqttChannel,
        secret: str | None,
        networks: Networks,
        states: States,
        everything: AllStates,
        *,
        presence: bool = True,
    ) -> None:
        self._presence = presence
        self._channel, self._secret, self._networks = channel, secret, networks
        self._states, self._everything = states, everything
        self._client: _Client | None = None
        self._answered = threading.Event()
        self._up = False
        self._refusal = ""
        self._denied = False
        try:
            ca = str(channel.ca) if channel.ca is not None else None
            self._tls = ssl.create_default_context(cafile=ca) if channel.tls else None
        except OSError as error:
            raise ChannelError(f"channel {channel.id}: ca {channel.ca}: {error}") from None

    def send(self, message: Message) -> None:
        """Publish and wait for the broker's word."""
        client = self._ready()
        try:
            sent = []
            for notification in message.notifications:
                body = outward(notification).model_dump_json()
                sent.append(client.publish(self._topic("event"), body, qos=1))
                sent += [self._put(client, one) for one in self._states(notification)]
            for one in sent:
                one.wait_for_publish(self._channel.timeout_s)
            if not all(one.is_published() for one in sent):
                raise self._error(f"not acknowledged in {self._channel.timeout_s:g} s")
        except (ValueError, RuntimeError) as error:
            self.close()
            raise self._error(str(error)) from None
        except ChannelError:
            self.close()
            raise

    def idle(self) -> None:
        """Stay connected, for ``status`` and the last will."""
        if self._client is None:
            self._ready()

    def close(self) -> None:
        """Say goodbye; the broker then keeps ``offline``."""
        client, self._client = self._client, None
        if client is None:
            return
        if self._up and self._presence:
            goodbye = client.publish(self._topic("status"), "offline", qos=1, retain=True)
            goodbye.wait_for_publish(_GOODBYE_S)
        client.disconnect()
        client.loop_stop()
        self._up = False
        self._answered.clear()

    def _ready(self) -> _Client:
        if self._client is None:
            self._client = self._connect()
        self._answered.wait(self._channel.timeout_s)
        if not self._up:
            refusal, denied = self._refusal, self._denied
            self.close()
            what = refusal or f"no answer in {self._channel.timeout_s:g} s"
            raise self._error(what, ChannelDeniedError if denied else ChannelError)
        return self._client

    def _connect(self) -> _Client:
        channel = self._channel
        self._refusal, self._denied = "", False
        self._answered.clear()
        client = _Client(CallbackAPIVersion.VERSION2, client_id=channel.client_id)
        client.networks = self._networks
        client.connect_timeout = channel.timeout_s
        if channel.username is not None:
            client.username_pw_set(channel.username, self._secret)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if self._presence:
            client.will_set(self._topic("status"), "offline", qos=1, retain=True)
        client.reconnect_delay_set(*_RECONNECT_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        try:
            client.connect(channel.host, channel.port, _KEEPALIVE_S)
        except AddressError as error:
            told = str(error).partition(" lies outside")[0]
            raise self._error(f"{told}: lies outside notify.networks, or has no address") from None
        except (OSError, ValueError) as error:
            raise self._error(str(error)) from None
        client.loop_start()
        return client

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            self._refusal = f"refused: {reason}"
            self._denied = reason.value in _DENIED
            self._answered.set()
            return
        if self._presence:
            client.publish(self._topic("status"), "online", qos=1, retain=True)
        try:
            for one in self._everything():
                self._put(client, one)
        except Exception:
            # The connection is worth more than what could not be read.
            _log.exception("states not told", channel=self._channel.id)
        self._up = True
        self._answered.set()

    def _on_disconnect(self, *_given: Any) -> None:
        if self._up:
            self._up = False
            self._answered.clear()

    def _put(self, client: paho.Client, one: Retained) -> paho.MQTTMessageInfo:
        return client.publish(self._topic(one.topic), one.payload, qos=1, retain=True)

    def _topic(self, name: str) -> str:
        return f"{self._channel.prefix}/{name}"

    def _error(self, what: str, kind: type[ChannelError] = ChannelError) -> ChannelError:
        channel = self._channel
        return kind(f"channel {channel.id} ({channel.host}:{channel.port}): {what}")


def level(name: str) -> str:
    """A name as one level of a topic.

    >>> level("/mnt/disk+1")
    '_mnt_disk_1'
    """
    return "".join("_" if one in "/+#\0" else one for one in name)


def as_json(content: dict[str, object]) -> str:
    """Compact JSON with Chinese as it is."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
