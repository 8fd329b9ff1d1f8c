"""Session descriptions (RFC 4566) of the virtual camera's streams."""

from sim.camera.faults import SdpFault
from sim.camera.h264 import ParameterSets
from sim.camera.h265 import H265Sets
from sim.g711 import PCMA, PCMU

VIDEO_PAYLOAD_TYPE = 96
VIDEO_TRACK, SOUND_TRACK, BACK_TRACK = "video", "audio", "back"
"""Last segment of the tracks' control URLs."""


def describe(
    title: str,
    host: str,
    sets: ParameterSets | H265Sets,
    fps: float,
    session_id: int,
    *,
    back: bool,
    sound: bool = False,
    base: str = "",
    fault: SdpFault | None = None,
) -> bytes:
    """The SDP of one stream.

    Args:
        session_id: stays the same while the server runs (``o=``).
        back: add the ONVIF backchannel (Streaming Specification, section 5.3). Its direction is
            said from the server's side: ``sendonly`` is what the client sends on.
        sound: add the microphone's track.
        base: Content-Base of the answer, for absolute control URLs.
        fault: what shall be wrong with it.
    """
    fault = fault or SdpFault()
    parameters = ";".join(filter(None, (sets.parameters, sets.sprop if fault.sprop else "")))
    control = {
        "relative": [f"a=control:{VIDEO_TRACK}"],
        "absolute": [f"a=control:{base}{VIDEO_TRACK}"],
        "trailing_slash": [f"a=control:{VIDEO_TRACK}/"],
        "missing": [],
    }
    lines = [
        "v=0",
        f"o=- {session_id} 1 IN {'IP6' if ':' in host else 'IP4'} {host}",
        f"s={title}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {VIDEO_PAYLOAD_TYPE}",
        f"a=rtpmap:{VIDEO_PAYLOAD_TYPE} {sets.encoding}/90000",
        *([f"a=fmtp:{VIDEO_PAYLOAD_TYPE} {parameters}"] if parameters else []),
        f"a=framerate:{fps:g}",
        "a=recvonly",
        *control[fault.control],
    ]
    if sound:
        lines += [
            f"m=audio 0 RTP/AVP {PCMA}",
            f"a=rtpmap:{PCMA} PCMA/8000",
            "a=recvonly",
            f"a=control:{SOUND_TRACK}",
        ]
    if back:
        lines += [
            f"m=audio 0 RTP/AVP {PCMU} {PCMA}",
            f"a=rtpmap:{PCMU} PCMU/8000",
            f"a=rtpmap:{PCMA} PCMA/8000",
            "a=sendonly",
            f"a=control:{BACK_TRACK}",
        ]
    return "\r\n".join([*lines, ""]).encode()
