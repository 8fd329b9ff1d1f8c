"""What the doctor says of loudspeakers, and of catalogue and warning texts, where the database
counts and not the file."""

import shutil
from pathlib import Path

from console.accounts import create_user
from core.clock import SystemClock
from core.config.load import SHIPPED, load
from core.lawbook import confirm, seed, versions
from core.store.database import open_store
from core.store.users import Role
from core.value import Text
from core.wordbook import amend
from tests.model_cards import model_card
from wardwatch.checks import examine
from wardwatch.paths import Paths


def said_by(config: Path) -> dict[str, tuple[str, str]]:
    """What is said up to the warning texts; no camera is looked at."""
    said: dict[str, tuple[str, str]] = {}
    for one in examine(config):
        said[one.what] = one.state, one.detail
        if one.what == "warning texts":
            break
    return said


def test_a_loudspeaker_whose_authority_cannot_be_read(tmp_path: Path) -> None:
    model_card("yolox-nano")
    shutil.copytree(SHIPPED / "demo", tmp_path, dirs_exist_ok=True)
    cameras = tmp_path / "cameras.yaml"
    secure = "driver: sip\n    url: sips:horn@192.0.2.12\n    ca_file: horns.pem"
    words = cameras.read_text(encoding="utf-8")
    cameras.write_text(words.replace("driver: onvif", secure, 1), "utf-8")
    state, detail = said_by(tmp_path)["loudspeaker river"]
    assert (state, "horns.pem: No such file" in detail) == ("bad", True)
    (tmp_path / "horns.pem").write_text("nothing", "utf-8")
    assert "horns.pem: " in said_by(tmp_path)["loudspeaker river"][1]


def test_catalogue_and_warning_texts_are_those_of_the_database(tmp_path: Path) -> None:
    model_card("yolox-nano")
    config, clock = tmp_path / "site", SystemClock()
    shutil.copytree(SHIPPED / "demo", config)
    township = config / "township.yaml"
    words = township.read_text(encoding="utf-8")
    township.write_text(words.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}"), "utf-8")
    site = load(config)
    rows = len(site.catalogue.rows)
    await_it = "rows await a legal officer's confirmation"
    assert said_by(config)["catalogue"] == ("warn", f"{rows} of {rows} {await_it}")

    paths = Paths(site.data_dir)
    paths.make()
    store = open_store(paths.database_url(site), clock)
    create_user(store, "fazhi", "a long password", Role.REVIEWER, clock)
    with store.begin() as unit:
        seed(unit, site.catalogue, clock.utc_ns())
        for one in versions(unit, site.catalogue):
            confirm(unit, one.id, "fazhi", "法制办", True, "国务院公报", clock.utc_ns())
        text = site.warning_texts.texts[0]
        edited = text.model_copy(update={"text": Text.same("另有规定")})
        amend(unit, site.warning_texts, edited, "fazhi", "改", clock.utc_ns())
    store.close()
    said = said_by(config)
    state, detail = said["warning texts"]
    assert state == "warn"
    assert f"warnings.yaml differs from what counts ({text.id}@2)" in detail
    state, detail = said["catalogue"]
    assert (state, detail.partition(" ")[2]) == ("ok", "rows, all confirmed")
    assert int(detail.partition(" ")[0]) <= rows, "rows of the past do not count"
