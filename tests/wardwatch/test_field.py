"""Officers' phones in a running command centre: the vault they seal into, the demo they play in."""

from pathlib import Path

from typer.testing import CliRunner

from core.cases import EvidenceItem
from core.clock import SystemClock
from core.config.load import load
from core.messages import EVIDENCE_SEALED
from core.store.database import open_store
from core.store.users import Role
from core.value import Value
from wardwatch.cli.users import PASSWORD, app
from wardwatch.field import Intake
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

DEMO = Path(__file__).parents[2] / "configs" / "demo"
FIRST_NS = 1_790_000_000_000_000_000


def test_what_a_phone_sends_is_sealed_signed_and_told_to_the_desk(tmp_path: Path) -> None:
    site = load(DEMO, data_dir=tmp_path / "data", mode="demo")
    paths = Paths(site.data_dir)
    paths.make()
    vault = open_vault(site, paths, SystemClock())
    told: list[tuple[str, Value]] = []
    intake = Intake(vault, lambda stream, message: told.append((stream, message)))

    def seal() -> EvidenceItem:
        film = tmp_path / "whole.webm"
        film.write_bytes(b"\x1a\x45\xdf\xa3 a film")
        return intake.seal(
            "inc-1", "field_video", film, item_id="fm-1", source="officer-1", mime="video/webm",
            first_ns=FIRST_NS, last_ns=FIRST_NS, note="officer officer-1",
        )  # fmt: skip

    item = seal()
    assert seal() == item, "sealing again gives the same item"
    assert told == [(EVIDENCE_SEALED, item)] * 2
    assert vault.verify("inc-1").verdict == "authentic"
    assert vault.manifest("inc-1").items == (item,)


def test_an_account_is_tied_to_an_officer_of_the_site(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    for file in DEMO.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    township = folder / "township.yaml"
    text = township.read_text(encoding="utf-8")
    data = tmp_path / "data"
    township.write_text(text.replace("data_dir: var", f"data_dir: {data}"), encoding="utf-8")
    add = ["add", "phone-1", "--role", "officer", "--config", str(folder)]
    environment = {PASSWORD: "long-enough"}
    assert CliRunner().invoke(app, add, env=environment).exit_code != 0, "whose account is it?"
    wrong = CliRunner().invoke(app, [*add, "--officer", "officer-99"], env=environment)
    assert "officer-99" in str(wrong.exception)
    done = CliRunner().invoke(app, [*add, "--officer", "officer-1"], env=environment)
    assert done.exit_code == 0, done.output
    site = load(folder)
    store = open_store(Paths(site.data_dir).database_url(site))
    with store.read() as unit:
        user = unit.users.get("phone-1")
    store.close()
    assert user is not None
    assert (user.role, user.officer) == (Role.OFFICER, "officer-1")
