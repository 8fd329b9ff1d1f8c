"""The server as a client finds it: sign-in, answers, sessions, hostile clients, clean ends."""

import contextlib
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SystemClock
from sim.camera import VirtualTownship, serve
from sim.camera.errors import VirtualCameraError
from sim.camera.stream import AccessUnit
from tests.sim.camera_kit import BoxScene, Client, player, township, transport_ports, wait_for

TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"


@pytest.fixture(scope="module")
def cameras() -> Iterator[VirtualTownship]:
    with township(scenes={"river": BoxScene(), "望江路": BoxScene()}) as running:
        yield running


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_right_password_opens(cameras: VirtualTownship, algorithm: str) -> None:
    with Client(cameras.url("river"), algorithm=algorithm) as client:
        assert client.ask("DESCRIBE").status == 200


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_wrong_password_does_not(cameras: VirtualTownship, algorithm: str) -> None:
    with Client(cameras.url("river"), password="wrong", algorithm=algorithm) as client:
        assert client.ask("DESCRIBE").status == 401
        assert client.ask("SETUP", cameras.url("river") + "/video", Transport=TCP).status == 401
        assert client.ask("OPTIONS").status == 200


def test_players_with_a_wrong_password_are_refused(cameras: VirtualTownship) -> None:
    url = cameras.url("river").replace("rtsp://", "rtsp://operator:wrong@")
    with pytest.raises(av.error.HTTPUnauthorizedError):
        av.open(url, options={"rtsp_transport": "tcp"}, timeout=10)


def test_the_description(cameras: VirtualTownship) -> None:
    with Client(cameras.url("river", "sub")) as client:
        got = client.ask("DESCRIBE", Accept="application/sdp")
        text = got.body.decode()
        assert got.headers["content-base"] == cameras.url("river", "sub") + "/"
        assert got.headers["content-type"] == "application/sdp"
        assert "packetization-mode=1" in text
        assert "profile-level-id=42C0" in text, "constrained baseline"
        assert "sprop-parameter-sets=Z0" in text
        assert "a=range:npt=now-\r\n" in text
        assert "m=audio" not in text, "the backchannel is offered only on demand"


def test_a_camera_with_a_chinese_name(cameras: VirtualTownship) -> None:
    with player(cameras.url("望江路")) as viewer:
        assert next(viewer.decode(video=0)).width == 320


def test_refusals(cameras: VirtualTownship) -> None:
    url = cameras.url("river")
    with Client(url) as client:
        assert client.ask("DESCRIBE", url.replace("river", "lake")).status == 404
        assert client.ask("DESCRIBE", url.replace("main", "third")).status == 404
        assert client.ask("PLAY").status == 454
        assert client.ask("GET_PARAMETER").status == 200
        assert client.ask("SETUP", url + "/video", Transport="RAW/RAW/UDP").status == 461
        assert client.ask("SETUP", url + "/smell", Transport=TCP).status == 404
        refused = client.ask("DESCRIBE", Require="org.example.magic")
        assert (refused.status, refused.headers["unsupported"]) == (551, "org.example.magic")
        recorded = client.ask("RECORD")
        assert recorded.status == 405
        assert "PLAY" in recorded.headers["allow"]
        assert client.ask("SETUP", url + "/video", Transport=TCP).status == 200
        assert client.ask("SETUP", url + "/video", Transport=TCP).status == 455
        other = url.replace("river", "%E6%9C%9B%E6%B1%9F%E8%B7%AF") + "/video"
        assert client.ask("SETUP", other, Transport=TCP).status == 459
        assert client.ask("TEARDOWN").status == 200
        assert client.ask("PLAY").status == 454


def rtp_of(packets: list[tuple[int, bytes]]) -> list[tuple[int, int, bytes]]:
    """(sequence, timestamp, payload) of what came on channel 0."""
    return [(*struct.unpack_from("!HI", p, 2), p[12:]) for channel, p in packets if channel == 0]


def test_play_begins_with_parameter_sets_and_a_report(cameras: VirtualTownship) -> None:
    with Client(cameras.url("river")) as client:
        client.ask("SETUP", cameras.url("river") + "/video", Transport=TCP)
        played = client.ask("PLAY")
        packets = client.read_packets(14)
        information = dict(part.split("=", 1) for part in played.headers["rtp-info"].split(";"))
        sequence, timestamp, first = rtp_of(packets)[0]
        assert information["url"] == cameras.url("river") + "/video"
        assert (int(information["seq"]), int(information["rtptime"])) == (sequence, timestamp)
        assert first[0] & 0x1F == 24, "STAP-A with SPS and PPS"
        assert rtp_of(packets)[1][2][0] & 0x1F == 5, "then the IDR picture"
        numbers = [number for number, _, _ in rtp_of(packets)]
        assert numbers == [(sequence + i) & 0xFFFF for i in range(len(numbers))]
        channel, report = packets[0]
        assert (channel, report[1]) == (1, 200)
        # the report's clock is UTC, and the picture is not older than a few frames
        seconds, fraction, reported = struct.unpack_from("!III", report, 8)
        utc_ns = (seconds - 2_208_988_800) * 10**9 + (fraction * 10**9 >> 32)
        age_s = ((reported - timestamp + (1 << 31)) % (1 << 32) - (1 << 31)) / 90000
        assert abs(SystemClock().utc_ns() - utc_ns) < 5e9
        assert -0.2 < age_s < 2


def test_pause_and_play_again(cameras: VirtualTownship) -> None:
    with Client(cameras.url("river")) as client:
        client.ask("SETUP", cameras.url("river") + "/video", Transport=TCP)
        client.ask("PLAY")
        client.read_packets(5)
        client.ask("PAUSE")
        client.packets.clear()
        pictures = cameras.feed("river")._scene.pictures
        wait_for(lambda: cameras.feed("river")._scene.pictures > pictures + 4)
        client.ask("GET_PARAMETER")
        assert not client.packets, "nothing is sent while paused"
        again = client.ask("PLAY")
        sequence, timestamp, payload = rtp_of(client.read_packets(3))[0]
        assert f"seq={sequence};rtptime={timestamp}" in again.headers["rtp-info"]
        assert payload[0] & 0x1F == 24, "again from a key frame"


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=4))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_garbage_does_not_disturb_others(cameras: VirtualTownship, chunks: list[bytes]) -> None:
    with Client(cameras.url("river")) as rude, contextlib.suppress(OSError):
        for chunk in chunks:
            rude.socket.sendall(chunk)
    with Client(cameras.url("river")) as client:
        assert client.ask("OPTIONS").status == 200


def test_mangled_requests_do_not_disturb_a_viewer(cameras: VirtualTownship) -> None:
    """Real requests with bytes changed, while somebody watches."""
    dice = random.Random(7)
    template = (
        f"SETUP {cameras.url('river')}/video RTSP/1.0\r\nCSeq: 1\r\nTransport: {TCP}\r\n"
        'Authorization: Digest username="operator", nonce="x", uri="rtsp://[", response="0"\r\n\r\n'
    ).encode()
    with player(cameras.url("river")) as viewer:
        for _ in range(150):
            mangled = bytearray(template)
            for _ in range(dice.randrange(1, 6)):
                mangled[dice.randrange(len(mangled))] = dice.randrange(256)
            with Client(cameras.url("river")) as rude, contextlib.suppress(OSError):
                rude.socket.sendall(bytes(mangled))
        assert [next(viewer.decode(video=0)).width for _ in range(12)] == [320] * 12


def test_a_silent_udp_client_is_freed() -> None:
    with township(session_timeout_s=0.5) as cameras:
        with Client(cameras.url("river")) as client:
            asked = "RTP/AVP;unicast;client_port=45678-45679"
            setup = client.ask("SETUP", cameras.url("river") + "/video", Transport=asked)
            assert setup.headers["session"].endswith(";timeout=1")
            assert transport_ports(setup)[0] % 2 == 0
            client.ask("PLAY")
            wait_for(lambda: cameras.feed("river").streams["main"].watchers == 1)
        assert cameras.sessions == 1, "a UDP session outlives its connection"
        wait_for(lambda: cameras.sessions == 0)
        assert cameras.feed("river").streams["main"].watchers == 0


def test_a_tcp_session_ends_with_its_connection_and_signs_of_life_keep_it() -> None:
    with township(session_timeout_s=0.6) as cameras:
        with Client(cameras.url("river")) as client:
            client.ask("SETUP", cameras.url("river") + "/video", Transport=TCP)
            client.ask("PLAY")
            for _ in range(5):
                client.read_packets(len(client.packets) + 3)
                client.send(1, struct.pack("!BBHI", 0x80, 201, 1, 5))  # a receiver report
            assert cameras.sessions == 1
        wait_for(lambda: cameras.sessions == 0)


def test_a_slow_viewer_loses_pictures_but_no_memory(cameras: VirtualTownship) -> None:
    """Pictures are pushed faster than anyone could read; the backlog stays within its limit."""
    with Client(cameras.url("river")) as client:
        client.ask("SETUP", cameras.url("river") + "/video", Transport=TCP)
        client.ask("PLAY")
        client.read_packets(2)
        (session,) = cameras._server.sessions.values()
        viewer = session.viewer
        assert viewer is not None
        transport = viewer.path._transport
        payload = (b"\x41" + bytes(1399),) * 40
        backlog: list[int] = []

        def push() -> None:
            for index in range(400):
                viewer.show(AccessUnit(cameras.feed("river").now_ns(), index % 10 == 0, payload))
                backlog.append(transport.get_write_buffer_size())

        cameras._loop.call_soon_threadsafe(push)
        wait_for(lambda: len(backlog) == 400)
        assert (1 << 20) < max(backlog) < (1 << 20) + 2 * 40 * 1416
        assert viewer.pictures_left_out > 200


def test_starting_and_stopping_leaves_nothing(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    for _ in range(10):
        with township(tmp_path) as cameras, Client(cameras.url("river")) as client:
            client.ask("SETUP", cameras.url("river") + "/video", Transport=TCP)
            client.ask("PLAY")
            client.read_packets(2)
            port = cameras.port
        assert set(threading.enumerate()) == before
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_failing_scene_does_not_stop_the_others() -> None:
    class Broken(BoxScene):
        def step(self):
            raise RuntimeError("the brush broke")

    with township(scenes={"broken": Broken(), "river": BoxScene()}) as cameras:
        wait_for(lambda: cameras.truth.all("failed", "broken"))
        with player(cameras.url("river")) as viewer:
            assert next(viewer.decode(video=0)).width == 320


def test_what_cannot_be_served_is_said() -> None:
    with pytest.raises(VirtualCameraError, match="river: size 321x240"):
        township(scenes={"river": BoxScene(size=(321, 240))}).__enter__()
    for name in ("", "../river", "a/b"):
        with pytest.raises(VirtualCameraError, match="cannot be a camera's name"):
            township(scenes={name: BoxScene()}).__enter__()
    with township() as first, pytest.raises(VirtualCameraError, match=str(first.port)):
        township(port=first.port).__enter__()


def test_truth_is_written(tmp_path: Path) -> None:
    scene = BoxScene(fps=20)
    with township(tmp_path, scenes={"river": scene}) as cameras:
        wait_for(lambda: cameras.truth.all("event_started"))
        cameras.feed("river").hear(2.0)
        wait_for(lambda: cameras.truth.all("event_ended"))
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [line["what"] for line in lines] == ["epoch", "event_started", "event_ended"]
    epoch, started, ended = lines
    assert started["kind"] == "dumping"
    assert started["utc_ns"] - epoch["utc_ns"] == 500_000_000
    assert ended["scene_s"] == scene.events[0].end_s
    assert scene.heard == [2.0]


def test_serve_as_a_process_ends_on_sigterm(tmp_path: Path) -> None:
    program = (
        "from tests.sim.camera_kit import BoxScene; from core.clock import SystemClock;"
        "from sim.camera import serve;"
        "serve({'river': BoxScene()}, username='u', password='p', clock=SystemClock())"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert child.stdout is not None
    with child.stdout:
        line = next(text for text in child.stdout if text.startswith("READY"))
        socket.create_connection(("127.0.0.1", int(line.split()[1])), timeout=5).close()
        child.terminate()
        assert child.wait(20) == 0


def test_serve_blocks_until_told(tmp_path: Path) -> None:
    stop, ports = threading.Event(), []
    thread = threading.Thread(
        target=serve,
        args=({"river": BoxScene()},),
        kwargs={
            "username": "u",
            "password": "p",
            "clock": SystemClock(),
            "ready": ports.append,
            "stop": stop,
        },
    )
    thread.start()
    wait_for(lambda: ports)
    socket.create_connection(("127.0.0.1", ports[0]), timeout=2).close()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
