"""Merkle tree proofs (RFC 6962 §2.1, RFC 9162 §2.1): hashing and the reader's side."""

import hashlib
from collections.abc import Sequence

from recorder.seal.check.canonical import UnreadableError

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry; the prefix keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its audit path lead to (RFC 9162 §2.1.3.2).

    Raises:
        UnreadableError: the path has not the length that a tree of that size asks for.
    """
    if not 0 <= index < size:
        raise UnreadableError(f"entry {index} of a log of {size}")
    number, last, root = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise UnreadableError("the inclusion proof is too long")
        if number & 1 or number == last:
            root = node_hash(step, root)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            root = node_hash(root, step)
        number >>= 1
        last >>= 1
    if last:
        raise UnreadableError("the inclusion proof is too short")
    return root


def is_consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the later tree begins with all of the earlier one (RFC 9162 §2.1.4.2)."""
    if old_size == size:
        return not path and old_root == root
    if not 0 < old_size < size or not path:
        return old_size == 0 and not path and old_root == EMPTY_ROOT
    steps = list(path)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    number, last = old_size - 1, size - 1
    while number & 1:
        number >>= 1
        last >>= 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, step)
        number >>= 1
        last >>= 1
    return last == 0 and older == old_root and newer == root
