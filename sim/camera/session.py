"""RTSP sessions: what one client has set up, and the state it is in."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sim.camera.faults import SOUND, Fault
from sim.camera.feed import Feed
from sim.camera.microphone import Microphone
from sim.camera.paths import Path
from sim.camera.rtp import BYE, parse_rtp, rtcp_types
from sim.camera.sdp import BACK_TRACK, SOUND_TRACK, VIDEO_TRACK
from sim.camera.stream import Stream
from sim.camera.talk import Ear
from sim.camera.viewer import AUDIO, Viewer


@dataclass(eq=False)
class Camera:
    """A camera as the server knows it: its feed, and who holds its loudspeaker."""

    name: str
    feed: Feed
    talker: "Session | None" = None
    fault: Callable[[], Fault] = lambda: SOUND
    """What is wrong with it at present."""
    microphone: Microphone | None = None


@dataclass(eq=False)
class BackTrack:
    """The ONVIF backchannel of a session."""

    path: Path
    ear: Ear
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))


class Session:
    """State of one client: Init and Ready (not playing) or Playing (RFC 2326, appendix A.2).

    Args:
        kind: ``main`` or ``sub``.
        seen_ns: monotonic time of the request that made it.
    """

    def __init__(self, camera: Camera, kind: str, seen_ns: int) -> None:
        self.id = secrets.token_hex(8)
        self.camera = camera
        self.kind = kind
        self.seen_ns = seen_ns
        self.playing = False
        self.viewer: Viewer | None = None
        self.listener: Viewer | None = None
        self.back: BackTrack | None = None

    @property
    def stream(self) -> Stream:
        return self.camera.feed.streams[self.kind]

    def add_viewer(self, path: Path) -> Viewer:
        """The video track has been set up."""
        self.viewer = Viewer(self.stream, path, self.camera.feed.now_ns, self.camera.fault)
        return self.viewer

    def add_listener(self, path: Path, microphone: Microphone) -> Viewer:
        """The microphone's track has been set up."""
        now_ns, fault = self.camera.feed.now_ns, self.camera.fault
        self.listener = Viewer(microphone, path, now_ns, fault, AUDIO)
        return self.listener

    def add_back(self, path: Path, ear: Ear) -> BackTrack:
        """The backchannel has been set up; the loudspeaker is ours until the session ends."""
        self.camera.talker = self
        self.back = BackTrack(path, ear)
        return self.back

    def has(self, track: str) -> bool:
        """That track has been set up."""
        return (self.back if track == BACK_TRACK else self._takers().get(track)) is not None

    def play(self) -> dict[str, tuple[int, int]]:
        """Begin; the first sequence number and timestamp of each track that we send."""
        self.playing = True
        return {track: taker.play() for track, taker in self._takers().items()}

    def jump(self, seconds: float) -> None:
        """Let the RTP clocks step."""
        for taker in self._takers().values():
            taker.jump(seconds)

    def pause(self) -> None:
        self.playing = False
        for taker in self._takers().values():
            taker.pause()
        if self.back:
            self.back.ear.finish()

    def close(self) -> None:
        """Give everything back. A talk that is going on ends here."""
        self.playing = False
        for taker in self._takers().values():
            taker.close()
        if self.back:
            self.back.ear.finish()
            self.back.path.close()
        if self.camera.talker is self:
            self.camera.talker = None
        self.viewer = self.listener = self.back = None

    def _takers(self) -> dict[str, Viewer]:
        takers = {VIDEO_TRACK: self.viewer, SOUND_TRACK: self.listener}
        return {track: taker for track, taker in takers.items() if taker is not None}

    def receive_rtp(self, data: bytes) -> bool:
        """A packet for the backchannel; False when it is none. Before PLAY nothing is heard."""
        packet = parse_rtp(data)
        if packet is None or self.back is None:
            return False
        if self.playing:
            self.back.ear.hear(packet)
        return True

    def receive_rtcp(self, data: bytes) -> bool:
        """A report of the client; False when it is none. Its BYE ends a talk."""
        types = rtcp_types(data)
        if types is None:
            return False
        if BYE in types and self.back is not None:
            self.back.ear.finish()
        return True
