"""The loudspeaker: what comes by the backchannel is decoded, saved and heard."""

import json
import random
import socket
import struct
import subprocess
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from sim.camera import Happening, VirtualTownship
from sim.camera.rtp import RtpPacket, rtp_header
from sim.camera.talk import Ear, Talk
from sim.g711 import PCMA, PCMU, decode
from tests.sim.camera_kit import (
    PASSWORD,
    USER,
    BoxScene,
    Client,
    alaw,
    tone,
    township,
    transport_ports,
    wait_for,
)

BACKCHANNEL = "www.onvif.org/ver20/backchannel"
TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"
PACKET = 320
SYSTEM_PYTHON = "/usr/bin/python3"


def rtp_packets(code: bytes, payload_type: int = PCMA, start: int = 0xFFFFF000) -> list[bytes]:
    """G.711 bytes in packets of 40 ms; the timestamp wraps on the way."""
    return [
        rtp_header(payload_type, at == 0, at // PACKET, start + at, 0xABC) + code[at : at + PACKET]
        for at in range(0, len(code), PACKET)
    ]


def open_backchannel(client: Client, transport: str) -> int:
    """DESCRIBE, SETUP and PLAY of the back track; the server's UDP port, or 0."""
    described = client.ask("DESCRIBE", Require=BACKCHANNEL)
    text = described.body.decode()
    audio = text[text.index("m=audio") :].split("\r\n")
    assert audio[0] == "m=audio 0 RTP/AVP 0 8"
    assert {"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=sendonly"} <= set(audio)
    control = next(line.removeprefix("a=control:") for line in audio if "a=control" in line)
    url = described.headers["content-base"] + control
    setup = client.ask("SETUP", url, Transport=transport, Require=BACKCHANNEL)
    assert setup.status == 200
    assert client.ask("PLAY", Require=BACKCHANNEL).status == 200
    return 0 if "interleaved" in setup.headers["transport"] else transport_ports(setup)[0]


def speak(cameras: VirtualTownship, transport: str, code: bytes, name: str = "river") -> None:
    """Send G.711 at 8 times real time by one transport, then tear down."""
    with Client(cameras.url(name)) as client, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        own = udp.getsockname()[1]
        asked = TCP if transport == "tcp" else f"RTP/AVP;unicast;client_port={own}-{own + 1}"
        port = open_backchannel(client, asked)
        for packet in rtp_packets(code):
            if port:
                udp.sendto(packet, ("127.0.0.1", port))
            else:
                client.send(0, packet)
            time.sleep(0.005)
        if port:  # UDP and the connection do not wait for each other
            ear = next(iter(cameras._server.sessions.values())).back.ear
            wait_for(lambda: ear.packets == len(rtp_packets(code)))
        assert client.ask("TEARDOWN", Require=BACKCHANNEL).status == 200


def saved(out_dir: Path, happening: Happening) -> np.ndarray:
    with wave.open(str(out_dir / happening.facts["wav"])) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def peak_hz(samples: np.ndarray) -> float:
    """Where the spectrum is highest."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16))
    return float(np.argmax(spectrum)) * 8000 / (1 << 16)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_tone_arrives_as_that_tone(tmp_path: Path, transport: str) -> None:
    scene = BoxScene()
    sound = np.concatenate([tone(0.5, amplitude=0), tone(2.0), tone(0.4, amplitude=0)])
    with township(tmp_path, scenes={"river": scene}) as cameras:
        speak(cameras, transport, alaw(sound))
        (heard,) = cameras.truth.all("heard")
        wait_for(lambda: scene.heard)
    samples = saved(tmp_path, heard)
    assert len(samples) / 8000 == pytest.approx(2.0, abs=0.1)
    assert peak_hz(samples) == pytest.approx(1000, abs=5)
    assert heard.facts["rms"] == pytest.approx(12000 / 2**0.5, rel=0.05)
    assert scene.heard == [pytest.approx(2.0, abs=0.1)]
    lines = map(json.loads, (tmp_path / "truth.jsonl").read_text().splitlines())
    (line,) = (line for line in lines if line["what"] == "heard")
    assert (line["camera"], line["wav"]) == ("river", heard.facts["wav"])
    assert line["start_ns"] == heard.facts["start_ns"] < line["utc_ns"]


def has_gstreamer_onvif() -> bool:
    """The system's Python, not the one that runs the tests, has GStreamer's bindings."""
    look = "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst"
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", look], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.peer
@pytest.mark.skipif(not has_gstreamer_onvif(), reason="python3-gi with GStreamer is not installed")
def test_gstreamer_speaks_through_its_own_onvif_client(tmp_path: Path) -> None:
    scene = BoxScene()
    with township(tmp_path, scenes={"river": scene}) as cameras:
        talker = [SYSTEM_PYTHON, str(Path(__file__).with_name("gst_talker.py"))]
        said = [cameras.url("river"), USER, PASSWORD, "1000", "2"]
        done = subprocess.run([*talker, *said], capture_output=True, text=True, timeout=40)
        assert done.returncode == 0, done.stderr
        wait_for(lambda: scene.heard)
        (heard,) = cameras.truth.all("heard")
    samples = saved(tmp_path, heard)
    assert len(samples) / 8000 == pytest.approx(2.0, abs=0.1)
    assert peak_hz(samples) == pytest.approx(1000, abs=5)


def test_silence_and_clicks_move_nobody(tmp_path: Path) -> None:
    scene = BoxScene()
    with township(tmp_path, scenes={"river": scene}) as cameras:
        speak(cameras, "tcp", alaw(tone(1.5, amplitude=0)))
        assert not cameras.truth.all("heard")
        assert not cameras.truth.all("noise")
        assert not list((tmp_path / "heard").iterdir())
        speak(cameras, "tcp", alaw(np.concatenate([tone(0.2), tone(1.0, amplitude=20)])))
        (noise,) = cameras.truth.all("noise")
        assert noise.facts["seconds"] == pytest.approx(0.2, abs=0.1)
        pictures = scene.pictures
        wait_for(lambda: scene.pictures > pictures + 3)
    assert scene.heard == []


def test_a_pause_ends_a_talk_while_the_channel_stays_open() -> None:
    scene = BoxScene()
    with township(scenes={"river": scene}) as cameras, Client(cameras.url("river")) as client:
        open_backchannel(client, TCP)
        for packet in rtp_packets(alaw(tone(0.8))):
            client.send(0, packet)
        wait_for(lambda: scene.heard)
        assert scene.heard == [pytest.approx(0.8, abs=0.1)]
        assert cameras.sessions == 1


def test_one_talker_at_a_time_and_nothing_before_play() -> None:
    with township(scenes={"river": BoxScene(), "lane": BoxScene()}) as cameras:
        url = cameras.url("river")
        with Client(url) as first, Client(url) as second, Client(cameras.url("lane")) as other:
            setup = {"Transport": TCP, "Require": BACKCHANNEL}
            assert first.ask("SETUP", url + "/back", **setup).status == 200
            for packet in rtp_packets(alaw(tone(1.0))):
                first.send(0, packet)
            assert second.ask("SETUP", url + "/back", **setup).status == 503
            assert second.ask("SETUP", url + "/video", Transport=TCP).status == 200, "may watch"
            assert other.ask("SETUP", other.url + "/back", **setup).status == 200
            assert first.ask("TEARDOWN").status == 200
            assert second.ask("SETUP", url + "/back", Transport="RTP/AVP/TCP;unicast").status == 200
        wait_for(lambda: cameras.sessions == 0)
        assert not cameras.truth.all("heard")


def test_a_camera_without_loudspeaker_says_551() -> None:
    with township(backchannel=False) as cameras, Client(cameras.url("river")) as client:
        refused = client.ask("DESCRIBE", Require=BACKCHANNEL)
        assert (refused.status, refused.headers["unsupported"]) == (551, BACKCHANNEL)
        assert b"m=audio" not in client.ask("DESCRIBE").body
        assert client.ask("SETUP", client.url + "/back", Transport=TCP).status == 404


def test_picture_and_voice_share_a_session() -> None:
    scene = BoxScene()
    with township(scenes={"river": scene}) as cameras, Client(cameras.url("river")) as client:
        assert client.ask("SETUP", client.url + "/video", Transport=TCP).status == 200
        back = "RTP/AVP/TCP;unicast;interleaved=2-3"
        assert client.ask("SETUP", client.url + "/back", Transport=back).status == 200
        client.ask("PLAY", Require=BACKCHANNEL)
        for packet in rtp_packets(alaw(tone(0.8))):
            client.send(2, packet)
        client.read_packets(6)
        client.send(3, struct.pack("!BBHI", 0x81, 203, 1, 0xABC))  # BYE: the talk is over
        wait_for(lambda: scene.heard)
        assert {channel for channel, _ in client.packets} == {0, 1}


def ear() -> tuple[Ear, ManualClock, list[Talk]]:
    talks: list[Talk] = []
    clock = ManualClock()
    return Ear(clock, talks.append), clock, talks


def as_packets(samples: np.ndarray, start: int = 0) -> list[RtpPacket]:
    code = alaw(samples)
    return [
        RtpPacket(PCMA, at // PACKET, (start + at) & 0xFFFFFFFF, 1, code[at : at + PACKET])
        for at in range(0, len(code), PACKET)
    ]


@given(st.integers(0, 0xFFFFFFFF), st.sets(st.integers(1, 48), max_size=12), st.randoms())
@settings(max_examples=40, deadline=None)
def test_loss_and_reordering_keep_the_place_of_the_rest(
    start: int, lost: set[int], dice: random.Random
) -> None:
    sound = tone(2.0)
    packets = as_packets(sound, start)
    arriving = [packet for i, packet in enumerate(packets) if i not in lost]
    middle = arriving[1:-1]
    for i in range(0, len(middle) - 1, 2):  # neighbours change places
        if dice.random() < 0.5:
            middle[i : i + 2] = middle[i + 1], middle[i]
    listener, _, talks = ear()
    for packet in [arriving[0], *middle, *middle[:3], arriving[-1]]:  # some come twice
        listener.hear(packet)
    listener.finish()
    wanted = decode(PCMA, alaw(sound)).copy()
    for i in lost:
        wanted[i * PACKET : (i + 1) * PACKET] = 0
    assert np.array_equal(talks[0].samples, wanted)


def test_a_long_silence_between_two_sentences_makes_two_talks() -> None:
    listener, clock, talks = ear()
    silence = tone(1.5, amplitude=0)
    for packet in as_packets(np.concatenate([tone(1.0), silence, tone(0.6), silence])):
        listener.hear(packet)
        clock.advance(0.04)
        listener.tick()
    assert [talk.seconds for talk in talks] == [pytest.approx(s, abs=0.05) for s in (1.0, 0.6)]
    assert talks[1].start_ns - talks[0].start_ns == pytest.approx(2.5e9, abs=0.05e9)


def test_a_short_breath_does_not_cut_a_talk() -> None:
    listener, clock, talks = ear()
    breath = tone(0.7, amplitude=0)
    for packet in as_packets(np.concatenate([tone(1.0), breath, tone(1.0)])):
        listener.hear(packet)
        clock.advance(0.04)
        listener.tick()
    clock.advance(1.0)
    listener.tick()
    assert [talk.seconds for talk in talks] == [pytest.approx(2.7, abs=0.05)]
    assert talks[0].loud_s == pytest.approx(2.0, abs=0.1)


def test_an_endless_talk_is_cut_before_it_fills_the_memory() -> None:
    listener, _, talks = ear()
    packets = as_packets(tone(10.0))
    for turn in range(20):
        for packet in packets:
            stamp = packet.timestamp + turn * 80_000
            listener.hear(RtpPacket(PCMA, packet.sequence, stamp, 1, packet.payload))
    assert [talk.seconds for talk in talks] == [pytest.approx(180, abs=0.1)]


@given(
    st.lists(
        st.builds(
            RtpPacket,
            st.integers(0, 127),
            st.integers(0, 9),
            st.integers(0, 2**32 - 1),
            st.integers(0, 2),
            st.binary(max_size=50),
        ),
        max_size=20,
    )
)
def test_any_packets_make_sane_talks(packets: list[RtpPacket]) -> None:
    listener, _, talks = ear()
    for packet in packets:
        listener.hear(packet)
    listener.finish()
    assert all(0 < talk.seconds <= 181 for talk in talks)


def test_g711_tables_hold_the_values_of_the_standard() -> None:
    """Largest, smallest and zero-most codes of ITU-T G.711, tables 1 and 2 (as 16 bits)."""
    alaw_codes = bytes([0xD5, 0x55, 0xAA, 0x2A, 0x80, 0x00])
    assert decode(PCMA, alaw_codes).tolist() == [8, -8, 32256, -32256, 5504, -5504]
    ulaw_codes = bytes([0xFF, 0x7F, 0x80, 0x00, 0xF0, 0xEF])
    assert decode(PCMU, ulaw_codes).tolist() == [0, 0, 32124, -32124, 120, 132]
    assert decode(96, b"abc") is None


@pytest.mark.parametrize(("payload_type", "codec"), [(PCMA, "pcm_alaw"), (PCMU, "pcm_mulaw")])
def test_g711_tables_agree_with_ffmpeg(payload_type: int, codec: str) -> None:
    import av

    every = bytes(range(256))
    context = av.CodecContext.create(codec, "r")
    context.sample_rate, context.layout = 8000, "mono"
    (frame,) = context.decode(av.Packet(every))
    assert decode(payload_type, every).tolist() == frame.to_ndarray()[0].tolist()
