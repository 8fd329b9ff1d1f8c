"""The RTSP server's desk: answers requests, keeps the sessions. Lives on one event loop."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.clock import NS_PER_S, Clock
from sim.camera.digest import Authenticator
from sim.camera.faults import Fault, Faults
from sim.camera.microphone import Microphone
from sim.camera.paths import Path, TcpPath, UdpPath
from sim.camera.rtsp import Reply, Request, Transport, parse_transport
from sim.camera.sdp import BACK_TRACK, SOUND_TRACK, VIDEO_TRACK, describe
from sim.camera.session import Camera, Session
from sim.camera.talk import Ear, Talk

BACKCHANNEL = "www.onvif.org/ver20/backchannel"
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
SESSIONS_LIMIT = 128

log = structlog.get_logger()


class Link(Protocol):
    """The connection a request came by."""

    nonce: str
    local: str
    """Our address on it."""
    peer: str
    """The client's address."""
    tracks: dict[int, tuple[Session, Callable[[bytes], bool]]]
    """Which session and receiver each interleaved channel belongs to."""
    transport: asyncio.Transport


@dataclass(frozen=True)
class Rules:
    """How the server behaves.

    Attributes:
        session_timeout_s: a session whose client gives no sign of life ends after this.
        backchannel: the cameras have loudspeakers; else ``Require`` is answered with 551.
    """

    session_timeout_s: float = 60.0
    backchannel: bool = True


class Server:
    """Everything the connections share.

    Args:
        heard: takes each talk with the camera it came out of.
        faults: what the cameras do wrong.
    """

    def __init__(
        self,
        cameras: Mapping[str, Camera],
        authenticator: Authenticator,
        clock: Clock,
        rules: Rules,
        heard: Callable[[Camera, Talk], None],
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.authenticator = authenticator
        self.sessions: dict[str, Session] = {}
        self._cameras = cameras
        self._clock = clock
        self._rules = rules
        self._heard = heard
        self._description_id = secrets.randbits(31)
        self._methods: Mapping[str, Callable[[Link, Request], Reply]] = {
            "OPTIONS": self._options,
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "GET_PARAMETER": self._parameter,
            "SET_PARAMETER": self._parameter,
            "TEARDOWN": self._teardown,
        }

    def answer(self, link: Link, request: Request) -> Reply:
        """Answer one request."""
        if request.version != "RTSP/1.0":
            return Reply(505)
        status = self._fault(request).status
        if status is not None:
            challenges = self.authenticator.challenges(link.nonce) if status == 401 else ()
            return Reply(status, challenges)
        method = self._methods.get(request.method)
        if method is None:
            return Reply(405, (("Allow", METHODS),))
        known = {BACKCHANNEL} if self._rules.backchannel else set()
        unknown = [tag for tag in request.options_required() if tag not in known]
        if unknown:
            return Reply(551, (("Unsupported", ", ".join(unknown)),))
        if request.method != "OPTIONS" and not self.authenticator.allows(
            request.method, request.url, request.headers.get("authorization", ""), link.nonce
        ):
            return Reply(401, self.authenticator.challenges(link.nonce))
        session = self.sessions.get(_session_id(request))
        if session is not None:
            session.seen_ns = self._clock.monotonic_ns()
        return method(link, request)

    def away(self, camera: str | None) -> bool:
        """Connections to that camera are reset just now."""
        return self.faults.away(camera, self._clock.monotonic_ns())

    def tick(self) -> None:
        """Send what the microphones hear; end silent talks, and sessions whose client is gone."""
        for camera in self._cameras.values():
            if camera.microphone is not None and camera.feed.begun:
                camera.microphone.tick(camera.feed.now_ns())
        now_ns = self._clock.monotonic_ns()
        for session in tuple(self.sessions.values()):
            if session.back is not None:
                session.back.ear.tick()
            if now_ns - session.seen_ns > self._rules.session_timeout_s * NS_PER_S:
                log.info("session timed out", camera=session.camera.name, session=session.id)
                self.end(session)

    def end(self, session: Session) -> None:
        """Close a session and forget it."""
        self.sessions.pop(session.id, None)
        session.close()

    def close(self) -> None:
        """End all sessions."""
        for session in tuple(self.sessions.values()):
            self.end(session)

    def _options(self, _link: Link, _request: Request) -> Reply:
        return Reply(200, (("Public", METHODS),))

    def _describe(self, link: Link, request: Request) -> Reply:
        camera, kind = self._find(request)
        if camera is None:
            return Reply(404)
        stream = camera.feed.streams[kind]
        back = BACKCHANNEL in request.options_required()
        sdp = camera.fault().sdp
        base = request.url.partition("?")[0].rstrip("/") + "/"
        body = describe(
            f"{camera.name} {kind}",
            link.local,
            stream.sets,
            stream.fps,
            self._description_id,
            back=back,
            sound=_microphone(camera, kind) is not None,
            base=base,
            fault=sdp,
        )
        told = {
            "right": [("Content-Base", base)],
            "missing": [],
            "foreign": [("Content-Base", f"rtsp://192.0.2.7/{'/'.join(request.path)}/")],
            "no_slash": [("Content-Base", base.rstrip("/"))],
        }
        return Reply(200, (*told[sdp.content_base], ("Content-Type", "application/sdp")), body)

    def _setup(self, link: Link, request: Request) -> Reply:
        camera, kind = self._find(request)
        track = request.path[2] if len(request.path) > 2 else VIDEO_TRACK
        if camera is None or track not in self._tracks(camera, kind):
            return Reply(404)
        transport = parse_transport(request.headers.get("transport", ""))
        if transport is None:
            return Reply(461)
        if ("tcp" if transport.interleaved else "udp") in camera.fault().lacks:
            return Reply(461)
        session = self.sessions.get(_session_id(request))
        if session is None:
            if _session_id(request):
                return Reply(454)
            if len(self.sessions) >= SESSIONS_LIMIT:
                return Reply(503)
            session = Session(camera, kind, self._clock.monotonic_ns())
        elif session.camera is not camera or session.kind != kind:
            return Reply(459)
        if session.playing or session.has(track):
            return Reply(455)
        if track == BACK_TRACK and camera.talker is not None:
            return Reply(503)  # one talker at a time
        self.sessions[session.id] = session
        path = self._path(link, transport, session, track)
        microphone = _microphone(camera, kind)
        if track == VIDEO_TRACK:
            ssrc = session.add_viewer(path).ssrc
        elif track == SOUND_TRACK and microphone is not None:
            ssrc = session.add_listener(path, microphone).ssrc
        else:
            ssrc = session.add_back(path, self._ear(camera)).ssrc
        return Reply(200, (self._session_header(session), ("Transport", path.header(ssrc))))

    def _play(self, _link: Link, request: Request) -> Reply:
        session = self.sessions.get(_session_id(request))
        if session is None:
            return Reply(454)
        headers = [self._session_header(session), ("Range", "npt=now-")]
        if not session.playing:
            base = "/".join(request.url.partition("?")[0].rstrip("/").split("/")[:5])
            firsts = [
                f"url={base}/{track};seq={sequence};rtptime={timestamp}"
                for track, (sequence, timestamp) in session.play().items()
            ]
            if firsts:
                headers.append(("RTP-Info", ",".join(firsts)))
        return Reply(200, tuple(headers))

    def _pause(self, _link: Link, request: Request) -> Reply:
        session = self.sessions.get(_session_id(request))
        if session is None:
            return Reply(454)
        session.pause()
        return Reply(200, (self._session_header(session),))

    def _parameter(self, _link: Link, request: Request) -> Reply:
        """GET_PARAMETER without a body is a sign of life; there are no parameters."""
        named = _session_id(request)
        if named and named not in self.sessions:
            return Reply(454)
        return Reply(451 if request.body.strip() else 200)

    def _teardown(self, link: Link, request: Request) -> Reply:
        session = self.sessions.get(_session_id(request))
        if session is None:
            return Reply(454)
        self.end(session)
        for channel in [c for c, (owner, _) in link.tracks.items() if owner is session]:
            del link.tracks[channel]
        return Reply(200)

    def _fault(self, request: Request) -> Fault:
        return self.faults.of(request.path[0] if request.path else None)

    def _find(self, request: Request) -> tuple[Camera | None, str]:
        """Camera and stream a URL names: ``/CAMERA/main`` or ``/CAMERA/sub``."""
        name, kind = (*request.path, "", "")[:2]
        camera = self._cameras.get(name)
        return (camera, kind) if camera and kind in camera.feed.streams else (None, "")

    def _tracks(self, camera: Camera, kind: str) -> set[str]:
        back = {BACK_TRACK} if self._rules.backchannel else set()
        sound = {SOUND_TRACK} if _microphone(camera, kind) is not None else set()
        return {VIDEO_TRACK} | sound | back

    def _path(self, link: Link, transport: Transport, session: Session, track: str) -> Path:
        def on_rtp(data: bytes) -> bool:
            return track == BACK_TRACK and session.receive_rtp(data)

        def alive(receive: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
            def take(data: bytes) -> bool:
                if receive(data):
                    session.seen_ns = self._clock.monotonic_ns()
                    return True
                return False

            return take

        on_rtp_alive, on_rtcp_alive = alive(on_rtp), alive(session.receive_rtcp)
        if transport.client_ports is not None:
            loop = asyncio.get_running_loop()
            ports = transport.client_ports
            return UdpPath(loop, link.local, link.peer, ports, on_rtp_alive, on_rtcp_alive)
        assert transport.interleaved is not None
        channels = transport.interleaved
        if channels[0] < 0 or channels[0] in link.tracks or channels[1] in link.tracks:
            free = (low for low in range(0, 255, 2) if not {low, low + 1} & link.tracks.keys())
            low = next(free)
            channels = (low, low + 1)
        link.tracks[channels[0]] = (session, on_rtp_alive)
        link.tracks[channels[1]] = (session, on_rtcp_alive)
        return TcpPath(link.transport, channels)

    def _ear(self, camera: Camera) -> Ear:
        microphone = camera.microphone
        play = None if microphone is None else microphone.play
        return Ear(self._clock, lambda talk: self._heard(camera, talk), play)

    def _session_header(self, session: Session) -> tuple[str, str]:
        return ("Session", f"{session.id};timeout={max(1, round(self._rules.session_timeout_s))}")


def _microphone(camera: Camera, kind: str) -> Microphone | None:
    """The microphone whose sound goes with a stream: the small pictures have none."""
    return camera.microphone if kind == "main" else None


def _session_id(request: Request) -> str:
    return request.headers.get("session", "").partition(";")[0].strip()
