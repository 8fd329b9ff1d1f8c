"""Rules: when a loudspeaker may speak."""

import threading
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.rules import MAX_AGE_S, Policy
from core.clock import NS_PER_S, ManualClock
from core.config.base import Hours
from core.config.warnings import Warnings
from tests.broadcast.speaker_town import announcement

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(hour: int, minute: int = 0) -> ManualClock:
    moment = datetime(2026, 9, 1, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
    return ManualClock(utc_ns=int(moment.timestamp()) * NS_PER_S)


def policy(clock: ManualClock, **rules: object) -> Policy:
    return Policy(Warnings.model_validate(rules), SHANGHAI, clock)


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(21, 59, False), (22, 0, True), (2, 0, True), (5, 59, True), (6, 0, False), (12, 0, False)],
)
def test_quiet_hours_are_local(hour: int, minute: int, quiet: bool) -> None:
    clock = at(hour, minute)
    rules = policy(clock, quiet_hours=Hours(start=time(22), end=time(6)))
    refusal = rules.refusal(announcement(clock), "horn")
    assert (refusal == "quiet hours 22:00-06:00") if quiet else (refusal is None)


def test_cooldown_is_of_the_speaker_and_not_of_the_wall_clock() -> None:
    clock = at(12)
    rules = policy(clock, cooldown_s=60)
    first = announcement(clock)
    assert rules.refusal(first, "horn") is None
    clock.advance(10)
    rules.finished(first, "horn", spoke=True)
    clock.step(100)
    assert rules.refusal(announcement(clock, incident="i2"), "horn") == (
        "cooldown: 60 s left for this loudspeaker"
    )
    assert rules.refusal(announcement(clock, incident="i2"), "other horn") is None
    clock.advance(60)
    assert rules.refusal(announcement(clock, incident="i3"), "horn") is None


def test_a_talk_of_which_nothing_went_out_does_not_count() -> None:
    clock = at(12)
    rules = policy(clock, cooldown_s=60, max_repeats=1)
    first = announcement(clock)
    assert rules.refusal(first, "horn") is None
    rules.finished(first, "horn", spoke=False)
    assert rules.refusal(first, "horn") is None


def test_override_needs_a_person_and_a_reason() -> None:
    clock = at(23)
    rules = policy(clock, quiet_hours=Hours(start=time(22), end=time(6)))
    refused = "quiet hours 22:00-06:00"
    assert rules.refusal(announcement(clock, requested_by="zhang"), "h") == refused
    assert (
        rules.refusal(announcement(clock, requested_by="zhang", override_reason="  "), "h")
        == refused
    )
    assert rules.refusal(announcement(clock, override_reason="urgent"), "h") == (
        f"{refused}; only a named person may override"
    )
    spoken = announcement(clock, requested_by="zhang", override_reason="有人落水")
    assert rules.refusal(spoken, "h") is None


def test_late_warnings_are_never_spoken_even_with_an_override() -> None:
    clock = at(12)
    late = announcement(clock, requested_by="zhang", override_reason="有人落水")
    clock.advance(MAX_AGE_S + 1)
    assert str(policy(clock).refusal(late, "h")).startswith("too late: asked for 181 s ago")


@given(
    st.integers(1, 4),
    st.floats(0, 100),
    st.lists(
        st.tuples(st.floats(0, 90), st.sampled_from("ab"), st.sampled_from("xy"), st.booleans()),
        max_size=30,
    ),
)
def test_whatever_is_asked_the_rules_hold(
    most: int, cooldown_s: float, asked: list[tuple[float, str, str, bool]]
) -> None:
    clock = at(12)
    rules = policy(clock, cooldown_s=cooldown_s, max_repeats=most)
    spoken: list[tuple[str, str, float, float]] = []
    for pause_s, incident, speaker, works in asked:
        clock.advance(pause_s)
        one = announcement(clock, incident=incident)
        refusal = rules.refusal(one, speaker)
        now_s = clock.monotonic_ns() / NS_PER_S
        before = [talk for talk in spoken if talk[1] == speaker]
        warned = sum(talk[0] == incident for talk in spoken)
        cooled = not before or now_s - before[-1][3] >= cooldown_s - 1e-6
        on_the_edge = bool(before) and abs(now_s - before[-1][3] - cooldown_s) < 1e-6
        assert on_the_edge or (refusal is None) == (cooled and warned < most)
        if refusal is None:
            clock.advance(8)
            rules.finished(one, speaker, spoke=works)
            if works:
                spoken.append((incident, speaker, now_s, clock.monotonic_ns() / NS_PER_S))
    for incident in "ab":
        assert sum(talk[0] == incident for talk in spoken) <= most


def test_threads_cannot_pass_the_most_repeats_together() -> None:
    clock = at(12)
    rules = policy(clock, cooldown_s=0, max_repeats=3)
    allowed: list[bool] = []

    def ask(index: int) -> None:
        allowed.append(rules.refusal(announcement(clock), f"horn {index}") is None)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 3
