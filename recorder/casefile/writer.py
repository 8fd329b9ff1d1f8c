"""A ZIP file in which every entry is listed with its digests; written on after a crash."""

import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from core.clock import NS_PER_S
from recorder.casefile.errors import CaseFileError
from recorder.casefile.members import Member, Members, member_of
from recorder.seal.digests import Digests, copy_file, hashed
from recorder.seal.manifest import Row, plain_row

Progress = Callable[[int], None]
"""Told of the bytes of every piece that was written."""

_MIME = {
    ".json": "application/json", ".jsonl": "application/jsonl", ".pdf": "application/pdf",
    ".py": "text/x-python", ".pem": "application/x-pem-file", ".zip": "application/zip",
}  # fmt: skip
_STORED = (".mp4", ".mov", ".jpg", ".jpeg", ".png", ".zip", ".pdf")
_MODE = 0o440


class Writer:
    """Writes a ZIP file; on disk when the block ends without an exception.

    What :meth:`copy` and :meth:`add` wrote before a crash is not written again: a file that lies
    under that name is gone on with as far as it holds what is asked for, in that order.

    Args:
        at_ns: the moment that new entries carry.
        progress: may raise, to call the writing off.

    Attributes:
        rows: of what is in it, as a manifest lists it.
    """

    def __init__(self, path: Path, at_ns: int, progress: Progress) -> None:
        self.rows: list[Row] = []
        self._path, self._progress = path, progress
        self._moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
        self._members = Members(path)
        self._before = self._members.read()
        self._kept: list[Member] = []
        self._stream: IO[bytes] | None = None
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and self._archive is None:
            return  # what was written before stays as it is
        archive, stream = self._open()
        with stream:
            archive.close()
            stream.flush()
            if kind is None:
                os.fsync(stream.fileno())

    def holds(self, name: str) -> bool:
        """Whether something of that name was written."""
        return any(row["path"] == name for row in self.rows)

    def put(self, name: str, content: bytes, role: str, *, listed: bool = True) -> None:
        """Add something small."""
        self._open()[0].writestr(self._info(name), content)
        if listed:
            self._list(name, role, hashed(content))

    def keep(self, name: str, key: str, role: str) -> bool:
        """Take over what :meth:`add` wrote before a crash; False if that was something else."""
        found = self._take(name, key)
        if found is not None:
            self._list(name, role, found)
        return found is not None

    def add(self, name: str, source: Path, key: str, role: str) -> None:
        """Add a file that is no evidence item.

        Args:
            key: what it was made from, for :meth:`keep`.
        """
        self._list(name, role, self._copy(name, source, key, sm3=True))

    def copy(self, row: Row, source: Path) -> None:
        """Add a sealed file as it lies in the vault.

        Raises:
            CaseFileError: it is not what was sealed.
        """
        try:
            there = source.stat()
            key = f"{row['sha256']} {there.st_size} {there.st_mtime_ns} {row.get('sm3')}"
            # SM3 of the same content is the same, so it is not computed again.
            found = self._take(row["path"], key) or self._copy(
                row["path"], source, key, sm3=not row.get("sm3")
            )
        except FileNotFoundError:
            raise CaseFileError(
                f"{source}: is gone from the vault; `wardwatch evidence verify --config DIR` "
                "tells more"
            ) from None
        if (found.sha256, found.size) != (row["sha256"], row["size"]):
            raise CaseFileError(
                f"{source}: is not what was sealed, so no case file is made of it; "
                "`wardwatch evidence verify --config DIR` tells more"
            )
        self.rows.append({**row, "sm3": row.get("sm3") or found.sm3})

    def _take(self, name: str, key: str) -> Digests | None:
        """The next member of before, if it is this one."""
        if self._archive is not None or len(self._kept) == len(self._before):
            return None
        member = self._before[len(self._kept)]
        if (member.name, member.key) != (name, key):
            return None
        self._kept.append(member)
        self._progress(member.size)
        return member.digests

    def _open(self) -> tuple[zipfile.ZipFile, IO[bytes]]:
        """The file, cut behind what was kept of before."""
        if self._archive is None or self._stream is None:
            end = self._kept[-1].end if self._kept else 0
            self._members.keep(self._kept)
            self._stream = self._path.open("r+b" if end else "w+b")
            self._stream.truncate(end)
            self._stream.seek(end)
            self._archive = zipfile.ZipFile(self._stream, "w")
            for member in self._kept:
                info = member.info()
                self._archive.filelist.append(info)
                self._archive.NameToInfo[info.filename] = info
        return self._archive, self._stream

    def _copy(self, name: str, source: Path, key: str, *, sm3: bool) -> Digests:
        info = self._info(name)
        archive, written = self._open()
        with source.open("rb") as stream:
            info.file_size = os.fstat(stream.fileno()).st_size  # decides upon ZIP64
            with archive.open(info, "w") as target:
                found = copy_file(stream, target, self._progress, sm3=sm3)
        written.flush()
        os.fsync(written.fileno())
        self._members.append(member_of(info, key, found, archive.start_dir))
        return found

    def _list(self, name: str, role: str, found: Digests) -> None:
        mime = _MIME.get(Path(name).suffix, "application/octet-stream")
        self.rows.append(plain_row(name, role, mime, found.sha256, found.sm3, found.size))

    def _info(self, name: str) -> zipfile.ZipInfo:
        moment = self._moment
        when = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        info = zipfile.ZipInfo(name, when)
        info.external_attr = (0o100000 | _MODE) << 16
        stored = name.endswith(_STORED)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        return info
