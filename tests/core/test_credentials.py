"""Passwords of cameras: unreadable on disk, bound to their camera, one clear error."""

import json
import threading
from pathlib import Path

import pytest

from core.config.cameras import Camera
from core.credentials import KEY_VARIABLE, Credential, Credentials
from core.errors import ConfigError

SECRET = "p@ss:wörd/密码"


def camera(camera_id: str = "river", **more: object) -> Camera:
    return Camera.model_validate(
        {
            "id": camera_id,
            "name": {"zh": "江", "en": "river"},
            "streams": {"main": "rtsp://10.0.0.1/"},
            **more,
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "config" / "credentials.json", tmp_path / "data" / "key", {})


def test_what_was_put_comes_back_and_is_nowhere_in_clear(store: Credentials) -> None:
    store.put("river", Credential("admin", SECRET))
    assert store.of(camera()) == Credential("admin", SECRET)
    assert SECRET not in repr(store.of(camera()))
    for path in (store.file, store.key_file):
        assert SECRET.encode() not in path.read_bytes()
        assert b"admin" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_a_camera_without_anything_asks_for_nothing(store: Credentials) -> None:
    assert store.of(camera()) is None
    assert store.of(camera(username="viewer")) == Credential("viewer", "")


def test_the_configuration_goes_before_the_store(tmp_path: Path) -> None:
    store = Credentials(tmp_path / "c.json", tmp_path / "key", {"PW": "from outside"})
    store.put("river", Credential("admin", SECRET))
    assert store.of(camera(username="other", password_env="PW")) == Credential(
        "other", "from outside"
    )
    assert store.of(camera(username="other")) == Credential("other", SECRET)


def test_a_variable_that_is_not_set_is_named(store: Credentials) -> None:
    with pytest.raises(ConfigError, match="camera river: password_env: the environment variable"):
        store.of(camera(password_env="NOT_THERE"))


def test_swapped_entries_are_refused(store: Credentials) -> None:
    store.put("river", Credential("admin", "one"))
    store.put("lane", Credential("admin", "two"))
    content = json.loads(store.file.read_text())
    entries = content["cameras"]
    entries["river"], entries["lane"] = entries["lane"], entries["river"]
    store.file.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="river: cannot be opened with the key"):
        store.of(camera())


def test_another_key_opens_nothing_and_says_what_to_do(store: Credentials, tmp_path: Path) -> None:
    store.put("river", Credential("admin", SECRET))
    other = Credentials(store.file, tmp_path / "other", {})
    other.put("lane", Credential("admin", "x"))
    with pytest.raises(ConfigError, match="wardwatch cameras password river"):
        other.of(camera())


def test_a_key_that_others_can_read_is_refused(store: Credentials) -> None:
    store.put("river", Credential("admin", SECRET))
    store.key_file.chmod(0o644)
    with pytest.raises(ConfigError, match="others can read this key"):
        store.of(camera())


def test_a_key_from_the_environment(tmp_path: Path) -> None:
    key = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    store = Credentials(tmp_path / "c.json", tmp_path / "key", {KEY_VARIABLE: key})
    store.put("river", Credential("admin", SECRET))
    assert store.of(camera()) == Credential("admin", SECRET)
    assert not store.key_file.exists()
    with pytest.raises(ConfigError, match=KEY_VARIABLE):
        Credentials(tmp_path / "c.json", tmp_path / "key", {KEY_VARIABLE: "short"}).of(camera())


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "x", "cameras": {}}', "\x00"])
def test_a_file_that_is_none(store: Credentials, content: str) -> None:
    store.file.parent.mkdir()
    store.file.write_text(content)
    with pytest.raises(ConfigError, match=r"credentials\.json"):
        store.of(camera())


@pytest.mark.parametrize("sealed", ["", "====", "AAAA", "ü"])
def test_an_entry_that_is_none(store: Credentials, sealed: str) -> None:
    store.put("river", Credential("admin", SECRET))
    content = json.loads(store.file.read_text())
    content["cameras"]["river"] = sealed
    store.file.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="river: cannot be opened"):
        store.of(camera())


def test_many_writers_lose_nothing(store: Credentials) -> None:
    names = [f"camera-{number}" for number in range(24)]
    writers = [
        threading.Thread(target=store.put, args=(name, Credential(name, name))) for name in names
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for name in names:
        assert store.stored(name) == Credential(name, name)


def test_removing(store: Credentials) -> None:
    store.put("river", Credential("admin", SECRET))
    assert store.remove("river")
    assert not store.remove("river")
    assert store.of(camera()) is None


def test_the_mark_changes_with_the_sign_in_alone(store: Credentials) -> None:
    empty = store.mark(camera())
    store.put("river", Credential("admin", "one"))
    first = store.mark(camera())
    store.put("lane", Credential("admin", "one"))
    assert store.mark(camera()) == first != empty
    store.put("river", Credential("admin", "two"))
    assert store.mark(camera()) != first


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"c\.json: cannot be written"):
        Credentials(tmp_path / "file" / "c.json", tmp_path / "key", {}).put(
            "river", Credential("a", "b")
        )
