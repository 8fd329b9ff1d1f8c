"""The console's case files: made one after another, gone on with, cleared."""

import pytest

from core.casefiles import NoCaseFileError
from core.clock import SystemClock
from recorder.casefile.exports import Exports
from recorder.seal.check.judge import judge
from recorder.seal.deletion import Deletions, entries
from recorder.seal.errors import SealError
from recorder.seal.keys import KeyRing
from tests.recorder.casefile.world import INCIDENT, REASON, World
from wardwatch.parts.casefiles import CaseFilesPart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context

BY = "2号队员"


def made_in(world: World, *incidents: str, password: str | None = None) -> tuple[Exports, str]:
    exports = Exports(world.station, world.root / "casefiles")
    asked = exports.begin(incidents or [INCIDENT], BY, REASON, password)
    exports._jobs.shutdown(wait=True)
    return exports, asked.id


def test_jobs_of_the_console(world: World) -> None:
    world.incident()
    exports, case = made_in(world)
    (found,) = exports.of(INCIDENT)
    assert (found.id, found.state, found.evidence) == (case, "done", False)
    assert found.verdict == "authentic"
    done, path = exports.whole(case)
    assert judge(path, world.station.sealer.trust()).authentic
    assert done.bytes == path.stat().st_size
    assert list(path.parent.glob(".case*")) == []


def test_one_of_many_incidents(world: World) -> None:
    for name in ("inc-a", "inc-b"):
        world.incident(name)
    exports, case = made_in(world, "inc-a", "inc-b", "inc-a")
    (found,) = exports.all()
    assert (found.incidents, found.state, found.error) == (("inc-a", "inc-b"), "done", "")
    assert exports.of("inc-b") == exports.of("inc-a") == [found]
    report = judge(exports.whole(case)[1], world.station.sealer.trust())
    assert report.authentic


def test_jobs_go_on_after_a_restart(world: World) -> None:
    world.incident()
    folder = world.root / "casefiles"
    before = Exports(world.station, folder)
    before.close()
    with pytest.raises(RuntimeError):
        before.begin([INCIDENT], BY, REASON, None)  # written down, then the program ends
    with pytest.raises(RuntimeError):
        before.begin([INCIDENT], BY, REASON, "a long password")
    (locked,) = [one for one in before.all() if one.encrypted]
    work = folder / f".{locked.id}.part"
    work.mkdir()
    (work / f"{locked.id}.zip").write_bytes(b"not encrypted yet")
    again = Exports(world.station, folder)
    assert again.resume() == 2
    again._jobs.shutdown(wait=True)
    found = {one.encrypted: one for one in again.of(INCIDENT)}
    assert (found[False].state, found[True].state) == ("done", "failed")
    assert "passwords are not kept" in found[True].error
    assert not work.exists()
    assert again.resume() == 0


def test_cleared_for_a_reason(world: World) -> None:
    world.incident("inc-a")
    world.incident("inc-b")
    exports, case = made_in(world, "inc-a", "inc-b")
    _, path = exports.whole(case)
    cleared = exports.clear(case, "3号队员", "已移送")
    assert (cleared.state, cleared.cleared_by, cleared.cleared_why) == (
        "cleared", "3号队员", "已移送",
    )  # fmt: skip
    assert not path.exists()
    with pytest.raises(NoCaseFileError, match="is cleared"):
        exports.whole(case)
    with pytest.raises(NoCaseFileError, match="nothing to clear"):
        exports.clear(case, "3号队员", "再来")
    with pytest.raises(NoCaseFileError, match="no case file"):
        exports.clear("case-none", "3号队员", "无")
    for name in ("inc-a", "inc-b"):
        with world.store.read() as unit:
            told = list(unit.audit.entries(name))[-1]
        assert (told.action, told.actor, told.reason) == (
            "evidence.export_cleared", "3号队员", "已移送",
        )  # fmt: skip
        assert told.detail["case"] == case
        assert world.station.vault.verify(name).authentic
    path.write_bytes(b"the program ended before it was deleted")
    assert Exports(world.station, path.parent).resume() == 0
    assert not path.exists()


def refuses(*_: object) -> str:
    raise SealError("the key cannot be used")


def test_cleared_when_its_days_are_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.incident()
    exports, case = made_in(world)
    folder = exports.whole(case)[1].parent
    keys = KeyRing(world.root / "keys-of-deletions", world.clock, station="test")
    book = Deletions(world.root / "deleted.jsonl", keys, world.clock)
    exports = Exports(world.station, folder, book)
    world.clock.advance(89 * 86_400)
    assert exports.clear_old() == 0
    world.clock.advance(2 * 86_400)
    with monkeypatch.context() as broken:
        broken.setattr(book, "record", refuses)
        assert exports.clear_old() == 0, "its deletion cannot be signed"
    assert exports.whole(case)[1].exists()
    context = Context("hub", world.station.site, Paths(world.root), clock=SystemClock())
    context.stop.set()
    CaseFilesPart(context, exports).run()
    (found,) = exports.all()
    assert (found.id, found.state, found.cleared_by) == (case, "cleared", "system")
    assert found.cleared_why == "keeping_days.case_files=90"
    record = list(entries(book.file))[-1]
    assert (record.by, record.rule, record.signed) == (
        "retention", "keeping_days.case_files=90", True,
    )  # fmt: skip
    assert [(one.path, one.sha256) for one in record.things] == [
        (f"casefiles/{case}.zip", found.sha256)
    ]
    assert exports.clear_old() == 0
