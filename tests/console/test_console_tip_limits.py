"""Codes and limits of the public's door: properties."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ProblemError
from console.tips.limits import (
    CHALLENGE_S,
    HOUR_S,
    REMEMBERED,
    Buckets,
    Budget,
    Challenges,
    bits_for,
    network_of,
    proves,
)
from core.clock import ManualClock
from core.tipcode import ALPHABET, SYMBOLS, code_hash, code_of, read_code, tip_id

SECRET = b"k" * 32
TOKENS = st.binary(min_size=16, max_size=16).map(bytes.hex)


def solve(challenge: str, bits: int) -> str:
    return next(str(n) for n in range(1 << 24) if proves(challenge, str(n), bits))


@given(TOKENS, st.integers(0, SYMBOLS), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_always_noticed(token: str, at: int, symbol: str) -> None:
    code = code_of(SECRET, token)
    assert read_code(code) == code == code_of(SECRET, token)
    assert read_code(f" {code.lower().replace('-', ' ')} ") == code
    plain = code.replace("-", "")
    wrong = plain[:at] + symbol + plain[at + 1 :]
    assert (read_code(wrong) is None) == (wrong != plain)


@given(TOKENS, st.integers(0, SYMBOLS), st.integers(0, SYMBOLS))
def test_two_symbols_that_changed_places_are_always_noticed(token: str, a: int, b: int) -> None:
    plain = list(code_of(SECRET, token).replace("-", ""))
    same = plain[a] == plain[b]
    plain[a], plain[b] = plain[b], plain[a]
    assert (read_code("".join(plain)) is None) == (not same)


@given(st.text(max_size=40))
def test_what_people_type_never_breaks_the_reader(typed: str) -> None:
    read = read_code(typed)
    assert read is None or read_code(read) == read


def test_code_hash_and_id_are_of_the_key_and_the_token() -> None:
    token = "00" * 16
    code = code_of(SECRET, token)
    assert not set("01IOL") & set(code)
    assert len(ALPHABET) ** SYMBOLS > 2**60
    assert code_of(b"other" * 8, token) != code
    assert code_hash(SECRET, code) != hashlib.sha256(code.encode()).hexdigest()
    assert token not in tip_id(token)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.8", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("no address", "testclient", True),
    ],
)
def test_networks(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


@given(st.lists(st.floats(0, 2000), max_size=60), st.integers(1, 8), st.floats(1, 100))
def test_a_bucket_never_gives_more_than_burst_and_rate(
    waits: list[float], burst: int, per_hour: float
) -> None:
    clock = ManualClock()
    buckets = Buckets(clock)
    given_out, passed, refusals = 0, 0.0, list[ProblemError]()
    for wait in waits:
        clock.advance(wait)
        passed += wait
        try:
            buckets.take("n", per_hour, burst)
            given_out += 1
        except ProblemError as problem:
            refusals.append(problem)
    assert all(one.status == 429 for one in refusals)
    assert all(int(one.headers["retry-after"]) >= 1 for one in refusals)
    assert given_out <= burst + passed * per_hour / HOUR_S + 1e-6


def test_a_bucket_opens_when_it_said_it_would_and_knows_only_so_many() -> None:
    clock = ManualClock()
    buckets = Buckets(clock)
    for _ in range(3):
        buckets.take("n", 20, 3)
    with pytest.raises(ProblemError) as refused:
        buckets.take("n", 20, 3)
    buckets.take("m", 20, 3)
    clock.advance(int(refused.value.headers["retry-after"]))
    buckets.take("n", 20, 3)
    for n in range(REMEMBERED + 10):
        buckets.take(f"x{n}", 20, 3)
    assert len(buckets._levels) == REMEMBERED


@given(st.lists(st.floats(0, 900), max_size=80), st.integers(1, 10))
def test_the_budget_holds_in_every_hour(waits: list[float], per_hour: int) -> None:
    clock, taken, refusals = ManualClock(), list[int](), list[ProblemError]()
    budget = Budget(clock)
    for wait in waits:
        clock.advance(wait)
        try:
            budget.take(per_hour)
            taken.append(clock.monotonic_ns())
        except ProblemError as problem:
            refusals.append(problem)
        assert 0 <= budget.share(per_hour) <= 1
    assert all(int(one.headers["retry-after"]) <= HOUR_S for one in refusals)
    for first, later in zip(taken, taken[per_hour:], strict=False):
        assert (later - first) / 1e9 >= HOUR_S - 1e-6


def test_a_challenge_is_signed_ends_and_is_taken_once() -> None:
    clock = ManualClock()
    challenges = Challenges(clock)
    given_out = challenges.new(6)
    answer = solve(given_out, 6)
    wrong = next(str(n) for n in range(1000) if not proves(given_out, str(n), 6))
    head, bits, ends, signature = given_out.split(".")
    for challenge, said in (
        (given_out, wrong),
        (f"{head}.0.{ends}.{signature}", "0"),
        (f"{head}.{bits}.{int(ends) + 10**12}.{signature}", answer),
        ("", ""),
        ("a.b.c.d", "0"),
        ("ä", "0"),
    ):
        with pytest.raises(ProblemError) as refused:
            challenges.spend(challenge, said)
        assert refused.value.status == 428
    challenges.spend(given_out, answer)
    with pytest.raises(ProblemError):
        challenges.spend(given_out, answer)
    late = challenges.new(0)
    clock.advance(CHALLENGE_S)
    with pytest.raises(ProblemError):
        challenges.spend(late, "0")
    challenges.spend(challenges.new(0), "0")
    assert len(challenges._spent) == 1, "what is over is forgotten"
    with pytest.raises(ProblemError):
        Challenges(clock).spend(challenges.new(0), "0")


@given(st.floats(0, 1), st.floats(0, 1))
def test_it_gets_harder_with_load(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 14 <= bits_for(14, low) <= bits_for(14, high) <= 20
