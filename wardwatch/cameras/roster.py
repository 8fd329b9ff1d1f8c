"""``cameras.yaml``: edited by one at a time, checked as a whole, replaced at once."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.config.load import load
from core.config.site import Site
from core.errors import ConfigError
from wardwatch.cameras.page import Page

FILE = "cameras.yaml"
LOCK = ".cameras.lock"

_HEAD = """\
# 摄像机。每项的含义见 docs/guide/cameras.md；可手工修改，也可用 wardwatch cameras 命令。
# Cameras, explained in docs/guide/cameras.md; edit by hand or with `wardwatch cameras`.
# Passwords do not belong here: wardwatch cameras password ID
"""


class Roster:
    """The cameras of one configuration directory.

    Args:
        directory: where ``township.yaml`` lies; ``cameras.yaml`` need not exist.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / FILE

    @contextmanager
    def editing(self) -> Iterator[Page]:
        """The present text, for us alone until the end; :meth:`check`, then :meth:`write`.

        Raises:
            ConfigError: it cannot be read, or the directory cannot be written to.
        """
        try:
            handle = os.open(self.directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be edited: {error.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Page(self.path, _lf(self._text()))
        finally:
            os.close(handle)

    def check(self, page: Page) -> Site:
        """The whole site as it would be with this page.

        Raises:
            ConfigError: something is wrong; names the file, the camera and the field.
        """
        return load(self.directory, cameras=page.cameras)

    def write(self, page: Page) -> None:
        """Replace the file: whole or not at all, and on the disk when this returns.

        Raises:
            ConfigError: it cannot be written; the old file is as it was.
        """
        before = self._text()
        text = page.text
        if text == _lf(before):
            return
        if "\r\n" in before:
            text = text.replace("\n", "\r\n")
        try:
            target = self.path.resolve()
            _replace(target, text.encode())
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {error.strerror}") from None

    def _text(self) -> str:
        try:
            return self.path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return _HEAD
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path}: is not UTF-8: {error}") from None
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be read: {error.strerror}") from None


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def _replace(target: Path, content: bytes) -> None:
    fresh = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        with os.fdopen(handle, "wb") as out:
            if target.exists():
                os.fchmod(out.fileno(), target.stat().st_mode & 0o777)
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(target)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # the new name, too
    finally:
        os.close(directory)
