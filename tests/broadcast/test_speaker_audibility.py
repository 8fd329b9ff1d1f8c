"""Found when it was said, not found when something else was."""

import numpy as np
import pytest

from bench import audibility as trials
from broadcast import audibility
from broadcast.audio import Audio, silence

RATE = 8000


def test_found_at_0_db_in_every_noise() -> None:
    found = list(trials.present(24, seed=11))
    assert sum(trial.found for trial in found) >= 0.95 * len(found)
    assert max(trial.lag_error_s for trial in found if trial.found) < 0.1


def test_not_found_in_anything_else() -> None:
    """1 % of 102 is one."""
    found = list(trials.absent(26, seed=12))
    assert {trial.what for trial in found} == {"speech", "other warning", "music", "noise"}
    assert sum(trial.found for trial in found) <= 0.01 * len(found)


def test_found_where_it_is() -> None:
    sent = trials.warnings()[0].at(RATE)
    for lag_s in (0.0, 0.73, 4.2):
        recorded = np.concatenate([silence(lag_s, RATE).pcm, sent.pcm, silence(2, RATE).pcm])
        match = audibility.find(sent, Audio(recorded, RATE))
        assert match is not None
        assert match.heard
        assert match.lag_s == pytest.approx(lag_s, abs=0.03)


def test_a_warning_that_shares_sentences_is_not_that_warning() -> None:
    """The same voice says another's first half, as loud and clean as can be."""
    sent, other = (trials.warnings()[number].at(RATE) for number in (0, 1))
    half = len(sent.pcm) // 2
    mixed = np.concatenate([silence(1, RATE).pcm, sent.pcm[:half], other.pcm[half:]])
    match = audibility.find(sent, Audio(mixed, RATE))
    assert match is not None
    assert not match.heard


@pytest.mark.parametrize("seconds", [0.0, 0.3, 30.0])
def test_nothing_can_be_said_of_silence(seconds: float) -> None:
    assert audibility.find(trials.warnings()[0], silence(seconds, RATE)) is None
    assert audibility.find(silence(10, RATE), trials.warnings()[0]) is None
