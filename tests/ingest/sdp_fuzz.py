"""Odd descriptions from a real RTSP server to the real client, in a process of its own.

Usage: python -m tests.ingest.sdp_fuzz NOTES_FOLDER EXAMPLES

FFmpeg reads the descriptions. Should it crash, the process dies; the description that did it lies
in ``NOTES_FOLDER/last.sdp``, since each is written there before it is served. So it does when
something hangs: after HUNG_S the process says where and ends.
"""

import faulthandler
import os
import random
import re
import sys
import threading
from pathlib import Path

import psutil
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import ingest.rtsp
from core.clock import SystemClock
from ingest.events import Connected, Lost, MediaPacket
from ingest.rtsp import RtspSource
from tests.ingest.answer_server import AnsweringCamera, description
from tests.ingest.pictures import Pictures

OPEN_S, STALL_S = 0.25, 0.15
HUNG_S = 30.0
SOUND_NAMES = ("PCMU/8000", "PCMA/8000", "G726-32/8000", "mpeg4-generic/16000/1", "L16/44100/2",
               "MP4A-LATM/90000", "opus/48000/2", "vnd.onvif.metadata/90000", "X/0")  # fmt: skip
PICTURE_NAMES = ("H264/90000", "H265/90000", "JPEG/90000", "MP4V-ES/90000", "H264/0", "H264",
                 "X-OWN/90000", "VP8/90000", "h264/4294967297")  # fmt: skip
FMTPS = (
    "packetization-mode=1;sprop-parameter-sets=Z0LAHtkA2D3n4QAAAwABAAADAB4PFi5I,aMuMsg==",
    "sprop-parameter-sets=AAAAAWdCwB4=,,,;profile-level-id=42",
    "sprop-vps=QAEMAf//AWAAAAMAsAAAAwAAAwBdqgJA;sprop-sps=;sprop-pps=RAHA8vA8kAA=",
    "streamtype=5;mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3",
    "mode=AAC-hbr;config=FFFFFFFFFFFFFFFFFFFF;sizelength=99;indexlength=-1",
    "cpresent=0;config=400023203fc0", "=;=;=", "sprop-parameter-sets=" + "A" * 5000,
)  # fmt: skip

recorded = [
    description(path)[1]
    for folder in [Path(os.environ.get("WARDWATCH_ASSETS", "/nonexistent")) / "rtsp"]
    for path in sorted([*folder.glob("*describe*.txt"), *folder.glob("*_sdp.txt")])
]
number = st.sampled_from(("0", "1", "26", "96", "127", "-1", "255", "4294967296", "", "x"))
track = st.builds(
    lambda kind, payload, named, name, fmtp, control: "\r\n".join(
        [f"m={kind} 0 RTP/AVP {payload}", f"a=rtpmap:{named} {name}", f"a=fmtp:{named} {fmtp}",
         *([f"a=control:{control}"] if control is not None else [])]
    ),
    st.sampled_from(("video", "audio", "application", "text", "")),
    number, number, st.sampled_from(PICTURE_NAMES + SOUND_NAMES), st.sampled_from(FMTPS),
    st.sampled_from((None, "*", "track1", "rtsp://127.0.0.1:1/x", "../..", "a" * 3000)),
)  # fmt: skip
generated = st.lists(track, max_size=5).map(
    lambda tracks: "\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=x", "t=0 0", *tracks, ""])
).map(str.encode)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A recorded description with lines lost, doubled or swapped, and octets changed."""
    lines = draw(st.sampled_from(recorded)).split(b"\r\n") if recorded else draw(generated).split()
    for _ in range(draw(st.integers(1, 6))):
        at, other = (draw(st.integers(0, max(0, len(lines) - 1))) for _ in range(2))
        match draw(st.sampled_from(("drop", "double", "swap", "cut", "octet", "number", "long"))):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[other])
            case "swap":
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, max(0, len(lines[at]))))]
            case "octet":
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(st.binary(max_size=4)) + lines[at][place:]
            case "number":
                lines[at] = re.sub(rb"\d+", draw(number).encode(), lines[at])
            case _:
                lines[at] += b";" * draw(st.integers(1, 6000))
    return b"\r\n".join(lines)


def ask(body: bytes) -> None:
    """One description: a session or one error that names the camera; nothing stays behind."""
    process = psutil.Process()
    threads, files = threading.active_count(), process.num_fds()
    kind = "hevc" if b"H265" in body else "h264"
    payload = re.search(rb"m=video \d+ RTP/AVP (\d{1,3})\b", body)
    pictures = Pictures(kind, min(127, int(payload[1])) if payload else 96)
    stop, events = threading.Event(), []
    with AnsweringCamera(body, pictures=pictures) as camera:
        source = RtspSource(
            "gate", camera.url, SystemClock(), rng=random.Random(1), open_s=OPEN_S, stall_s=STALL_S
        )
        for event in source.packets(stop):
            events.append(event)
            if isinstance(event, Lost | MediaPacket):
                stop.set()
    first, last = events[0], events[-1]
    assert isinstance(last, Lost), events
    assert isinstance(first, Connected) or (len(events) == 1 and "camera gate" in first.detail)
    assert threading.active_count() <= threads
    assert process.num_fds() <= files


def main() -> None:
    notes, examples = Path(sys.argv[1]), int(sys.argv[2])
    served = []

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(st.one_of(mutated(), generated))
    def fuzz(body: bytes) -> None:
        (notes / "last.sdp").write_bytes(body)
        served.append(body)
        faulthandler.dump_traceback_later(HUNG_S, exit=True)
        ask(body)
        faulthandler.cancel_dump_traceback_later()

    faulthandler.enable()
    ingest.rtsp.LONG_PROBE_US = 150_000  # instead of five seconds, to be done sooner
    ask(recorded[0] if recorded else b"v=0\r\n")  # what is made once, is made now
    fuzz()
    print("served", len(served))


if __name__ == "__main__":
    main()
