"""Every way of tampering is found out, with the right verdict; what nobody touched verifies."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.cases import ReviewKind
from core.clock import ManualClock
from recorder.seal.check.judge import Trust, judge
from recorder.seal.keys import KeyRing
from tests.recorder.casefile.tampering import WAYS, Target, entries, write
from tests.recorder.casefile.world import INCIDENT, World, world_in


@dataclass
class Exported:
    """Case files made once for all tests; ``world`` is no longer changed."""

    world: World
    files: dict[str, Path]

    def trust(self) -> Trust:
        return self.world.station.sealer.trust()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, short_film: Path) -> Iterator[Exported]:
    world = world_in(tmp_path_factory.mktemp("world"), ManualClock(), short_film)
    world.incident()
    world.incident("inc-two", clips=3)
    world.people()
    made = {
        "lead": world.export().path,
        "two": world.export("inc-two", case="case-0000000002").path,
        "both": world.export(INCIDENT, "inc-two", case="case-0000000003").path,
    }
    world.review(ReviewKind.LEGAL, "3号队员")
    world.review(ReviewKind.TECHNICAL, "4号队员")
    made["evidence"] = world.export(case="case-0000000004").path
    yield Exported(world, made)
    world.store.close()


@pytest.fixture
def target(exported: Exported, tmp_path: Path) -> Target:
    path = tmp_path / "case.zip"
    shutil.copy(exported.files["lead"], path)
    stranger = KeyRing(tmp_path / "keys", ManualClock(), station="别处")
    return Target(
        path,
        dict(entries(exported.files["two"])),
        dict(entries(exported.files["evidence"])),
        stranger.signers()[0],
    )


@pytest.mark.parametrize("way", WAYS)
def test_tampering_is_found_out(way: str, target: Target, exported: Exported) -> None:
    tamper, verdict, code = WAYS[way]
    tamper(target)
    report = judge(target.path, exported.trust())
    assert (report.verdict, code in {one.code for one in report.findings}) == (verdict, True), (
        report.as_text()
    )


def test_there_are_many_ways() -> None:
    assert len(WAYS) >= 40


@pytest.mark.parametrize("name", ["lead", "two", "both", "evidence"])
def test_what_nobody_touched_verifies(name: str, exported: Exported) -> None:
    report = judge(exported.files[name], exported.trust())
    assert report.authentic, report.as_text()
    assert report.standing == ("evidence" if name == "evidence" else "lead")
    assert report.provenance.log is not None
    assert report.provenance.signers[0]["known"] is True


def test_packing_again_changes_nothing(target: Target, exported: Exported) -> None:
    """Order, compression and dates of a ZIP mean nothing; what is in it does."""
    found = entries(target.path)
    write(target.path, found[::-1])
    assert judge(target.path, exported.trust()).authentic


def test_an_unpacked_case_file_verifies(target: Target, exported: Exported, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(target.path) as archive:
        archive.extractall(folder)
    assert judge(folder, exported.trust()).authentic
    assert script(folder / "verify.py").returncode == 0


def test_each_incident_of_several_verifies_alone(exported: Exported, tmp_path: Path) -> None:
    with zipfile.ZipFile(exported.files["both"]) as archive:
        inner = [name for name in archive.namelist() if name.endswith(".zip")]
        archive.extractall(tmp_path)
    assert sorted(inner) == sorted([f"{INCIDENT}.zip", "inc-two.zip"])
    for name in inner:
        assert judge(tmp_path / name, exported.trust()).authentic


@pytest.mark.parametrize("way", ["flip a bit of the film", "cut the custody's end", "a way out"])
def test_the_script_finds_the_same_without_the_program(
    way: str, target: Target, tmp_path: Path
) -> None:
    """``verify.py`` of the case file, by a Python that knows nothing of the program."""
    with zipfile.ZipFile(target.path) as archive:
        verifier = Path(archive.extract("verify.py", tmp_path / "script"))
    whole = script(verifier, target.path)
    assert whole.returncode == 0, whole.stderr
    assert "结论：真实" in whole.stdout
    assert "性质：线索" in whole.stdout
    assert "Standing: a lead" in whole.stdout
    WAYS[way][0](target)
    bad = script(verifier, target.path)
    assert bad.returncode == 1
    assert "结论：不真实" in bad.stdout


def script(verifier: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    # -I: neither this folder nor PYTHONPATH; the program itself is not installed.
    return subprocess.run(
        [sys.executable, "-I", str(verifier), *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", cwd=verifier.parent, check=False,
    )  # fmt: skip
