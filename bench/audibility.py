"""How surely a warning is found in what the camera's microphone recorded.

    python -m bench.audibility [--trials N]

Prints one JSON object: the share found at 0 dB against four noises (delay 0-3 s, echo up to
1.2 s, band limits, clocks up to 100 ppm apart, G.711), and the share of false matches against
other speech, other warnings of the same voice, music and mere noise. ``worst_pairs`` names the
shipped warnings that are most alike, for they share sentences.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from broadcast import audibility
from broadcast.audio import Audio
from broadcast.speech import Speech
from core.templates import fill
from core.value import Language
from sim.room import RATE_HZ, Noise, Room, ambience, music

WARNINGS = Path(__file__).parents[1] / "configs" / "warnings.yaml"
NAMES = {"zone": "河湾禁钓区", "place": "一号机", "township": "云溪镇"}
NOISES: tuple[Noise, ...] = ("wind", "traffic", "white")
SPEECH = (
    "今天天气很好，我们一起去公园散步，然后回家做饭，晚上看一场电影，明天早上再去上班。",
    "各位居民请注意，今晚八点到十点停水，请提前做好准备，由此带来的不便敬请谅解，谢谢大家的配合。",
)
SPARE_S = 5.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """One recording looked at.

    Attributes:
        what: what was in it: ``sent in wind`` and the like, or what was there instead.
        lag_error_s: of what was sent; 0 otherwise.
    """

    what: str
    score: float
    lag_error_s: float = 0.0

    @property
    def found(self) -> bool:
        return self.score >= audibility.THRESHOLD


@cache
def warnings() -> tuple[Audio, ...]:
    """The shipped warnings, in both languages, as they are sent."""
    speech = Speech()
    languages: tuple[Language, ...] = ("zh", "en")
    return tuple(
        speech.render(
            fill(row["text"][language], NAMES),
            language,
        )
        for language in languages
        for row in yaml.safe_load(WARNINGS.read_text(encoding="utf-8"))
    )


@cache
def talk() -> tuple[Audio, ...]:
    """People who say something else, with the same voice."""
    return tuple(Speech().render(text) for text in SPEECH)


def present(trials: int, seed: int) -> Iterator[Trial]:
    """Warnings that were played, at 0 dB."""
    random = np.random.default_rng(seed)
    for number in range(trials):
        sent = warnings()[number % len(warnings())]
        seconds = sent.seconds + SPARE_S
        kind = (*NOISES, "speech")[number % 4]
        if kind == "speech":
            noise = np.resize(_samples(talk()[number // 4 % 2]), round(seconds + 1) * RATE_HZ)
        else:
            noise = ambience(NOISES[number % 4], seconds + 1, random)
        room = _room(random, 0.0)
        match = _found(sent, room.record(_samples(sent), noise, seconds, random))
        yield Trial(f"sent, {kind}", match.score, abs(match.lag_s - room.delay_s))


def absent(trials: int, seed: int) -> Iterator[Trial]:
    """Other sounds, from loud ones down to 0 dB."""
    random = np.random.default_rng(seed)
    for number in range(trials):
        sent = warnings()[number % len(warnings())]
        other = warnings()[(number + 1 + number // len(warnings())) % len(warnings())]
        seconds = sent.seconds + SPARE_S
        for what, sound in (
            ("speech", _samples(talk()[number % 2])),
            ("other warning", _samples(other)),
            ("music", music(seconds, random)),
            ("noise", np.zeros(0)),
        ):
            if what == "other warning" and other is sent:
                continue
            room = _room(random, float(random.choice([0.0, 10.0, 20.0])))
            noise = ambience(NOISES[number % 3], seconds + 1, random)
            yield Trial(what, _found(sent, room.record(sound, noise, seconds, random)).score)


def _room(random: np.random.Generator, snr_db: float) -> Room:
    return Room(
        delay_s=random.uniform(0, 3),
        snr_db=snr_db,
        echo_s=random.uniform(0, 1.2),
        low_hz=random.uniform(200, 500),
        high_hz=random.uniform(2300, 3600),
        skew_ppm=random.uniform(-100, 100),
    )


def _samples(audio: Audio) -> Array:
    samples: Array = audio.at(RATE_HZ).pcm / 32768.0
    return samples


def _found(sent: Audio, recorded: Array) -> audibility.Match:
    match = audibility.find(sent, Audio((recorded * 32767).astype(np.int16), RATE_HZ))
    assert match is not None
    return match


def _table(trials: list[Trial]) -> dict[str, dict[str, float]]:
    kinds = dict.fromkeys(trial.what for trial in trials)
    return {kind: _row([trial for trial in trials if trial.what == kind]) for kind in kinds}


def _row(trials: list[Trial]) -> dict[str, float]:
    scores = [trial.score for trial in trials]
    return {
        "trials": len(trials),
        "found_percent": round(100 * sum(trial.found for trial in trials) / len(trials), 2),
        "lowest": round(min(scores), 3),
        "median": round(float(np.median(scores)), 3),
        "highest": round(max(scores), 3),
        "worst_lag_error_s": round(max(trial.lag_error_s for trial in trials), 3),
    }


def worst_pairs() -> list[tuple[float, int, int]]:
    """Scores of clean recordings of one warning looked for by another, worst first."""
    found = []
    for one, sent in enumerate(warnings()):
        for two, other in enumerate(warnings()):
            if one != two:
                padded = np.pad(_samples(other), (RATE_HZ, 4 * RATE_HZ))
                found.append((_found(sent, padded).score, one, two))
    return sorted(found, reverse=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=400)
    trials = parser.parse_args().trials
    warnings(), talk()
    begun_s = time.process_time()
    there, gone = list(present(trials, 1)), list(absent(trials, 2))
    print(
        json.dumps(
            {
                "schema": "bench.audibility/1",
                "threshold": audibility.THRESHOLD,
                "sent_at_0_db": _table(there) | {"all": _row(there)},
                "not_sent": _table(gone) | {"all": _row(gone)},
                "worst_pairs": worst_pairs()[:4],
                "cpu_s": round(time.process_time() - begun_s, 1),
            },
            indent=2,
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
