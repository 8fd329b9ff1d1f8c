"""RTSP sessions: what one client has set up, and the state it is in."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sim.camera.faults import SOUND, Fault
from sim.camera.feed import Feed
from sim.camera.paths import Path
from sim.camera.rtp import BYE, parse_rtp, rtcp_types
from sim.camera.stream import Stream
from sim.camera.talk import Ear
from sim.camera.viewer import Viewer


@dataclass(eq=False)
class Camera:
    """A camera as the server knows it: its feed, and who holds its loudspeaker."""

    name: str
    feed: Feed
    talker: "Session | None" = None
    fault: Callable[[], Fault] = lambda: SOUND
    """What is wrong with it at present."""


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
        self.back: BackTrack | None = None

    @property
    def stream(self) -> Stream:
        return self.camera.feed.streams[self.kind]

    def add_viewer(self, path: Path) -> Viewer:
        """The video track has been set up."""
        self.viewer = Viewer(self.stream, path, self.camera.feed.now_ns, self.camera.fault)
        return self.viewer

    def add_back(self, path: Path, ear: Ear) -> BackTrack:
        """The backchannel has been set up; the loudspeaker is ours until the session ends."""
        self.camera.talker = self
        self.back = BackTrack(path, ear)
        return self.back

    def play(self) -> tuple[int, int] | None:
        """Begin; the video's first sequence number and timestamp when there is video."""
        self.playing = True
        return self.viewer.play() if self.viewer else None

    def pause(self) -> None:
        self.playing = False
        if self.viewer:
            self.viewer.pause()
        if self.back:
            self.back.ear.finish()

    def close(self) -> None:
        """Give everything back. A talk that is going on ends here."""
        self.playing = False
        if self.viewer:
            self.viewer.close()
        if self.back:
            self.back.ear.finish()
            self.back.path.close()
        if self.camera.talker is self:
            self.camera.talker = None
        self.viewer = self.back = None

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
