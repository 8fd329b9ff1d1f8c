"""SIP horns, telephones and amplifiers: call, be answered, speak, hang up.

The device must answer by itself; the INVITE asks for it (RFC 5373). Sound goes out by RTP in the
first of G.722, PCMA and PCMU that the device takes; what it sends is not wanted (``sendonly``).
The call itself goes by UDP, TCP or TLS, as the address says; the sound is never encrypted.
"""

import socket
import threading
from contextlib import closing

from broadcast.base import Delivery, StreamingDriver
from broadcast.codecs import offered
from broadcast.errors import SpeakerError
from broadcast.feed import Feed
from broadcast.sip_call import Call
from broadcast.sip_transport import Reach
from broadcast.talk import Channel, Packetiser, say
from broadcast.tls import SYSTEM, Trust
from core.clock import Clock
from core.credentials import Credential
from core.networks import Networks


class SipSpeaker(StreamingDriver):
    """One SIP device.

    Args:
        camera: id of the camera, for messages.
        uri: ``sip:name@host[:port]``, of the device or its extension at an exchange; with
            ``;transport=tcp`` or ``;transport=tls`` behind, or ``sips:``.
        caller: user part of our own address.
        credential: how to sign in, None when the device wants nothing.
        codec: of the configuration; ``auto`` offers all.
        ring_s: longest wait for an answer.
        trust: what its certificate is held against, over TLS.
    """

    name = "sip"

    def __init__(
        self,
        camera: str,
        uri: str,
        clock: Clock,
        *,
        caller: str = "wardwatch",
        credential: Credential | None = None,
        networks: Networks | None = None,
        codec: str = "auto",
        ring_s: float = 10.0,
        trust: Trust = SYSTEM,
    ) -> None:
        self._who = f"camera {camera}"
        self._uri, self._clock = uri, clock
        self._caller, self._credential = caller, credential
        self._reach = Reach(self._who, clock, networks, trust)
        self._voices, self._ring_s = offered(codec), ring_s

    def stream(
        self, feed: Feed, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        call = Call(self._uri, self._reach, stop, caller=self._caller, credential=self._credential)
        try:
            family = socket.AF_INET6 if ":" in call.local else socket.AF_INET
            with closing(socket.socket(family, socket.SOCK_DGRAM)) as sound:
                sound.bind((call.local, 0))
                port = int(sound.getsockname()[1])
                media = call.invite(port, self._voices, self._ring_s)
                done.reply("answered")
                sound.connect((media.address, media.port))
                packets = Packetiser(media.payload_type)
                say(
                    Channel(
                        self._who,
                        media.voice,
                        lambda octets: sound.send(packets.pack(octets)),
                        call.tend,
                    ),
                    feed,
                    self._clock,
                    stop,
                    done,
                )
                done.reply(media.voice.name)
        except OSError as error:
            raise SpeakerError(f"{self._who}: {error.strerror or error}") from None
        finally:
            if ended := call.hang_up():
                done.reply(ended)
        return done
