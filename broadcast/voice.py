"""The voice of the house: approved recordings where there are any, synthesis for the rest.

Each part is levelled for itself, so that a recorded sentence and the name spoken in the middle of
it are equally loud; what is silent at its ends is taken off, so that they follow closely.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog

from broadcast.audio import Audio, for_horn, read_wav, sha256, silence
from broadcast.errors import BroadcastError, SpeechError
from broadcast.intake import read_recording
from broadcast.shelf import put
from broadcast.speech import MAX_CHARACTERS, Speech
from core.cases import Announcement, SpokenPart
from core.wording import Sound, Taken

log = structlog.get_logger()

RATE = 22_050
WITHIN_S, BETWEEN_S = 0.08, 0.6
"""Pauses between parts of one language, and before the next language."""
_PATIENCE_S = 10.0
_SILENT = 300  # samples softer than this at the ends of a part are no speech (-41 dBFS)


class Voice:
    """Makes warnings into sound, and takes recordings in.

    Args:
        recordings: directory of recordings named by their hash; None: there are none.
    """

    def __init__(self, recordings: Path | None = None) -> None:
        self._recordings = recordings
        self._speech = Speech()
        self._one_at_a_time = threading.Lock()

    def render(self, announcement: Announcement, longest_s: float) -> tuple[Audio, tuple[str, ...]]:
        """The sound of a warning, and the hashes of the recordings in it.

        Raises:
            BroadcastError: nothing can be spoken, or it lasts longer than ``longest_s``.
        """
        whole = SpokenPart(language=announcement.language, text=announcement.text)
        audio, played = self._joined(announcement.parts or (whole,))
        if audio.seconds > longest_s:
            raise BroadcastError(
                f"the warning lasts {audio.seconds:.0f} s, at most {longest_s:.0f} s; shorten it"
            )
        return audio, played

    def say(self, parts: Sequence[SpokenPart]) -> Sound:
        """See :meth:`core.wording.Voice.say`. One at a time: warnings wait for the same library."""
        if not self._one_at_a_time.acquire(timeout=_PATIENCE_S):
            raise BroadcastError("others are listening to texts; try again")
        try:
            audio, _ = self._joined(parts)
        finally:
            self._one_at_a_time.release()
        return Sound(audio.wav(), round(audio.seconds, 2), audio.speech_dbfs, audio.peak_dbfs)

    def take(self, data: bytes) -> Taken:
        """See :meth:`core.wording.Voice.take`."""
        if self._recordings is None:
            raise BroadcastError("recordings cannot be kept here")
        with self._one_at_a_time:
            found = read_recording(data, RATE)
        wav = found.audio.wav()
        digest = sha256(wav)
        put(self._recordings / f"{digest}.wav", wav)
        return Taken(
            sha256=digest,
            source_sha256=sha256(data),
            seconds=round(found.audio.seconds, 2),
            speech_dbfs=round(found.audio.speech_dbfs, 1),
            peak_dbfs=round(found.peak_dbfs, 1),
            clipped=round(found.clipped, 5),
        )

    def _joined(self, parts: Sequence[SpokenPart]) -> tuple[Audio, tuple[str, ...]]:
        if sum(len(one.text) for one in parts) > 2 * MAX_CHARACTERS:
            raise SpeechError(f"the warning has more than {2 * MAX_CHARACTERS} characters")
        pieces: list[Audio] = []
        played: list[str] = []
        language = parts[0].language if parts else "zh"
        for one in parts:
            recorded = self._recorded(one)
            if recorded is None and not any(letter.isalnum() for letter in one.text):
                continue  # a full stop between two recordings
            if pieces:
                pause_s = WITHIN_S if one.language == language else BETWEEN_S
                pieces.append(silence(pause_s, RATE))
            if recorded is not None:
                played.append(one.recording)
            said = recorded or self._speech.render(one.text, one.language).at(RATE)
            pieces.append(said if len(parts) == 1 else _trimmed(said))
            language = one.language
        if not pieces:
            raise SpeechError("the warning text is empty")
        return Audio(np.concatenate([one.pcm for one in pieces]), RATE), tuple(played)

    def _recorded(self, part: SpokenPart) -> Audio | None:
        """The recording of a part; None where there is none that can be used."""
        if not part.recording or self._recordings is None:
            return None
        path = self._recordings / f"{part.recording}.wav"
        try:
            if sha256(path.read_bytes()) != part.recording:
                raise SpeechError(f"{path}: is not what was approved")
            return for_horn(read_wav(path)).at(RATE)
        except (OSError, SpeechError) as error:
            # A lost recording must not silence the warning; the receipt does not name it.
            log.error("speech.recording_unusable", recording=part.recording, error=str(error))
            return None


def _trimmed(audio: Audio) -> Audio:
    loud = np.flatnonzero(np.abs(audio.pcm.astype(np.int32)) > _SILENT)
    if not len(loud):
        return audio
    return Audio(audio.pcm[loud[0] : loud[-1] + 1], audio.rate)
