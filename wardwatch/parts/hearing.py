"""Was a warning heard? The camera's recorded sound is looked through once it is on disk."""

import tempfile
import threading
from pathlib import Path

import av
import numpy as np

from broadcast import audibility
from broadcast.audio import Audio, read_wav
from core.cases import Hearing, Receipt
from core.clock import NS_PER_S, Clock
from core.config.site import Site
from core.errors import WardwatchError
from recorder.clips import Cut, cut

BEFORE_S = 0.5
AFTER_S = audibility.MOST_LAG_S
PATIENCE_S = 45.0
"""So long after the talk its recording may take to be on disk."""
_LOOK_S = 1.0


def listen(
    receipt: Receipt, site: Site, recordings: Path, clock: Clock, stop: threading.Event
) -> Hearing | None:
    """What the microphone beside the loudspeaker heard of a warning; None: nothing was said.

    Waits for the recording, so it is called in a thread of its own.
    """
    camera = site.camera(receipt.camera)
    if camera is None or camera.speaker is None or receipt.started_ns is None:
        return None
    if receipt.audio_path is None or receipt.seconds < audibility.SHORTEST_S:
        return None
    microphone = camera.speaker.microphone or camera.id
    try:
        sent = read_wav(Path(receipt.audio_path))
        whole = Audio(sent.pcm[: round(receipt.seconds * sent.rate)], sent.rate)
        recorded = _recorded(receipt, microphone, recordings, clock, stop)
        if recorded is None:
            return _unknown(microphone, "no sound of that time is recorded")
        match = audibility.find(whole, recorded)
    except (WardwatchError, OSError, av.error.FFmpegError) as error:
        return _unknown(microphone, str(error))
    if match is None:
        return _unknown(microphone, "the recorded sound is silence")
    return Hearing(
        verdict="heard" if match.heard else "not_heard",
        microphone=microphone,
        score=match.score,
        threshold=audibility.THRESHOLD,
        lag_s=round(match.lag_s - BEFORE_S, 3) if match.heard else None,
    )


def _unknown(microphone: str, why: str) -> Hearing:
    return Hearing(verdict="unknown", microphone=microphone, why=why)


def _recorded(
    receipt: Receipt, microphone: str, recordings: Path, clock: Clock, stop: threading.Event
) -> Audio | None:
    """The microphone's sound from shortly before the first packet to some seconds after."""
    assert receipt.started_ns is not None
    first_ns = receipt.started_ns - round(BEFORE_S * NS_PER_S)
    last_ns = receipt.started_ns + round((receipt.seconds + AFTER_S) * NS_PER_S)
    limit_ns = last_ns + round(PATIENCE_S * NS_PER_S)
    with tempfile.TemporaryDirectory(prefix="ww-heard-") as scratch:
        out = Path(scratch) / "heard.mov"
        while True:
            late = stop.is_set() or clock.utc_ns() >= limit_ns
            try:
                found = cut(recordings, microphone, first_ns, last_ns, out)
                if found.last_ns >= last_ns or late:
                    return sound_of(found, first_ns)
            except WardwatchError:
                if late:
                    raise
            clock.wait(stop, _LOOK_S)


def sound_of(clip: Cut, first_ns: int) -> Audio | None:
    """The sound of a clip from a moment on, 8 kHz; silence where it has none; None: no track."""
    rate = audibility.RATE_HZ
    with av.open(str(clip.path)) as container:
        if not container.streams.audio:
            return None
        # A clip's own time begins with its first picture.
        video = container.streams.video[0]
        origin_s = float((video.start_time or 0) * (video.time_base or 0))
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        pieces: list[tuple[int, np.ndarray]] = []
        for frame in container.decode(audio=0):
            if frame.time is None:
                continue
            at_s = frame.time - origin_s + (clip.first_ns - first_ns) / NS_PER_S
            place = round(at_s * rate)
            for part in resampler.resample(frame):
                samples = part.to_ndarray().reshape(-1)
                pieces.append((place, samples))
                place += len(samples)
    pieces = [(place, samples) for place, samples in pieces if place >= 0]
    if not pieces:
        return None
    whole = np.zeros(max(place + len(samples) for place, samples in pieces), np.int16)
    for place, samples in pieces:
        whole[place : place + len(samples)] = samples
    return Audio(whole, rate)
