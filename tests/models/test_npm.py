"""Reading members out of archives, hostile ones too."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import npm
from models.errors import SourceError


def archive(path: Path, *items: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for item in items:
            if isinstance(item, tarfile.TarInfo):
                tar.addfile(item)
                continue
            info = tarfile.TarInfo(item[0])
            info.size = len(item[1])
            tar.addfile(info, io.BytesIO(item[1]))
    return path


def test_members_are_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tgz", ("package/a", b"1"), ("package/b", b"2"))
    assert npm.read_members(path, ["package/b"], "p") == {"package/b": b"2"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", ["../evil", "package/../../evil", "/etc/evil", "..\\evil", "package/.."]
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.tgz", (name, b"evil"), ("package/a", b"1"))
    with pytest.raises(SourceError, match="unsafe path"):
        npm.read_members(path, ["package/a"], "p")
    with pytest.raises(SourceError, match="unsafe path"):
        npm.read_members(path, [name], "p")


@given(
    before=st.lists(st.sampled_from(["a", "b", "."]), max_size=3),
    after=st.lists(st.sampled_from(["a", "b", "."]), max_size=3),
)
def test_any_path_with_two_dots_is_refused(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str]
) -> None:
    name = "/".join(["package", *before, "..", *after])
    path = archive(tmp_path_factory.mktemp("npm") / "a.tgz", (name, b"x"))
    with pytest.raises(SourceError, match="unsafe path"):
        npm.read_members(path, [name], "p")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("package/a")
    link.type, link.linkname = kind, "/etc/passwd"
    with pytest.raises(SourceError, match="no plain file"):
        npm.read_members(archive(tmp_path / "a.tgz", link), ["package/a"], "p")


def test_missing_member_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tgz", ("package/a", b"1"))
    with pytest.raises(SourceError, match="holds no package/b, package/c"):
        npm.read_members(path, ["package/a", "package/b", "package/c"], "p")


@pytest.mark.parametrize("keep", [0, 20, 60])
def test_cut_archive_is_one_clear_error(tmp_path: Path, keep: int) -> None:
    path = archive(tmp_path / "a.tgz", ("package/a", bytes(range(256)) * 40))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SourceError, match="p: the package"):
        npm.read_members(path, ["package/a"], "p")
