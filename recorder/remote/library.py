"""Reading what lies elsewhere."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from core.cases import EvidenceItem
from core.clock import Clock
from recorder.remote.base import PIECE, Remote, Stream
from recorder.remote.errors import DiffersError
from recorder.remote.owed import OwedBook
from recorder.remote.records import Records
from recorder.remote.states import FOLDER, StateName, name_of, unpacked

_MOST_STATE = 64 << 20


class Library:
    """The copies elsewhere of one vault.

    Args:
        connect: gives the storage; called when it is first needed, so that a storage whose keys
            are missing is no matter to who only seals. Its errors are passed on.
    """

    def __init__(self, connect: Callable[[], Remote], records: Records, clock: Clock) -> None:
        self.records, self.owed = records, OwedBook(records.folder)
        self._connect, self._clock = connect, clock
        self._mutex = threading.Lock()
        self._remote: Remote | None = None

    @property
    def remote(self) -> Remote:
        """The storage; raises ConfigError when it cannot be used as it is configured."""
        with self._mutex:
            if self._remote is None:
                self._remote = self._connect()
            return self._remote

    def holds(self, incident: str, name: str) -> bool:
        """Whether a file was stored, as far as the records tell; asks nobody."""
        return name in self.records.of(incident).files

    def open(
        self, incident: str, name: str, first: int = 0, last: int | None = None
    ) -> AbstractContextManager[Stream]:
        """Some or all bytes of a file.

        Raises:
            RemoteError: at the first or at a later read.
        """
        return self.remote.open(f"{incident}/{name}", first, last)

    def fetch(self, item: EvidenceItem, target: Path) -> None:
        """Copy a file here, and make sure that it is what was sealed.

        Raises:
            RemoteError: it cannot be had, or is not what was sealed; nothing is left here.
            OSError: it cannot be written.
        """
        name = item.path.removeprefix(f"{item.incident}/")
        digest, size = hashlib.sha256(), 0
        try:
            with self.open(item.incident, name) as stream, target.open("xb") as out:
                # One byte more than is due is enough to see that it is another file.
                while size <= item.bytes and (piece := stream.read(PIECE)):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
            if (size, digest.hexdigest()) != (item.bytes, item.sha256):
                raise DiffersError(
                    f"{self.remote.name}: {item.path}: is not what was sealed; it was changed "
                    "there; `wardwatch evidence storage check` tells more"
                )
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        self.records.fetched(item.incident, name, self._clock.utc_ns())

    def names(self, incident: str) -> dict[str, int]:
        """The evidence files of an incident that are there, with their sizes."""
        begin = f"{incident}/"
        found = {one.key.removeprefix(begin): one.size for one in self.remote.names(begin)}
        return {name: size for name, size in found.items() if not name.startswith(f"{FOLDER}/")}

    def incidents(self) -> list[str]:
        """Ids of all incidents of which something is there that is not to be deleted."""
        found = {one.key.partition("/")[0] for one in self.remote.names("") if "/" in one.key}
        found -= set(self.owed.incidents())
        return sorted(one for one in found if not one.startswith("."))

    def newest_state(self, incident: str, after: str = "") -> StateName | None:
        """The state with the highest number."""
        listed = self.remote.names(f"{incident}/{FOLDER}/", after)
        states = [state for one in listed if (state := name_of(one.key)) is not None]
        return max(states, key=lambda one: one.number, default=None)

    def read_state(self, state: StateName) -> dict[str, bytes]:
        """Its files.

        Raises:
            DiffersError: it is damaged, or not what it is named after.
        """
        content = b""
        with self.remote.open(state.key) as stream:
            while piece := stream.read(PIECE):
                content += piece
                if len(content) > _MOST_STATE:
                    raise DiffersError(f"{state.key}: unreasonably large")
        return unpacked(content, state.key)
