"""ONVIF audio backchannel over RTSP (ONVIF Streaming Specification, section 5.3).

DESCRIBE, SETUP of the one track marked sendonly, PLAY (never RECORD), G.711 in RTP at real
time, TEARDOWN: all of them carry ``Require: www.onvif.org/ver20/backchannel``. Nothing is sent
before PLAY's 200, and no picture track is set up, so viewing never opens the channel and
speaking never takes a stream away.
"""

import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass

import structlog

from broadcast import sdp
from broadcast.base import Delivery, StreamingDriver
from broadcast.codecs import VOICES
from broadcast.errors import NoBackchannelError, SpeakerError
from broadcast.feed import Feed
from broadcast.rtsp_client import RtspClient
from broadcast.rtsp_messages import Response
from broadcast.talk import Channel, Packetiser, say
from core.clock import NS_PER_S, Clock
from core.networks import Networks

log = structlog.get_logger()

REQUIRE = "www.onvif.org/ver20/backchannel"
TEARDOWN_TIMEOUT_S = 2.0
_DEFAULT_SESSION_S = 60.0  # RFC 2326, section 12.37
_HEADERS = {"Require": REQUIRE}
_MEANING = {
    400: "bad request",
    403: "forbidden for this user",
    404: "no such stream; check the path of the speaker address",
    453: "busy; another program may be talking through it",
    454: "session lost",
    455: "not allowed in this state",
    461: "transport not supported",
    503: "busy or not ready; another program may be talking through it",
}


class OnvifSpeaker(StreamingDriver):
    """The loudspeaker of a camera with an ONVIF audio backchannel.

    Args:
        camera: id of the camera, for messages.
        url: rtsp:// address whose description has the back track.
        username: sign-in name, None when none is wanted.
        password: its password.
        networks: where it may stand; None asks nothing.
        timeout_s: longest wait for each answer.
    """

    name = "onvif"
    of_camera = True

    def __init__(
        self,
        camera: str,
        url: str,
        clock: Clock,
        *,
        username: str | None = None,
        password: str = "",
        networks: Networks | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        self._who = f"camera {camera}"
        self._url = url
        self._clock = clock
        self._username, self._password = username, password
        self._networks = networks
        self._timeout_s = timeout_s

    def stream(
        self, feed: Feed, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        with RtspClient(
            self._url,
            self._who,
            self._clock,
            username=self._username,
            password=self._password,
            networks=self._networks,
            timeout_s=self._timeout_s,
        ) as client:
            track, session_url, track_url = self._describe(client)
            channel = self._setup(client, track_url)
            try:
                playing = client.ask("PLAY", session_url, _HEADERS | {"Session": channel.session})
                self._expect(playing, "PLAY")
                done.reply(f"PLAY {playing}")
                alive = _KeepAlive(client, session_url, channel, self._clock)
                packets = Packetiser(track.payload_type)
                way = Channel(
                    self._who,
                    VOICES[track.codec.name],
                    lambda octets: channel.send(client, packets.pack(octets)),
                    alive.tend,
                )
                say(way, feed, self._clock, stop, done)
            finally:
                channel.close()
                done.reply(self._teardown(client, session_url, channel.session))
        done.reply(f"{track.codec.name} by {'TCP' if channel.udp is None else 'UDP'}")
        if client.server:
            done.reply(client.server)
        return done

    def _describe(self, client: RtspClient) -> tuple[sdp.BackTrack, str, str]:
        """The track to send on, the address of the session, the address of the track."""
        answer = client.ask("DESCRIBE", self._url, _HEADERS | {"Accept": "application/sdp"})
        self._expect(answer, "DESCRIBE")
        described = sdp.parse(answer.body.decode("utf-8", "replace"))
        try:
            track = sdp.back_track(described)
        except NoBackchannelError as error:
            raise NoBackchannelError(f"{self._who}: {error}") from None
        base = answer.first("content-base") or answer.first("content-location") or self._url
        return track, sdp.resolve(base, described.control), sdp.resolve(base, track.control)

    def _setup(self, client: RtspClient, url: str) -> "_Channel":
        """Interleaved in the RTSP connection; UDP when the device does not know that."""
        wanted = "RTP/AVP/TCP;unicast;interleaved=0-1"
        answer = client.ask("SETUP", url, _HEADERS | {"Transport": wanted})
        pair: _UdpPair | None = None
        if answer.code == 461:
            pair = _UdpPair(client.family, client.local)
            wanted = f"RTP/AVP;unicast;client_port={pair.port}-{pair.port + 1}"
            answer = client.ask("SETUP", url, _HEADERS | {"Transport": wanted})
        try:
            self._expect(answer, "SETUP")
            session, _, parameters = answer.first("session").partition(";")
            if not session.strip():
                raise SpeakerError(f"{self._who}: SETUP gave no session")
            granted = answer.first("transport")
            timeout = re.search(r"timeout\s*=\s*(\d+)", parameters, re.IGNORECASE)
            channel = _Channel(
                session.strip(), float(timeout[1]) if timeout else _DEFAULT_SESSION_S, udp=pair
            )
            if pair is None:
                place = re.search(r"interleaved\s*=\s*(\d{1,3})", granted, re.IGNORECASE)
                channel.interleaved = min(int(place[1]), 255) if place else 0
            else:
                port = re.search(r"server_port\s*=\s*(\d{1,5})", granted, re.IGNORECASE)
                if port is None or not 0 < int(port[1]) < 65536:
                    raise SpeakerError(f"{self._who}: SETUP names no port to send to: {granted!r}")
                # The address is the one we already talk to: devices behind address
                # translation name one in `source=` that cannot be reached.
                pair.connect(client.peer, int(port[1]))
        except BaseException:
            if pair is not None:
                pair.close()
            raise
        return channel

    def _teardown(self, client: RtspClient, url: str, session: str) -> str:
        """Close the session; a failure here is told, never raised: the words are out."""
        try:
            answer = client.ask(
                "TEARDOWN", url, _HEADERS | {"Session": session}, TEARDOWN_TIMEOUT_S
            )
        except SpeakerError as error:
            log.warning("speaker.teardown_failed", device=self._who, error=str(error))
            return "TEARDOWN without answer"
        return f"TEARDOWN {answer}"

    def _expect(self, answer: Response, method: str) -> None:
        if answer.code == 200:
            return
        if answer.code == 551:
            raise NoBackchannelError(
                f"{self._who}: {method} answered {answer}: the device has no ONVIF backchannel "
                "on this stream; try its other profiles or another driver"
            )
        if method == "PLAY" and answer.code in (405, 455, 501):
            raise SpeakerError(
                f"{self._who}: PLAY answered {answer}: old firmware that wants RECORD; "
                "ONVIF asks for PLAY, update the firmware"
            )
        meaning = _MEANING.get(answer.code)
        hint = f" ({meaning})" if meaning else ""
        raise SpeakerError(f"{self._who}: {method} answered {answer}{hint}")


@dataclass
class _Channel:
    """Where the packets go, as SETUP granted it."""

    session: str
    timeout_s: float
    interleaved: int = 0
    udp: "_UdpPair | None" = None

    def send(self, client: RtspClient, packet: bytes) -> None:
        if self.udp is None:
            client.send_frame(self.interleaved, packet)
        else:
            self.udp.send(packet)

    def close(self) -> None:
        if self.udp is not None:
            self.udp.close()


class _UdpPair:
    """An even port for RTP and the next one for RTCP (RFC 3550, section 11)."""

    def __init__(self, family: socket.AddressFamily, address: str) -> None:
        for _ in range(32):
            self._rtp = socket.socket(family, socket.SOCK_DGRAM)
            self._rtcp = socket.socket(family, socket.SOCK_DGRAM)
            self._rtp.bind((address, 0))
            self.port = int(self._rtp.getsockname()[1])
            with suppress(OSError):
                if self.port % 2 == 0:
                    self._rtcp.bind((address, self.port + 1))
                    return
            self.close()
        raise SpeakerError("no pair of UDP ports is free on this machine")

    def connect(self, host: str, port: int) -> None:
        self._rtp.connect((host, port))

    def send(self, data: bytes) -> None:
        self._rtp.send(data)

    def close(self) -> None:
        self._rtp.close()
        self._rtcp.close()


class _KeepAlive:
    """Asks GET_PARAMETER now and then, so that long talks are not cut, and reads answers."""

    def __init__(self, client: RtspClient, url: str, channel: _Channel, clock: Clock) -> None:
        self._client, self._url, self._session = client, url, channel.session
        self._clock = clock
        self._every_ns = round(max(1.0, channel.timeout_s / 2) * NS_PER_S)
        self._next_ns = clock.monotonic_ns() + self._every_ns
        self._method = "GET_PARAMETER"

    def tend(self) -> None:
        """Called after every packet.

        Raises:
            SpeakerError: the device closed the connection or lost the session.
        """
        for answer in self._client.poll():
            if answer.code == 454:
                raise SpeakerError(f"{self._client.who}: lost the session ({answer})")
            if answer.code in (400, 405, 501, 551) and self._method == "GET_PARAMETER":
                self._method = "OPTIONS"
                self._next_ns = self._clock.monotonic_ns()
        if self._clock.monotonic_ns() >= self._next_ns:
            self._next_ns = self._clock.monotonic_ns() + self._every_ns
            self._client.send(
                self._method, self._url, {"Session": self._session, "Require": REQUIRE}
            )
