"""Case files: what is in them, and that there is either a whole one or none."""

import json
import subprocess
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.cases import ReviewKind
from core.reviews import ReviewError, record
from core.transcripts import write
from core.value import new_id
from recorder.casefile import making, typeset
from recorder.casefile.encryption import is_locked, unlock
from recorder.casefile.errors import CaseFileError
from recorder.errors import VaultError
from recorder.seal.check.judge import judge
from tests.recorder.casefile.world import INCIDENT, REASON, World


def texts(path: Path) -> dict[str, str]:
    """The words of every document, without the ends of lines."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".pdf"):
                with pypdfium2.PdfDocument(archive.read(name)) as pdf:
                    pages = [page.get_textpage().get_text_range() for page in pdf]
                found[name.removesuffix(".pdf")] = "".join("".join(pages).split())
    return found


def read(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def test_what_is_heard_stands_in_writing(world: World) -> None:
    world.incident()
    with world.store.begin() as unit:
        (said,) = unit.evidence.find(incident=INCIDENT, role="warning_audio")
        write(unit, said, "请立即离开岸边", "1号队员", world.clock.utc_ns(), 0)
    path = world.export().path
    (row,) = json.loads(read(path, "transcripts.json"))["files"]
    assert row["sha256"] == said.sha256
    assert (row["transcript"]["text"], row["transcript"]["by"]) == ("请立即离开岸边", "1号队员")
    assert "文字记录：请立即离开岸边（1号队员" in texts(path)["提取固定清单"]


def test_everything_is_in_it(world: World) -> None:
    world.incident()
    path = world.export().path
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    folders = {name.partition("/")[0] for name in names if "/" in name}
    assert folders == {"original", "working", "stills", "warnings", "certs", "seal"}
    assert {name for name in names if "/" not in name} == {
        "detections.jsonl", "gaps.json", "clock.json", "derivation.json", "audit.jsonl",
        "transcripts.json",
        "signatures.json", "custody.jsonl", "证据说明.pdf", "提取固定清单.pdf", "审核记录.pdf",
        "时间线.pdf", "verify.py", "manifest.json", "manifest.sig.p256", "log.json",
    }  # fmt: skip
    seen = json.loads(read(path, "detections.jsonl"))
    assert seen["model"] == "yolox-nano 0123456789ab"
    assert seen["confirmed_by"] == "1号队员"
    assert seen["at_export"]["min_score"] == world.station.site.analysis.min_score
    (camera,) = json.loads(read(path, "gaps.json"))["cameras"]
    assert [gap["reason"] for gap in camera["gaps"]] == ["unreachable"]
    clocks = {one["path"]: one for one in json.loads(read(path, "clock.json"))["sources"]}
    assert {one["offset_s"] for one in clocks.values()} == {0.25, None}
    derived = json.loads(read(path, "derivation.json"))["files"]
    assert {one["parent"].partition("/")[0] for one in derived} == {"original"}
    (checked,) = json.loads(read(path, "signatures.json"))["clips"]
    assert checked["verdict"]["state"] == "not_signed"


def test_the_vault_stays_authentic_and_tells_of_it(world: World) -> None:
    world.incident()
    made = world.export()
    assert world.station.vault.verify(INCIDENT).authentic
    custody = world.station.vault.seal_of(INCIDENT)["custody.jsonl"]
    events = [json.loads(line) for line in custody.splitlines()]
    begun, done = events[-2:]
    assert (begun["action"], begun["actor"], begun["reason"]) == ("export", "2号队员", REASON)
    assert (done["action"], done["after"]) == ("exported", made.sha256)
    with world.store.read() as unit:
        told = [one.action for one in unit.audit.entries(INCIDENT)]
    assert told[-2:] == ["evidence.export", "evidence.exported"]
    inside = read(made.path, "custody.jsonl").splitlines()
    assert json.loads(inside[-1])["action"] == "export"


def test_the_documents_say_what_is_so(world: World) -> None:
    world.incident()
    world.people()
    found = texts(world.export().path)
    assert all("线索" in text and "不得作为行政处罚的证据" in text for text in found.values())
    row = json.loads(read(world.root / "out/case-0000000001.zip", "manifest.json"))["files"][0]
    assert row["sha256"] in found["提取固定清单"]
    assert row["sm3"] in found["提取固定清单"]
    assert "制作人" in found["提取固定清单"]
    assert "unreachable" in found["提取固定清单"]
    assert "无文字记录" in found["提取固定清单"]
    assert "在岸边停留75秒，几乎未移动" in found["时间线"]
    assert "请立即停止垂钓，离开岸边。" in found["时间线"]
    assert "没有任何法制审核或技术审核记录" in found["审核记录"]
    assert "陈述和申辩" in found["证据说明"]


def test_the_pages_are_drawn_with_their_picture(world: World) -> None:
    world.incident()
    path = world.export().path
    with pypdfium2.PdfDocument(read(path, "时间线.pdf")) as pdf:
        pages = [page.render(scale=1).to_pil().convert("RGB") for page in pdf]
    # The still's ground is on one of the pages, thousands of pixels of it.
    shown = sum(
        count
        for page in pages
        for count, colour in page.getcolors(1 << 20) or ()
        if all(abs(a - b) < 12 for a, b in zip(colour, (70, 110, 90), strict=True))  # type: ignore[arg-type]  # RGB
    )
    assert shown > 10_000


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(reason="#\x1f\u202e 😀 𰻝", by="\n", unit="", clips=1, both=False)
@given(reason=WORDS, by=WORDS, unit=WORDS, clips=st.integers(1, 2), both=st.booleans())
def test_whatever_is_said_the_case_file_verifies(
    world: World, reason: str, by: str, unit: str, clips: int, both: bool
) -> None:
    names = [new_id("inc") for _ in range(2 if both else 1)]
    for name in names:
        world.incident(name, clips=clips)
    wish = making.Wish(new_id("case"), tuple(names), by, reason, unit)
    out = world.root / f"{wish.id}.zip"
    making.make(world.station, wish, out, told=lambda *_: None)
    report = judge(out, world.station.sealer.trust())
    assert report.authentic, report.as_text()
    assert all(world.station.vault.verify(name).authentic for name in names)


def test_text_that_looks_like_markup_is_text(world: World) -> None:
    one = world.incident()
    odd = "#panic() *粗* $x$ \\ [ ] {a} <b> @c"
    with world.store.begin() as unit:
        unit.incidents.put(one.model_copy(update={"why": one.why.same(odd)}))
    assert "".join(odd.split()) in texts(world.export().path)["证据说明"]


def test_two_reviews_by_two_persons_make_it_evidence(world: World) -> None:
    world.incident()
    world.people()
    world.review(ReviewKind.LEGAL, "3号队员")
    assert not world.export(case="case-1").evidence
    with pytest.raises(ReviewError, match="two persons"):
        world.review(ReviewKind.TECHNICAL, "3号队员")
    world.review(ReviewKind.TECHNICAL, "4号队员", passed=False)
    assert not world.export(case="case-2").evidence
    world.review(ReviewKind.TECHNICAL, "4号队员")
    made = world.export(case="case-3")
    assert made.evidence
    assert judge(made.path).standing == "evidence"
    found = texts(made.path)
    assert "3号队员（法制审核员）" in found["审核记录"]
    assert not any("线索" in text for name, text in found.items() if name != "证据说明")
    # What is sealed later was not reviewed.
    world.seal(number=7)
    later = world.export(case="case-4")
    assert not later.evidence
    assert "之后又封存了新的文件" in texts(later.path)["审核记录"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"incident": "inc-none"}, "no incident"),
        ({"reviewer": "nobody"}, "no account"),
        ({"reviewer": "2号队员"}, "no account that may review"),
        ({"basis": " "}, "on what basis"),
        ({"incident": "inc-empty"}, "nothing is sealed"),
    ],
)
def test_a_review_that_is_none(world: World, change: dict[str, str], why: str) -> None:
    world.incident()
    world.incident("inc-empty", clips=0)
    world.people()
    given = {"incident": INCIDENT, "reviewer": "3号队员", "basis": "x", **change}
    with world.store.begin() as unit, pytest.raises(ReviewError, match=why):
        record(
            unit, given["incident"], ReviewKind.LEGAL, given["reviewer"],
            office="法制审核员", passed=True, basis=given["basis"], at_ns=1,
        )  # fmt: skip


def test_encrypted_and_unlocked(world: World, tmp_path: Path) -> None:
    world.incident()
    locked = world.export(password="江边的长密码 0123").path
    assert is_locked(locked)
    assert INCIDENT.encode() not in locked.read_bytes()
    report = judge(locked)
    assert (report.verdict, [one.code for one in report.findings]) == ("not_signed", ["locked"])
    with pytest.raises(CaseFileError, match="cannot be decrypted"):
        unlock(locked, "another password", tmp_path / "no.zip")
    plain = unlock(locked, "江边的长密码 0123", tmp_path / "yes.zip")
    assert judge(plain, world.station.sealer.trust()).authentic
    damaged = bytearray(locked.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    locked.write_bytes(damaged)
    with pytest.raises(CaseFileError, match="cannot be decrypted"):
        unlock(locked, "江边的长密码 0123", tmp_path / "no.zip")


def test_a_short_password_is_refused(world: World) -> None:
    world.incident()
    with pytest.raises(CaseFileError, match="10 characters"):
        world.export(password="short")
    assert list((world.root / "out").iterdir()) == []


def test_nothing_is_made_of_what_was_changed(world: World) -> None:
    world.incident()
    clip = next((world.root / "vault" / INCIDENT).glob("clip-*"))
    clip.chmod(0o640)
    clip.write_bytes(clip.read_bytes()[:-1] + b"!")
    with pytest.raises(CaseFileError, match="is not what was sealed"):
        world.export()
    clip.unlink()
    with pytest.raises(CaseFileError, match="is gone from the vault"):
        world.export(case="case-2")
    assert list((world.root / "out").iterdir()) == []


def test_nothing_of_an_incident_unknown_or_without_files(world: World) -> None:
    world.incident("inc-bare", clips=0)
    with pytest.raises(CaseFileError, match="none of that id"):
        world.export("inc-none")
    with pytest.raises(VaultError, match="nothing is sealed"):
        world.export("inc-bare")


def test_without_a_chinese_font(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.incident()
    monkeypatch.setattr(typeset, "chinese_font", lambda: None)
    with pytest.raises(CaseFileError, match="fonts-noto-cjk"):
        world.export()


def test_a_still_that_is_no_picture(world: World) -> None:
    world.incident()
    bad = world.root / "bad.jpg"
    bad.write_bytes(b"\xff\xd8 not a picture")
    world.station.vault.seal(
        INCIDENT, "snapshot", bad, camera="river", first_ns=1, last_ns=1, item_id="bad"
    )
    assert "图像无法显示" in texts(world.export().path)["时间线"]


@pytest.mark.peer
def test_openssl_verifies_it(world: World, tmp_path: Path) -> None:
    """The commands of docs/guide/case-files.md, by an independent tool."""
    world.incident()
    with zipfile.ZipFile(world.export().path) as archive:
        archive.extractall(tmp_path / "case")
    (certificate,) = (tmp_path / "case" / "certs").iterdir()
    command = (
        f"openssl x509 -in certs/{certificate.name} -noout -pubkey > key.pub && "
        "openssl dgst -sha256 -verify key.pub -signature manifest.sig.p256 manifest.json && "
        "openssl dgst -sha256 -verify key.pub -signature seal/manifest.sig.p256 seal/manifest.json"
        " && openssl dgst -sha256 -verify key.pub -signature seal/custody.sig.p256 custody.jsonl"
    )
    done = subprocess.run(
        command, shell=True, cwd=tmp_path / "case", capture_output=True, text=True, check=False
    )
    assert done.stdout.count("Verified OK") == 3, done.stderr
