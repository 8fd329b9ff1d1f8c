"""``verify.py``: one file, on a bare interpreter, and ZIP files that mean to deceive."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.seal.check.command import main
from recorder.seal.check.container import is_safe
from recorder.seal.check.judge import Trust, judge
from recorder.seal.standalone import verify_script
from tests.recorder.seal.conftest import INCIDENT, Station


def packed(station: Station, path: Path) -> Path:
    """The sealed folder as a ZIP file, with the proof of the log."""
    proof = station.log.proof("manifest", INCIDENT)
    assert proof is not None
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(station.folder.rglob("*")):
            if file.is_file() and file.name != ".lock":
                out.write(file, file.relative_to(station.folder).as_posix())
        out.writestr("log.json", proof)
    return path


@pytest.fixture
def case(station: Station) -> Path:
    station.seal("first " * 1000)
    station.seal("second")
    return packed(station, station.root / "案卷.zip")


def run(script: Path, *arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(script), *map(str, arguments)],
        capture_output=True,
        check=False,
        cwd="/",
    )
    assert done.stderr == b"", done.stderr.decode()
    return done.returncode, done.stdout.decode()


def test_the_script_says_what_the_program_says(station: Station, case: Path) -> None:
    script = station.root / "verify.py"
    script.write_text(verify_script(), encoding="utf-8")
    mine = station.keys.signers()[0].identity
    trusted = station.root / "station.pem"
    trusted.write_bytes(mine.certificates[0].public_bytes(Encoding.PEM))
    code, said = run(script, case, "--trust", trusted, "--json")
    own = judge(case, Trust(frozenset({mine.sha256}))).as_json()
    assert (code, json.loads(said)) == (0, json.loads(json.dumps(own)))
    assert json.loads(said)["provenance"]["log"]["size"] == 4

    with zipfile.ZipFile(case, "a") as out:
        out.writestr("extra.txt", b"x")
    code, said = run(script, case)
    assert code == 1
    assert "结论：不真实" in said
    assert "Verdict: not authentic" in said
    assert "extra.txt" in said


def test_it_needs_nothing_but_the_library_and_cryptography() -> None:
    lines = [line for line in verify_script().splitlines() if line.startswith(("import", "from"))]
    roots = {line.split()[1].partition(".")[0] for line in lines}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}
    assert not [line for line in lines if "recorder" in line]


def test_command_line(
    station: Station, case: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(case)]) == 0
    assert "未比对 not compared" in capsys.readouterr().out
    fingerprint = station.keys.signers()[0].identity.sha256
    assert main([str(case), "--fingerprint", fingerprint.upper()]) == 0
    assert main([str(case), "--fingerprint", "ab" * 32]) == 1
    assert "none of those trusted" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing.zip")]) == 1
    with pytest.raises(SystemExit):
        main([str(case), "--fingerprint", "abc"])


Entry = tuple[zipfile.ZipInfo, bytes]


def repack(case: Path, edit: Callable[[list[Entry]], None]) -> None:
    with zipfile.ZipFile(case) as box:
        entries = [(zipfile.ZipInfo(one.filename), box.read(one)) for one in box.infolist()]
    edit(entries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # of names that are there twice
        with zipfile.ZipFile(case, "w") as out:
            for info, content in entries:
                out.writestr(info, content)


def named(name: str) -> Callable[[list[Entry]], None]:
    return lambda entries: entries.append((zipfile.ZipInfo(name), b"x"))


def link(entries: list[Entry]) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    entries.append((info, b"/etc/passwd"))


def prefix(case: Path) -> None:
    case.write_bytes(b"#!/bin/sh\n" + case.read_bytes())


def suffix(case: Path) -> None:
    case.write_bytes(case.read_bytes() + b"more")


def comment(case: Path) -> None:
    with zipfile.ZipFile(case, "a") as out:
        out.comment = b"more"


def cut(case: Path) -> None:
    case.write_bytes(case.read_bytes()[:-10])


def bomb(entries: list[Entry]) -> None:
    for number, (info, content) in enumerate(entries):
        if info.filename.startswith("clip-"):
            info.compress_type = zipfile.ZIP_DEFLATED
            entries[number] = (info, content + bytes(20_000_000))


ZIPS: dict[str, tuple[Callable[[Path], None], str]] = {
    "path out": (lambda c: repack(c, named("../x")), "path_unsafe"),
    "path out deep": (lambda c: repack(c, named("certs/../../x")), "path_unsafe"),
    "absolute": (lambda c: repack(c, named("/etc/x")), "path_unsafe"),
    "drive": (lambda c: repack(c, named("C:/x")), "path_unsafe"),
    "folder out": (lambda c: repack(c, named_folder), "path_unsafe"),
    "twice": (lambda c: repack(c, named("manifest.json")), "path_twice"),
    "twice but for case": (lambda c: repack(c, named("MANIFEST.json")), "path_twice"),
    "extra": (lambda c: repack(c, named("extra")), "file_extra"),
    "link": (lambda c: repack(c, link), "not_a_file"),
    "prepended": (prefix, "stray_bytes"),
    "appended": (suffix, "container"),
    "comment": (comment, "stray_bytes"),
    "cut": (cut, "container"),
    "bomb": (lambda c: repack(c, bomb), "file_changed"),
    "proof of another log": (
        lambda c: repack(c, lambda e: e.__setitem__(-1, (e[-1][0], e[-1][1].replace(b"1", b"2")))),
        "log_bad",
    ),
}


def named_folder(entries: list[Entry]) -> None:
    entries.append((zipfile.ZipInfo("../out/"), b""))


@pytest.mark.parametrize("name", ZIPS)
def test_deceptive_zip_files(case: Path, name: str) -> None:
    tamper, code = ZIPS[name]
    tamper(case)
    report = judge(case)
    assert report.verdict == "not_authentic"
    found = {one.code for one in report.findings}
    if name == "appended":
        assert found & {"container", "stray_bytes"}
    else:
        assert code in found


def test_packing_anew_changes_nothing(case: Path) -> None:
    repack(case, lambda entries: entries.reverse())
    assert judge(case).authentic


@pytest.mark.parametrize("name", ["", "/", "a//b", "./a", "a/..", "a\\b", "nul:", "a\n", "a "])
def test_unsafe_names(name: str) -> None:
    assert not is_safe(name)


@pytest.mark.parametrize(
    "name", ["提取固定清单.pdf", "original/clip-1.mp4", "a..b", "证据 说明.pdf"]
)
def test_safe_names(name: str) -> None:
    assert is_safe(name)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_flipped_byte_of_any_part_is_found(station: Station, data: st.DataObject) -> None:
    """Byte by byte over the unpacked folder: no part of it is idle."""
    if not station.folder.exists():
        station.seal("moving")
        (station.folder / "log.json").write_bytes(station.log.proof("manifest", INCIDENT) or b"")
    files = [
        one for one in sorted(station.folder.rglob("*")) if one.is_file() and one.stat().st_size
    ]
    file = data.draw(st.sampled_from(files))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    mode = file.stat().st_mode
    file.chmod(0o640)
    file.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
    try:
        assert judge(station.folder).verdict == "not_authentic"
    finally:
        file.write_bytes(content)
        file.chmod(mode)
    assert judge(station.folder).authentic
