"""What a disk holds after the power went at any moment, by the rules POSIX gives.

What was synced is there. Of what was not, any blocks may be there, and the others read as zeros
or lie beyond the end. A name is there once its folder was synced; of those that were not, the
earlier ones may be there without the later ones.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from recorder.disk import Disk

BLOCK = 4096


class LoggedDisk(Disk):
    """A real disk that remembers what was done to it, in order."""

    def __init__(self) -> None:
        self.steps: list[Callable[[Remains], None]] = []
        self._paths: dict[int, Path] = {}

    def mkdir(self, folder: Path) -> None:
        super().mkdir(folder)
        self.steps.append(lambda remains: remains.name(folder, None))

    def create(self, path: Path) -> int:
        fd = super().create(path)
        self._paths[fd] = path
        self.steps.append(lambda remains: remains.name(path, Node()))
        return fd

    def append(self, path: Path) -> int:
        new = not path.exists()
        fd = super().append(path)
        self._paths[fd] = path
        if new:
            self.steps.append(lambda remains: remains.name(path, Node()))
        return fd

    def write(self, fd: int, data: bytes) -> None:
        super().write(fd, data)
        path = self._paths[fd]
        self.steps.append(lambda remains: remains.file(path).write(data))

    def datasync(self, fd: int) -> None:
        super().datasync(fd)
        path = self._paths[fd]
        self.steps.append(lambda remains: remains.file(path).sync())

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.steps.append(lambda remains: remains.sync_folder(folder))

    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self.steps.append(lambda remains: remains.rename(old, new))

    def unlink(self, path: Path) -> None:
        there = path.exists()
        super().unlink(path)
        if there:
            self.steps.append(lambda remains: remains.drop(path))


@dataclass
class Node:
    """A file's contents, and how much of them was synced."""

    data: bytearray = field(default_factory=bytearray)
    synced: int = 0

    def write(self, data: bytes) -> None:
        self.data += data

    def sync(self) -> None:
        self.synced = len(self.data)

    def after(self, rng: random.Random) -> bytes:
        """The contents after the cut."""
        kept = bytearray(self.data[: rng.randint(self.synced, len(self.data))])
        for at in range(self.synced // BLOCK * BLOCK, len(kept), BLOCK):
            if rng.random() < 0.5:
                first, last = max(at, self.synced), min(at + BLOCK, len(kept))
                kept[first:last] = bytes(last - first)
        return bytes(kept)


class Remains:
    """The names and files as far as steps were done."""

    def __init__(self, root: Path) -> None:
        self._now: dict[Path, Node | None] = {root: None}
        self._safe: dict[Path, Node | None] = {root: None}
        self._loose: list[tuple[Path, Callable[[dict[Path, Node | None]], None]]] = []

    def file(self, path: Path) -> Node:
        """A file that is there."""
        node = self._now[path]
        assert node is not None
        return node

    def name(self, path: Path, node: Node | None) -> None:
        self._do(path.parent, lambda names: names.__setitem__(path, node))

    def drop(self, path: Path) -> None:
        self._do(path.parent, lambda names: names.pop(path, None))

    def rename(self, old: Path, new: Path) -> None:
        node = self._now[old]

        def move(names: dict[Path, Node | None]) -> None:
            names.pop(old, None)
            names[new] = node

        self._do(old.parent, move)

    def sync_folder(self, folder: Path) -> None:
        for of, step in self._loose:
            if of == folder:
                step(self._safe)
        self._loose = [one for one in self._loose if one[0] != folder]

    def synced(self) -> dict[Path, bytes]:
        """What of the recordings a recorder relies on."""
        return {
            path: bytes(node.data[: node.synced])
            for path, node in self._now.items()
            if node is not None and node.synced and path.suffix == ".mp4"
        }

    def unsynced_bytes(self) -> int:
        """The most that any recording could lose."""
        nodes = [node for path, node in self._now.items() if path.suffix == ".mp4"]
        return max((len(node.data) - node.synced for node in nodes if node), default=0)

    def restore(self, root: Path, new_root: Path, rng: random.Random) -> None:
        """Write what is left below another folder."""
        for _, step in self._loose[: rng.randint(0, len(self._loose))]:
            step(self._safe)
        for path in sorted(self._safe):
            if not all(p in self._safe for p in path.parents if p.is_relative_to(root)):
                continue  # its folder did not survive
            node, new = self._safe[path], new_root / path.relative_to(root)
            if node is None:
                new.mkdir(exist_ok=True)
            else:
                new.write_bytes(node.after(rng))

    def _do(self, folder: Path, step: Callable[[dict[Path, Node | None]], None]) -> None:
        step(self._now)
        self._loose.append((folder, step))
