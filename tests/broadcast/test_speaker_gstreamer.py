"""The independent peer: GStreamer's ONVIF server hears a 1 kHz tone as 1 kHz."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.live import LiveTalk
from broadcast.onvif import OnvifSpeaker
from broadcast.talk import LEAD_S
from core.cases import Receipt
from core.clock import SystemClock
from core.talking import RATE
from tests.broadcast.speaker_town import announcement, camera, site

SERVER = Path(__file__).with_name("gst_backchannel.py")
PYTHON = Path("/usr/bin/python3")
PROBE = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); "
    "from gi.repository import GstRtspServer; GstRtspServer.RTSPOnvifServer"
)


def _missing() -> str:
    if not PYTHON.exists():
        return f"{PYTHON} is missing"
    done = subprocess.run([str(PYTHON), "-c", PROBE], capture_output=True, check=False)
    return "" if done.returncode == 0 else "install python3-gi and gir1.2-gst-rtsp-server-1.0"


@contextmanager
def _server(out: Path, lower: str) -> Iterator[str]:
    with subprocess.Popen(
        [str(PYTHON), str(SERVER), str(out), lower],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.communicate(timeout=10)


def _heard(out: Path, lower: str, talk: Callable[[str], None]) -> NDArray[np.float64]:
    """What the server wrote down of a talk to its address, (N,) samples at 8 kHz.

    It lags behind on a busy machine, and drops what it has not written when it ends; now and then
    its pipeline takes nothing of a whole talk. Then it is asked anew.
    """
    for _ in range(3):
        with _server(out, lower) as url:
            talk(url)
            sizes = [-1]
            for _ in range(150):
                sizes.append(out.stat().st_size if out.exists() else 0)
                if sizes[-1] > 44 and set(sizes[-5:]) == {sizes[-1]}:
                    break
                time.sleep(0.1)
        if sizes[-1] > 44:
            return np.frombuffer(out.read_bytes()[44:], "<i2").astype(np.float64)
    raise AssertionError(f"{out}: nothing of three talks was written down")


@pytest.mark.peer
def test_a_live_voice_arrives_as_it_is_spoken(tmp_path: Path) -> None:
    if missing := _missing():
        pytest.skip(missing)
    clock, stop = SystemClock(), threading.Event()
    receipts: list[Receipt] = []

    def talk(url: str) -> None:
        town = site(camera("river", {"driver": "onvif", "url": url}))
        # Each time as if for the first time: nothing of a cooldown is remembered.
        announcer = Announcer(town, clock=clock, audio_dir=tmp_path / f"audio{len(receipts)}")
        asked = announcement(clock, live=True, priority="urgent", volume=50)
        said = LiveTalk(announcer, asked, clock)
        thread = threading.Thread(target=lambda: receipts.extend(said.run()))
        thread.start()
        tone = 10_000 * np.sin(2 * np.pi * 600 * np.arange(RATE // 50) / RATE)  # 12 periods
        for _ in range(75):
            said.put(tone.astype("<i2").tobytes())
            clock.wait(stop, 0.02)
        said.close()
        thread.join(60)
        assert not thread.is_alive()

    heard = _heard(tmp_path / "heard.wav", "tcp", talk)
    receipt = receipts[-1]
    assert receipt.ok, receipt.error
    assert receipt.volume_by == "sound made softer by 6.0 dB"
    assert receipt.seconds > 0.5
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(power) / len(heard) * 8000 == pytest.approx(600, abs=3)
    assert 4000 < np.abs(heard).max() < 5600  # half as loud as it was spoken


@pytest.mark.peer
@pytest.mark.parametrize("lower", ["tcp", "udp"])
def test_a_tone_arrives_as_that_tone(tmp_path: Path, lower: str) -> None:
    if missing := _missing():
        pytest.skip(missing)
    rate = 16000
    pcm = (10_000 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)).astype(np.int16)
    replies: list[str] = []

    def talk(url: str) -> None:
        speaker = OnvifSpeaker("river", url, SystemClock())
        replies.append(speaker.speak(Audio(pcm[:800], rate), threading.Event()).device_reply)
        # The file is written anew for each talk: that it holds this one shows the channel was free.
        speaker.speak(Audio(pcm, rate), threading.Event())

    heard = _heard(tmp_path / "heard.wav", lower, talk)
    assert f"PCMU by {lower.upper()}" in replies[-1]
    loud = np.flatnonzero(np.abs(heard) > 1000)
    assert loud[0] / 8000 == pytest.approx(LEAD_S, abs=0.005)
    assert (loud[-1] - loud[0]) / 8000 == pytest.approx(1.0, abs=0.005)
    tone = heard[loud[0] : loud[0] + 8000]
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)))) ** 2
    assert int(np.argmax(power)) == 1000
    assert power[995:1006].sum() / power.sum() > 0.99
