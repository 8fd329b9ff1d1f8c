"""One volume's writer: takes fragments of all its cameras to the disk in a thread of its own.

A disk that hangs holds up this thread alone: cameras go on being read, and what they sent waits
in memory, until the disk answers or their files are given up.

When things are synced (``docs/design/recorder.md``): a new name at once, fragments at most once
in ``SYNC_S`` a file and when the file is closed.
"""

import contextlib
import errno
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from core.clock import NS_PER_S, Clock
from recorder.disk import Disk

SYNC_S = 1.0
BACKLOG_MOST_BYTES = 256 << 20
LAG_S = 0.05

log = structlog.get_logger()


class WrittenFile:
    """One file on its way to the disk; written by one camera's thread.

    Attributes:
        error: why nothing more is written to it.
        durable_ns: UTC up to which its pictures outlive a power cut; None before the first.
        settled: everything put into it was written and synced, or given up.
    """

    def __init__(self, writer: "Writer", path: Path) -> None:
        self.path = path
        self.error: OSError | None = None
        self.bytes_written = 0
        self.durable_ns: int | None = None
        self.settled = threading.Event()
        self.fd = -1
        self.written_ns: int | None = None
        self.due_ns: int | None = None  # monotonic: when it is to be synced
        self.synced_ns = 0
        self._writer = writer

    def put(self, data: bytes, end_ns: int | None) -> None:
        """Append whole boxes that reach to ``end_ns``; None: no farther than those before.

        Raises:
            OSError: this or something before it could not be written.
        """
        if self.error is not None:
            raise self.error
        self._writer.submit(lambda: self._writer.write(self, data, end_ns), len(data))
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """No more will come. Whether all was written shows in ``settled`` and ``error``."""
        self._writer.submit(lambda: self._writer.finish(self), 0)


class Writer:
    """Writes for any number of files, in the order it is told to.

    Until :meth:`start` everything is done at once, by whoever asks for it.

    Args:
        sync: False leaves to the system when things reach the disk.
        device: the device number files must lie on; None: any. A disk that was unmounted leaves
            an empty folder of the root disk behind, which must not be written to.
        on_error: something could not be written.
    """

    def __init__(
        self,
        disk: Disk,
        clock: Clock,
        *,
        name: str = "",
        sync: bool = True,
        device: Callable[[], int | None] = lambda: None,
        on_error: Callable[[OSError], None] = lambda _: None,
    ) -> None:
        self.disk = disk
        self._device = device
        self._clock, self._name, self._sync, self._on_error = clock, name, sync, on_error
        self._wake = threading.Condition()
        self._jobs: deque[tuple[Callable[[], None], int, int | None]] = deque()
        self._backlog_bytes = 0
        self._busy_since_ns: int | None = None
        self._files: set[WrittenFile] = set()
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def threaded(self) -> bool:
        """It writes in a thread of its own."""
        return self._thread is not None

    def start(self) -> None:
        """From now on in a thread."""
        self._thread = threading.Thread(target=self._run, name=f"write {self._name}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Finish what is to be done; False when that takes too long."""
        thread = self._thread
        if thread is None:
            return True
        with self._wake:
            self._stopping = True
            self._wake.notify()
        thread.join(timeout_s)
        return not thread.is_alive()

    def open(self, path: Path) -> WrittenFile:
        """A new file. Raises OSError as :meth:`WrittenFile.put`."""
        file = WrittenFile(self, path)
        self.submit(lambda: self._create(file), 0)
        if file.error is not None:
            raise file.error
        return file

    def submit(self, job: Callable[[], None], size: int = 0, *, first: bool = False) -> None:
        """Have something done; never waits for the disk.

        Raises:
            OSError: too much is waiting already.
        """
        if self._thread is None:
            job()
            return
        with self._wake:
            if size and self._backlog_bytes + size > BACKLOG_MOST_BYTES:
                raise OSError(errno.ETIMEDOUT, "the disk does not keep up", self._name)
            self._backlog_bytes += size
            if first:
                self._jobs.appendleft((job, size, None))
            else:
                self._jobs.append((job, size, self._clock.monotonic_ns()))
            self._wake.notify()

    def stuck_s(self) -> float:
        """How long the disk has not answered."""
        since_ns = self._busy_since_ns
        return (self._clock.monotonic_ns() - since_ns) / NS_PER_S if since_ns is not None else 0.0

    def behind_s(self) -> float:
        """How long what is to be written next has been waiting: the disk is slower than we are."""
        with self._wake:
            since_ns = next((put_ns for _, _, put_ns in self._jobs if put_ns is not None), None)
        return (self._clock.monotonic_ns() - since_ns) / NS_PER_S if since_ns is not None else 0.0

    def fail(self, error: OSError) -> None:
        """Give up all files: the disk is gone. Does not wait for it."""
        for file in tuple(self._files):
            if file.error is None:
                file.error = error
            file.settled.set()

    def write(self, file: WrittenFile, data: bytes, end_ns: int | None) -> None:
        """Append to a file, and sync it if that is due."""
        if file.error is not None:
            return
        with self._blamed(file):
            self.disk.write(file.fd, data)
            file.bytes_written += len(data)
            file.written_ns = end_ns or file.written_ns
            if not self._sync:
                file.durable_ns = file.written_ns
                return
            now_ns = self._clock.monotonic_ns()
            if file.due_ns is None:
                file.due_ns = max(now_ns, file.synced_ns + round(SYNC_S * NS_PER_S))
            if file.due_ns <= now_ns + round(LAG_S * NS_PER_S):
                self._sync_file(file)

    def finish(self, file: WrittenFile) -> None:
        """Sync and close a file."""
        with self._blamed(file):
            if file.due_ns is not None and file.error is None:
                self._sync_file(file)
        if file.fd >= 0:
            with contextlib.suppress(OSError):
                self.disk.close(file.fd)
                if not file.bytes_written:
                    self.disk.unlink(file.path)
            file.fd = -1
        self._files.discard(file)
        file.settled.set()

    def _create(self, file: WrittenFile) -> None:
        self._files.add(file)
        with self._blamed(file):
            self.disk.make_folder(file.path.parent)
            device = self._device()
            if device is not None and file.path.parent.stat().st_dev != device:
                raise OSError(errno.ENODEV, "the disk is not mounted any more", str(file.path))
            file.fd = self.disk.create(file.path)
            if self._sync:
                self.disk.sync_folder(file.path.parent)

    def _sync_file(self, file: WrittenFile) -> None:
        file.due_ns = None
        self.disk.datasync(file.fd)
        file.synced_ns = self._clock.monotonic_ns()
        file.durable_ns = file.written_ns

    @contextlib.contextmanager
    def _blamed(self, file: WrittenFile) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if file.error is None:
                file.error = error
                self._on_error(error)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs:
                    wait_s = self._next_sync_s()
                    if wait_s is not None and wait_s <= 0:
                        break
                    if self._stopping:
                        return
                    self._wake.wait(wait_s)
                job, size, _ = self._jobs.popleft() if self._jobs else (self._sync_due, 0, None)
                self._backlog_bytes -= size
            self._busy_since_ns = self._clock.monotonic_ns()
            try:
                job()
            except Exception:
                log.exception("writing failed", volume=self._name)
            self._busy_since_ns = None

    def _next_sync_s(self) -> float | None:
        due = [file.due_ns for file in self._files if file.due_ns is not None]
        return (min(due) - self._clock.monotonic_ns()) / NS_PER_S if due else None

    def _sync_due(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for file in tuple(self._files):
            if file.due_ns is not None and file.due_ns <= now_ns:
                with self._blamed(file):
                    self._sync_file(file)
