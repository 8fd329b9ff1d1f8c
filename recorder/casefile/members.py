"""Which members of a ZIP file are whole and on disk, written down beside it.

``<name>.zip.done`` has a line for each, appended when its last octet is on disk. After a crash
the file is cut behind the last member that is still wanted, and written on from there.
"""

import os
import zipfile
from pathlib import Path

from pydantic import ValidationError

from core.value import Value
from recorder.seal.digests import Digests
from recorder.seal.files import sync_folder, write_whole

_HEADER = ("CRC", "compress_size", "file_size", "header_offset", "flag_bits", "compress_type")


class Member(Value):
    """One of them.

    Attributes:
        key: what it was made from; a member made from something else is made anew.
        end: offset behind it.
        header: of its :class:`zipfile.ZipInfo`, in the order of ``_HEADER``.
    """

    name: str
    key: str
    sha256: str
    sm3: str | None
    size: int
    end: int
    date_time: tuple[int, int, int, int, int, int]
    external_attr: int
    header: tuple[int, ...]

    @property
    def digests(self) -> Digests:
        """Of its content."""
        return Digests(self.sha256, self.sm3, self.size)

    def info(self) -> zipfile.ZipInfo:
        """Its entry for the directory of the ZIP file."""
        made = zipfile.ZipInfo(self.name, self.date_time)
        made.external_attr = self.external_attr
        for name, value in zip(_HEADER, self.header, strict=True):
            setattr(made, name, value)
        return made


def member_of(info: zipfile.ZipInfo, key: str, found: Digests, end: int) -> Member:
    """What is written down of a member that was just written."""
    return Member(
        name=info.filename,
        key=key,
        sha256=found.sha256,
        sm3=found.sm3,
        size=found.size,
        end=end,
        date_time=info.date_time,
        external_attr=info.external_attr,
        header=tuple(getattr(info, name) for name in _HEADER),
    )


class Members:
    """The list beside one ZIP file, in the order of writing."""

    def __init__(self, path: Path) -> None:
        self._zip, self._path = path, path.with_name(f"{path.name}.done")

    def read(self) -> list[Member]:
        """All that are on disk; a torn line and what follows it are left out."""
        try:
            size, lines = self._zip.stat().st_size, self._path.read_bytes().splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                one = Member.model_validate_json(line)
            except ValidationError:
                break
            if one.end > size:
                break
            found.append(one)
        return found

    def keep(self, members: list[Member]) -> None:
        """These alone are there; certain before the ZIP file is cut and written over."""
        lines = "".join(f"{one.model_dump_json()}\n" for one in members)
        write_whole(self._path, lines.encode(), 0o640)
        sync_folder(self._path.parent)

    def append(self, member: Member) -> None:
        """One more is on disk."""
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"{member.model_dump_json()}\n")
            stream.flush()
            os.fsync(stream.fileno())
