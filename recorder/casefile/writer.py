"""A ZIP file in which every entry is listed with its digests."""

import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from core.clock import NS_PER_S
from recorder.casefile.errors import CaseFileError
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

    Args:
        at_ns: the moment that all entries carry.
        progress: may raise, to call the writing off.

    Attributes:
        rows: of what was written, as a manifest lists it.
    """

    def __init__(self, path: Path, at_ns: int, progress: Progress) -> None:
        self.rows: list[Row] = []
        self._path, self._progress = path, progress
        self._moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)

    def __enter__(self) -> Self:
        self._zip = zipfile.ZipFile(self._path, "w")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        if kind is None:
            with self._path.open("rb") as stream:
                os.fsync(stream.fileno())

    def holds(self, name: str) -> bool:
        """Whether something of that name was written."""
        return any(row["path"] == name for row in self.rows)

    def put(self, name: str, content: bytes, role: str, *, listed: bool = True) -> None:
        """Add something small."""
        self._zip.writestr(self._info(name), content)
        if listed:
            self._list(name, role, hashed(content))

    def add(self, name: str, source: Path, role: str) -> None:
        """Add a file that is no evidence item."""
        self._list(name, role, self._stream(name, source))

    def copy(self, row: Row, source: Path) -> None:
        """Add a sealed file as it lies in the vault.

        Raises:
            CaseFileError: it is not what was sealed.
        """
        try:
            found = self._stream(row["path"], source)
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

    def _stream(self, name: str, source: Path) -> Digests:
        info = self._info(name)
        with source.open("rb") as stream:
            info.file_size = os.fstat(stream.fileno()).st_size  # decides upon ZIP64
            with self._zip.open(info, "w") as target:
                return copy_file(stream, target, self._progress)

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
