"""Both digests in one pass, small and large, and an OpenSSL without SM3."""

import hashlib
import io
from pathlib import Path

import pytest

from recorder.seal import digests
from recorder.seal.digests import PIECE, copy_file, digests_of, hash_stream
from recorder.seal.errors import SealError


@pytest.mark.parametrize("size", [0, 1, PIECE, 3 * PIECE + 7, 9 * PIECE + 1])
def test_both_digests(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    found = digests_of(path)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.sm3 == hashlib.new("sm3", content).hexdigest()
    assert found.size == size
    target = io.BytesIO()
    assert copy_file(io.BytesIO(content), target) == found
    assert target.getvalue() == content


def test_sm3_of_the_standard() -> None:
    # GB/T 32905-2016, appendix A.1.
    assert hash_stream(io.BytesIO(b"abc"), 3)[1] == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_no_more_is_read_than_was_asked_for() -> None:
    assert hash_stream(io.BytesIO(b"abcdef"), 3) == hash_stream(io.BytesIO(b"abc"), 3)


def test_openssl_without_sm3_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def new(name: str) -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(digests.hashlib, "new", new)
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(SealError, match="OpenSSL has no SM3"):
        digests_of(tmp_path / "x")
