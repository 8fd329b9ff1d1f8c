"""Building a Merkle tree (RFC 6962 §2.1): roots and proofs from the leaves."""

from collections.abc import Sequence

from recorder.seal.check.tree import EMPTY_ROOT, node_hash


class Frontier:
    """The roots of the full subtrees at the right edge: enough to add leaves and know the root."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        self._roots.append(leaf)
        # As many subtrees become one as the old size ends in binary ones.
        merged = self.size
        while merged & 1:
            right = self._roots.pop()
            self._roots.append(node_hash(self._roots.pop(), right))
            merged >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves added."""
        if not self._roots:
            return EMPTY_ROOT
        found = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            found = node_hash(left, found)
        return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over the hashes of leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (RFC 6962 §2.1.1)."""
    path = []
    level, at = list(leaves), index
    while len(level) > 1:
        sibling = at ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, at = _above(level), at >> 1
    return path


def consistency_path(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """What shows that the tree of the first ``old_size`` leaves is a part (RFC 6962 §2.1.2)."""
    path = []
    low, high, known = 0, len(leaves), True
    if not 0 < old_size < high:
        return []
    while high - low != old_size - low:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low, known = middle, False
    if not known:
        path.append(root_of(leaves[low:high]))
    return path[::-1]


def _above(level: list[bytes]) -> list[bytes]:
    """The next level up; a node without a sibling moves up as it is."""
    pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
