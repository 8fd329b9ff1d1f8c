"""The Merkle tree against RFC 6962's own definition, written down as it stands there."""

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.tree import EMPTY_ROOT, is_consistent, leaf_hash, root_of_inclusion
from recorder.seal.merkle import Frontier, consistency_path, inclusion_path, root_of

ENTRIES = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    """RFC 6962 §2.1."""
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = split(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1."""
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 §2.1.2."""
    if m == len(d):
        return [] if whole else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def test_the_empty_tree() -> None:
    assert root_of([]) == EMPTY_ROOT == mth([])


@given(ENTRIES)
def test_roots_are_those_of_the_definition(entries: list[bytes]) -> None:
    frontier = Frontier()
    for number, entry in enumerate(entries, 1):
        frontier.add(leaf_hash(entry))
        assert frontier.root() == mth(entries[:number])


@given(ENTRIES, st.data())
def test_inclusion(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(entry) for entry in entries]
    index = data.draw(st.integers(0, len(entries) - 1))
    steps = inclusion_path(leaves, index)
    assert steps == path(index, entries)
    assert root_of_inclusion(leaves[index], index, len(leaves), steps) == mth(entries)
    other = data.draw(st.binary(max_size=8).filter(lambda entry: entry != entries[index]))
    assert root_of_inclusion(leaf_hash(other), index, len(leaves), steps) != mth(entries)
    for wrong in (steps[:-1], [*steps, b"\x00" * 32]):
        if len(wrong) != len(steps):
            with pytest.raises(UnreadableError):
                root_of_inclusion(leaves[index], index, len(leaves), wrong)


@given(ENTRIES, st.data())
def test_consistency(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(entry) for entry in entries]
    old = data.draw(st.integers(1, len(entries)))
    steps = consistency_path(leaves, old)
    assert steps == subproof(old, entries, True)
    size, root = len(entries), mth(entries)
    assert is_consistent(old, mth(entries[:old]), size, root, steps)
    changed = [entries[0] + b"!", *entries[1:]]
    assert not is_consistent(old, mth(changed[:old]), size, root, steps)
    assert not is_consistent(old, mth(entries[:old]), size, mth(changed), steps)
    if steps:
        assert not is_consistent(old, mth(entries[:old]), size, root, steps[:-1])


@given(
    st.integers(-2, 80),
    st.integers(0, 80),
    st.lists(st.binary(min_size=32, max_size=32), max_size=9),
)
def test_hostile_proofs_are_no_more_than_wrong(index: int, size: int, steps: list[bytes]) -> None:
    leaf = leaf_hash(b"x")
    with contextlib.suppress(UnreadableError):
        assert root_of_inclusion(leaf, index, size, steps) != mth([b"y"])
    assert not is_consistent(index, leaf, size, mth([b"y"]), steps)
