"""Register, locks and copies of a site whose evidence is signed."""

import json
import shutil
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cases import EvidenceItem
from core.clock import NS_PER_S, SystemClock
from core.config.load import load
from core.copies import COPIES_WANTED, CopyWanted, Masking
from core.messages import EVIDENCE_SEALED
from core.store.database import open_store
from core.value import Value
from recorder.copies.compare import compare
from recorder.locks import Locks
from tests.recorder.copies.conftest import FIRST_NS, make_clip
from wardwatch.cli.custody import CustodyError
from wardwatch.cli.evidence import app
from wardwatch.custody import Register
from wardwatch.parts.copies import CopiesPart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context
from wardwatch.vaults import open_vault

DEMO = Path(__file__).parents[2] / "configs" / "demo"
INCIDENT, CLIP = "inc-1", "want-1-clip"
RANGE = ("2026-09-21T14:00:00Z", "2026-09-21T15:00:00Z")


def evidence(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site with one sealed clip of two seconds."""
    folder = tmp_path / "config"
    shutil.copytree(DEMO, folder)
    township = folder / "township.yaml"
    text = township.read_text(encoding="utf-8")
    text = text.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}")
    township.write_text(text, encoding="utf-8")
    site = load(folder)
    paths = Paths(site.data_dir)
    paths.make()
    open_vault(site, paths, SystemClock()).seal(
        INCIDENT,
        "clip",
        make_clip(tmp_path / "clip.mp4", 2),
        camera=site.cameras[0].id,
        first_ns=FIRST_NS,
        last_ns=FIRST_NS + 2 * NS_PER_S,
        item_id=CLIP,
    )
    return folder


def test_copies_from_the_shell(config: Path, tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.json"
    boxes.write_text('[{"from_s": 0, "to_s": 1, "box": [0.5, 0.1, 0.2, 0.2]}]', encoding="utf-8")
    by = ("--config", config, "--reason", "公开", "--by", "2号队员")
    hand = ("--kind", "redacted", "--people", "none", "--vehicles", "none", "--boxes", boxes)
    copy, side = json.loads(evidence("copy", INCIDENT, CLIP, *by, *hand, "--json").splitlines()[-1])
    site = load(config)
    paths = Paths(site.data_dir)
    vault = open_vault(site, paths, SystemClock())
    assert vault.verify(INCIDENT).verdict == "authentic"
    assert (copy["role"], side["role"]) == ("redacted", "derivation")
    original = next(one for one in vault.manifest(INCIDENT).items if one.id == CLIP)
    films = (vault.path_of(original), paths.vault / copy["path"], paths.vault / side["path"])
    assert "pictures are those of" in evidence("compare", *films)
    with pytest.raises(CustodyError, match="the copy is not the one described"):
        evidence("compare", films[0], films[0], films[2])
    told = json.loads(evidence("register", INCIDENT, "--config", config, "--json"))
    assert [one["action"] for one in told] == ["sealed", "sealed", "sealed", "copied"]
    assert (told[-1]["actor"], told[-1]["reason"]) == ("2号队员", "公开")
    store = open_store(paths.database_url(site))
    with store.read() as unit:
        assert unit.evidence.get(copy["id"]) is not None
        assert [one.action for one in unit.audit.entries(INCIDENT)] == ["evidence.copy"]
    store.close()

    boxes.write_text('[{"from_s": 0, "to_s": 1, "box": [0.5, 0.1, 2, 0.2]}]', encoding="utf-8")
    with pytest.raises(CustodyError, match=r"0\.box\.2: .*less than or equal to 1"):
        evidence("copy", INCIDENT, CLIP, *by, *hand)
    with pytest.raises(CustodyError, match="say why"):
        evidence("copy", INCIDENT, CLIP, "--config", config, "--reason", " ")


def test_recordings_are_locked_and_released_for_a_reason(config: Path) -> None:
    site = load(config)
    camera = site.cameras[0].id
    reason = ("--config", config, "--reason", "群众来访", "--by", "chief")
    said = evidence("lock", camera, *RANGE, *reason, "--incident", INCIDENT)
    owner = said.split(":", 1)[0]
    (kept,) = json.loads(evidence("locks", "--config", config, "--json"))
    assert (kept["owner"], kept["by"], kept["reason"]) == (owner, "chief", "群众来访")
    assert [one.owner for one in Locks(Paths(site.data_dir).recordings).all()] == [owner]
    evidence("release", owner, *reason)
    assert Locks(Paths(site.data_dir).recordings).all() == ()
    events = Register(site, Paths(site.data_dir), SystemClock()).register(INCIDENT)
    assert [(one.action, one.actor) for one in events][1:] == [
        ("locked", "chief"),
        ("released", "chief"),
    ]
    assert events[1].object == (
        f"recordings/{camera}/2026-09-21T14:00:00.000Z/2026-09-21T15:00:00.000Z"
    )
    assert open_vault(site, Paths(site.data_dir), SystemClock()).verify(INCIDENT).authentic
    with pytest.raises(CustodyError, match="nothing is locked by"):
        evidence("release", owner, *reason)
    with pytest.raises(CustodyError, match="is not after"):
        evidence("lock", camera, RANGE[1], RANGE[0], *reason)
    with pytest.raises(CustodyError, match="no camera"):
        evidence("lock", "nowhere", *RANGE, *reason)


class _Bus:
    """Hands one message over, and takes what is published."""

    def __init__(self, message: CopyWanted) -> None:
        self._message = message
        self.published: list[tuple[str, Value]] = []

    def consume(self, group: str, handlers: dict, stop: threading.Event) -> None:
        handlers[COPIES_WANTED][1](self._message)

    def publish(self, stream: str, message: Value) -> None:
        self.published.append((stream, message))

    def close(self) -> None: ...


@pytest.mark.parametrize("item", [CLIP, "no-such-clip"])
def test_a_process_of_its_own_makes_the_copy(
    config: Path, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = load(config)
    paths = Paths(site.data_dir)
    paths.site_file.write_text(site.model_dump_json(), encoding="utf-8")
    masking = Masking(people="none", vehicles="none", style="fill")
    wanted = CopyWanted(
        id="cpy-1", incident=INCIDENT, item=item, masking=masking, sound=True, by="chief",
        reason="公开",
    )  # fmt: skip
    bus = _Bus(wanted)
    monkeypatch.setattr(Context, "bus", lambda *_: bus)
    store = open_store(paths.database_url(site))
    CopiesPart(Context("hub", site, paths), store).run()
    with store.read() as unit:
        failed = [one.reason for one in unit.audit.entries(INCIDENT)]
    store.close()
    if item != CLIP:
        assert bus.published == []
        assert len(failed) == 1
        assert "no sealed clip" in failed[0]
        return
    assert failed == []
    (stream, copy), (_, side) = bus.published
    assert stream == EVIDENCE_SEALED
    assert isinstance(copy, EvidenceItem)
    assert isinstance(side, EvidenceItem)
    clip = next(paths.vault.glob(f"{INCIDENT}/clip-*"))
    assert not compare(clip, paths.vault / copy.path, paths.vault / side.path).problems
