"""The virtual camera's microphone: the place's noise, and what the loudspeaker plays, by RTP."""

import numpy as np
import pytest

from broadcast import audibility
from broadcast.audio import Audio
from broadcast.speech import Speech
from core.clock import NS_PER_S
from sim.camera.microphone import PIECE, Microphone
from sim.camera.rtp import parse_rtp, rtcp_types
from sim.camera.stream import AccessUnit
from sim.g711 import PCMA, RATE_HZ, decode
from sim.room import Place, Room
from sim.scenes import PLACES
from tests.sim.camera_kit import Client, player, tone, township

TCP = "RTP/AVP/TCP;unicast;interleaved="
PLACE = Place(Room(delay_s=0.3, snr_db=20.0, echo_s=0.4), "white")
BEAT = 160
"""Samples in 20 ms, in which talkers send."""


class Tape:
    """Takes the sound of one microphone whose time is moved by hand."""

    def __init__(self, place: Place) -> None:
        self.now_ns = 1_790_000_000 * NS_PER_S
        self.units: list[AccessUnit] = []
        self.microphone = Microphone(place, "river", lambda: self.now_ns)

    def show(self, unit: AccessUnit) -> None:
        self.units.append(unit)

    def record(self, sound: np.ndarray, *, after_s: float, rest_s: float) -> np.ndarray:
        """What is recorded while a sound is played in real time; int16."""
        self.microphone.tick(self.now_ns)
        self._wait(after_s)
        for offset in range(0, len(sound), BEAT):
            self.microphone.play(offset, sound[offset : offset + BEAT])
            self._wait(BEAT / RATE_HZ)
        self._wait(rest_s)
        samples = decode(
            PCMA, b"".join(payload for unit in self.units for payload in unit.payloads)
        )
        assert samples is not None
        return samples

    def _wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * NS_PER_S)
        self.microphone.tick(self.now_ns)


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))


def test_a_tone_is_heard_after_its_way_dies_away_and_leaves_the_noise() -> None:
    tape = Tape(PLACE)
    tape.microphone.watch(tape)
    heard = tape.record(tone(1.0, amplitude=10_000), after_s=2.0, rest_s=3.0)
    before, during, after = heard[: 2 * RATE_HZ], heard[19_200:26_400], heard[-RATE_HZ:]
    assert 0 < level(before) < level(during) / 3
    assert level(after) < level(during) / 3
    spectrum = np.abs(np.fft.rfft(during))
    assert np.argmax(spectrum) * RATE_HZ / len(during) == pytest.approx(1000, abs=3)
    # The first reflection comes with the sound itself, 0.3 s after it was sent.
    loud = np.abs(heard.astype(float)) > 6 * level(before)
    assert np.argmax(loud) / RATE_HZ == pytest.approx(2.3, abs=0.02)


def test_what_comes_too_late_is_played_late() -> None:
    tape = Tape(PLACE)
    tape.microphone.watch(tape)
    sound = tone(0.6, amplitude=10_000)
    tape.record(sound[: len(sound) // 2], after_s=1.0, rest_s=2.0)
    for offset in range(len(sound) // 2, len(sound), BEAT):
        tape.microphone.play(offset, sound[offset : offset + BEAT])
    heard = tape.record(sound[:0], after_s=0.0, rest_s=2.0)
    loud = np.abs(heard.astype(float)) > 6 * level(heard[:RATE_HZ])
    before, late = loud[: 3 * RATE_HZ], loud[3 * RATE_HZ :]
    assert np.argmax(before) / RATE_HZ == pytest.approx(1.3, abs=0.02)
    assert np.argmax(late) / RATE_HZ == pytest.approx(0.3, abs=0.02)
    assert np.flatnonzero(late)[-1] / RATE_HZ == pytest.approx(0.6, abs=0.3)


def test_the_pieces_follow_each_other_and_nobody_is_worked_for_in_vain() -> None:
    tape = Tape(PLACE)
    assert not len(tape.record(tone(0.2), after_s=1.0, rest_s=0.0))
    tape.microphone.watch(tape)
    heard = tape.record(tone(0.0), after_s=1.05, rest_s=0.5)
    assert len(heard) == 15 * PIECE
    times = [unit.utc_ns for unit in tape.units]
    assert set(np.diff(times)) == {NS_PER_S // 10}
    tape.microphone.leave(tape)
    assert len(tape.record(tone(0.0), after_s=9.0, rest_s=0.0)) == len(heard)


@pytest.mark.parametrize("name", PLACES)
def test_a_warning_is_found_at_every_place_of_the_demo(name: str) -> None:
    sent = Speech().render("望江镇提醒您：这里禁止占道经营，请立即收拾离开。谢谢配合。")
    tape = Tape(PLACES[name])
    tape.microphone.watch(tape)
    recorded = tape.record(sent.at(RATE_HZ).pcm, after_s=0.5, rest_s=3.0)
    match = audibility.find(sent, Audio(recorded, RATE_HZ))
    assert match is not None
    assert match.heard
    assert match.lag_s == pytest.approx(0.5 + PLACES[name].room.delay_s, abs=0.05)
    other = Speech().render("各位居民请注意，今晚八点到十点停水，请提前做好准备。")
    wrong = audibility.find(other, Audio(recorded, RATE_HZ))
    assert wrong is not None
    assert not wrong.heard


def test_sound_and_picture_come_in_one_session() -> None:
    with township(places={"river": PLACE}) as cameras, Client(cameras.url("river")) as client:
        described = client.ask("DESCRIBE").body.decode()
        assert "m=audio 0 RTP/AVP 8" in described
        assert described.endswith("a=recvonly\r\na=control:audio\r\n")
        assert client.ask("SETUP", client.url + "/video", Transport=TCP + "0-1").status == 200
        assert client.ask("SETUP", client.url + "/audio", Transport=TCP + "2-3").status == 200
        assert client.ask("SETUP", client.url + "/audio", Transport=TCP + "4-5").status == 455
        told = client.ask("PLAY").headers["rtp-info"].split(",")
        while len([one for one in client.packets if one[0] == 2]) < 5:
            client.read_packets(len(client.packets) + 1)
        packets = [parse_rtp(data) for channel, data in client.packets if channel == 2]
        reports = [rtcp_types(data) for channel, data in client.packets if channel == 3]
    sounds = [one for one in packets if one is not None]
    assert {(one.payload_type, len(one.payload)) for one in sounds} == {(PCMA, PIECE)}
    stamps = np.array([one.timestamp for one in sounds], np.uint32)
    assert set(np.diff(stamps)) == {PIECE}
    assert reports[0] == [200, 202]
    assert [one.partition(";")[0].rpartition("/")[2] for one in told] == ["video", "audio"]
    assert told[1].endswith(f";seq={sounds[0].sequence};rtptime={sounds[0].timestamp}")


def test_cameras_without_a_place_and_small_pictures_have_no_sound() -> None:
    with township(places={"river": PLACE}) as cameras:
        small = cameras.url("river", "sub")
        with Client(small) as client:
            assert b"m=audio" not in client.ask("DESCRIBE").body
            assert client.ask("SETUP", small + "/audio", Transport=TCP + "0-1").status == 404
    with township() as cameras, Client(cameras.url("river")) as client:
        assert b"m=audio" not in client.ask("DESCRIBE").body


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_ffmpeg_hears_it(transport: str) -> None:
    with (
        township(places={"river": PLACE}) as cameras,
        player(cameras.url("river"), transport) as film,
    ):
        (sound,) = film.streams.audio
        assert (sound.codec_context.name, sound.codec_context.sample_rate) == ("pcm_alaw", RATE_HZ)
        kinds = set()
        for packet in film.demux():
            kinds.add(packet.stream.type)
            if kinds == {"video", "audio"}:
                break
