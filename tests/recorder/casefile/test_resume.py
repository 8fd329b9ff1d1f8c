"""An export that was cut short goes on where it was; what changed meanwhile is made anew."""

import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.casefiles import Export
from core.cases import ReviewKind
from recorder.casefile import making, writer
from recorder.casefile.case import Wish
from recorder.casefile.errors import CaseFileError, StoppedError
from recorder.casefile.exports import Exports
from recorder.casefile.work import Work, cut_short
from recorder.casefile.writer import Writer
from recorder.seal.check.judge import judge
from recorder.seal.digests import hashed
from recorder.seal.manifest import Row
from tests.recorder.casefile.world import BY, INCIDENT, REASON, World

CASE = "case-0000000001"


class Copied(list[str]):
    """Names of files whose octets were copied; it stops at the one named."""

    stop_at = "nothing"


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> Copied:
    names = Copied()
    plain = writer.copy_file

    def noted(source, *more, **named):  # type: ignore[no-untyped-def]  # as copy_file takes them
        name = Path(source.name).name
        if names.stop_at in name:
            raise StoppedError("stopped")
        names.append(name)
        return plain(source, *more, **named)

    monkeypatch.setattr(writer, "copy_file", noted)
    return names


def stop_after(share: float):  # type: ignore[no-untyped-def]  # making.Told
    def told(done: int, total: int) -> None:
        if done > share * total:
            raise StoppedError("stopped")

    return told


def make(world: World, *incidents: str, share: float = 9.0) -> making.Made:
    wish = Wish(CASE, incidents or (INCIDENT,), BY, REASON)
    return making.make(world.station, wish, world.root / "case.zip", told=stop_after(share))


def cut_off(world: World, *incidents: str, share: float = 9.0) -> None:
    with pytest.raises(StoppedError):
        make(world, *incidents, share=share)
    assert not (world.root / "case.zip").exists()


def sealed_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        rows = json.loads(archive.read("manifest.json"))["files"]
    return [Path(row["sealed_path"]).name for row in rows if "sealed_path" in row]


def test_what_was_copied_is_not_copied_again(world: World, copied: Copied) -> None:
    world.incident(clips=4)
    cut_off(world, share=0.3)
    first = list(copied)
    done = first[:-1]  # the last was under way
    assert len(done) > 3
    copied.clear()
    path = make(world).path
    assert judge(path, world.station.sealer.trust()).authentic
    assert set(copied) & set(done) == set()
    assert sorted(done + copied) == sorted(sealed_in(path))
    assert list(world.root.glob(".case*")) == []
    custody = world.station.vault.seal_of(INCIDENT)["custody.jsonl"]
    told = [json.loads(line)["action"] for line in custody.splitlines()]
    assert (told.count("export"), told.count("exported")) == (1, 1)
    with pytest.raises(CaseFileError, match="is there already"):
        make(world)


def test_a_vault_that_grew_meanwhile(world: World, copied: Copied) -> None:
    world.incident(clips=2)
    cut_off(world, share=0.3)
    plan = json.loads((world.root / f".{CASE}.part" / "plan.json").read_bytes())
    done = copied[:-1]
    world.seal(INCIDENT, 7)
    copied.clear()
    path = make(world).path
    assert judge(path, world.station.sealer.trust()).authentic
    assert set(copied) & set(done) == set()
    assert len(sealed_in(path)) == len(done) + len(copied)
    assert sum("w7-clip" in name for name in sealed_in(path)) == 1
    assert list(plan["seals"]) == [INCIDENT]


def test_a_file_that_was_changed_meanwhile(world: World) -> None:
    world.incident(clips=2)
    cut_off(world, share=0.4)
    clip = next((world.root / "vault" / INCIDENT).glob("clip-*w0*"))
    clip.chmod(0o640)
    clip.write_bytes(clip.read_bytes()[:-1] + b"!")
    with pytest.raises(CaseFileError, match="is not what was sealed"):
        make(world)
    assert list(world.root.glob(".case*")) == []


def test_signatures_are_not_looked_at_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.incident(clips=2)
    cut_off(world, share=0.6)  # while it is checked: all was written
    monkeypatch.setattr("recorder.casefile.signatures.verify_file", None)
    path = make(world).path
    with zipfile.ZipFile(path) as archive:
        clips = json.loads(archive.read("signatures.json"))["clips"]
    assert [one["verdict"]["state"] for one in clips] == ["not_signed"] * 2


def test_damage_on_the_disk_meanwhile(world: World) -> None:
    world.incident(clips=2)
    cut_off(world, share=0.3)
    part = world.root / f".{CASE}.part" / f"{CASE}.zip"
    content = bytearray(part.read_bytes())
    content[200] ^= 1
    part.write_bytes(content)
    with pytest.raises(CaseFileError, match="does not verify after it was made"):
        make(world)
    assert judge(make(world).path, world.station.sealer.trust()).authentic


def test_of_several_the_whole_ones_are_kept(world: World, copied: Copied) -> None:
    names = ("inc-a", "inc-b", "inc-c")
    for name in names:
        world.incident(name, clips=2)
    world.people()
    copied.stop_at = "clip-inc-b-w1"
    cut_off(world, *names)
    assert "inc-a.zip" in copied
    done = [name for name in copied if not name.endswith(".pem")]  # each has the certificate
    copied.clear()
    copied.stop_at = "nothing"
    path = make(world, *names).path
    assert judge(path, world.station.sealer.trust()).authentic
    assert set(copied) & set(done) == set()
    assert any("clip-inc-b-w1" in name for name in copied)
    with zipfile.ZipFile(path) as archive:
        for name in names:
            inner = world.root / f"{name}.zip"
            inner.write_bytes(archive.read(inner.name))
            assert judge(inner, world.station.sealer.trust()).authentic


def test_of_several_one_reviewed_meanwhile_is_made_anew(world: World, copied: Copied) -> None:
    names = ("inc-a", "inc-b")
    for name in names:
        world.incident(name)
    world.people()
    copied.stop_at = "inc-b.zip"
    cut_off(world, *names)
    assert "inc-a.zip" in copied
    copied.stop_at = "nothing"
    for kind, by in ((ReviewKind.LEGAL, "3号队员"), (ReviewKind.TECHNICAL, "4号队员")):
        for name in names:
            world.review(kind, by, incident=name)
    made = make(world, *names)
    assert made.evidence
    with zipfile.ZipFile(made.path) as archive:
        inner = world.root / "inc-a.zip"
        inner.write_bytes(archive.read(inner.name))
    report = judge(inner, world.station.sealer.trust())
    assert (report.verdict, report.standing) == ("authentic", "evidence")


KILLED = """
import os, signal, sys
from pathlib import Path
from core.clock import ManualClock
from recorder.casefile import making, package
from recorder.casefile.exports import Exports
from tests.recorder.casefile.world import world_in

root, film, point, now_ns = sys.argv[1:]
world = world_in(Path(root), ManualClock(int(now_ns)), Path(film))
exports = Exports(world.station, Path(root) / "casefiles")

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if point == "copying":
    class Progress(making._Progress):
        def __call__(self, count):
            super().__call__(count)
            if self._done > self._total // 4:
                killed()
    making._Progress = Progress
elif point == "documents":
    package.typeset = killed
else:
    making._tell_done = killed
exports.resume()
exports._jobs.shutdown(wait=True)
raise SystemExit("it was to be killed")
"""


@pytest.mark.parametrize("point", ["copying", "documents", "placed"])
def test_killed_and_resumed_by_the_next_run(world: World, copied: Copied, point: str) -> None:
    world.incident(clips=3)
    folder = world.root / "casefiles"
    folder.mkdir()
    asked = Export(
        id=CASE, incidents=(INCIDENT,), by=BY, reason=REASON, asked_ns=world.clock.utc_ns()
    )
    (folder / f"{CASE}.json").write_text(asked.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-c", KILLED, world.root, world.film, point, world.clock.utc_ns()]
    done = subprocess.run(
        [str(part) for part in command],
        check=False, cwd=Path(__file__).parents[3], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (folder / f"{CASE}.zip").exists() == (point == "placed")

    exports = Exports(world.station, folder)
    if point != "placed":
        with pytest.raises(Exception, match="not whole"):
            exports.whole(CASE)
    assert exports.resume() == 1
    exports._jobs.shutdown(wait=True)
    (found,) = exports.all()
    assert (found.state, found.error, found.verdict) == ("done", "", "authentic")
    _, path = exports.whole(CASE)
    assert judge(path, world.station.sealer.trust()).authentic
    assert found.sha256 == making.sha256_of(path)
    if point == "copying":
        assert 0 < len(copied) < len(sealed_in(path))
    else:
        assert copied == []
    custody = world.station.vault.seal_of(INCIDENT)["custody.jsonl"]
    events = [json.loads(line) for line in custody.splitlines()]
    assert [one["after"] for one in events if one["action"] == "exported"] == [found.sha256]
    assert {one.name for one in folder.iterdir()} == {f"{CASE}.json", f"{CASE}.zip"}


def test_the_command_line_finds_what_it_began(world: World) -> None:
    world.incident(clips=2)
    cut_off(world, share=0.3)
    out = world.root / "case.zip"
    again = Wish("case-other", (INCIDENT,), BY, REASON)
    assert cut_short(out, again) == CASE
    assert cut_short(world.root / "another.zip", again) is None
    assert cut_short(out, Wish("case-other", (INCIDENT,), BY, "另一事由")) is None
    Work(out, CASE).remove()
    assert cut_short(out, again) is None


Files = Sequence[tuple[str, bytes]]
FILES = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.binary(max_size=3000)),
    max_size=6, unique_by=lambda one: one[0],
)  # fmt: skip


def write(path: Path, files: Files, folder: Path, *, stop: int | None = None) -> list[Row]:
    """As a case file is written; cut short before the file of that number."""
    with Writer(path, 1_790_000_000 * 10**9, lambda _: None) as target:
        for number, (name, content) in enumerate(files):
            if number == stop:
                raise StoppedError("stopped")
            source = folder / f"{name}-{hashed(content).sha256}"
            if not source.exists():
                source.write_bytes(content)
            found = hashed(content)
            row = {"path": f"{name}.mp4", "sha256": found.sha256, "size": found.size}
            target.copy(row, source)
        target.put("语.json", b"{}" * 50, "record")
    return target.rows


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=FILES, same=st.integers(0, 6), after=FILES, lost=st.integers(0, 400), data=st.data())
def test_whatever_was_there_the_file_is_what_was_asked_for(
    tmp_path: Path, before: Files, same: int, after: Files, lost: int, data: st.DataObject
) -> None:
    """Cut short at any file, with octets lost at the end, and other files wanted then."""
    path = tmp_path / "case.zip"
    for one in tmp_path.glob("case.zip*"):
        one.unlink()
    kept = list(before[:same])
    wanted = [*kept, *(one for one in after if one[0] not in dict(kept))]
    stop = data.draw(st.none() | st.integers(0, max(0, len(before) - 1)))
    with suppress(StoppedError):
        write(path, before, tmp_path, stop=stop)
    if path.exists() and lost:
        with path.open("r+b") as stream:
            stream.truncate(max(0, path.stat().st_size - lost))
    rows = write(path, wanted, tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert inside == {**{f"{name}.mp4": content for name, content in wanted}, "语.json": b"{}" * 50}
    assert [(row["path"], row["sm3"]) for row in rows] == [
        (name, hashed(content).sm3) for name, content in inside.items()
    ]
    fresh = tmp_path / "fresh.zip"
    for one in tmp_path.glob("fresh.zip*"):
        one.unlink()
    write(fresh, wanted, tmp_path)
    assert fresh.read_bytes() == path.read_bytes()
