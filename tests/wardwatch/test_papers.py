"""Papers about an incident are set from facts and never speak of a penalty."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from core.clock import ManualClock, local_day
from core.config.catalogue import Authority
from core.lawbook import confirm, empower, seed
from core.powers import PaperKind
from core.store.database import Store, open_store
from core.store.users import Role, User
from core.supervision import By, month_of, report, sheet_of
from tests.console import fake_township
from wardwatch.papers.office import PaperError, PaperOffice

TITLES = {
    PaperKind.PERSUASION: "劝离告知",
    PaperKind.CORRECTION: "责令改正通知书",
    PaperKind.TRANSFER: "案件移送函",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'papers.db'}", ManualClock())
    vault = tmp_path / "vault"
    vault.mkdir()
    fake_township.fill(made, vault, ManualClock().utc_ns())
    yield made
    made.close()


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


def test_each_paper_tells_facts_and_no_penalty(store: Store, tmp_path: Path) -> None:
    site = fake_township.site(tmp_path / "map.geojson")
    office = PaperOffice(site, store, ManualClock())
    with store.begin() as unit:
        seed(unit, site.catalogue, 1)
    for kind, title in TITLES.items():
        shown = words(office.paper("inc-river-1", kind, "monitor"))
        for part in (title, "青石河滩", "渔业法第四十四条", "未经法制人员确认", "inc-river-1"):
            assert part in shown
        for never in ("罚款", "五万元", "没收"):
            assert never not in shown
    letter = words(office.paper("inc-river-1", PaperKind.TRANSFER, "monitor"))
    assert "农业农村主管部门：" in letter
    assert "现场拾音听到" in letter
    assert "不在本镇权责清单" not in letter  # no list is recorded: nothing is claimed of it
    order = words(office.paper("inc-river-1", PaperKind.CORRECTION, "monitor"))
    assert "不得以本镇名义送达" in order
    with pytest.raises(PaperError, match="no incident 'inc-none'"):
        office.paper("inc-none", PaperKind.TRANSFER, "monitor")


def test_a_confirmed_row_on_the_list_makes_no_draft(store: Store, tmp_path: Path) -> None:
    site = fake_township.site(tmp_path / "map.geojson")
    with store.begin() as unit:
        seed(unit, site.catalogue, 1)
        unit.users.put(User(name="fazhi", password_hash="-", role=Role.REVIEWER, created_ns=0))
        confirm(unit, "fishing-78-3@1", "fazhi", "法制审核员", True, "公报", 2)
        empower(
            unit, "fishing-78-3", Authority.DELEGATED, "委托协议3号", date(2020, 1, 1), "fazhi",
            "委托", 3, delegator="县农业农村局",
        )  # fmt: skip
    order = words(
        PaperOffice(site, store, ManualClock()).paper("inc-river-1", PaperKind.CORRECTION, "m")
    )
    assert "草稿" not in order
    assert "委托事项，委托协议3号，以县农业农村局的名义" in order


def test_the_assessment_sheet_shows_what_is_unknown(store: Store, tmp_path: Path) -> None:
    site = fake_township.site(tmp_path / "map.geojson")
    clock = ManualClock()
    first, last = month_of(local_day(clock.utc_ns(), site.zone_info))
    with store.read() as unit:
        reports = [
            report(unit, site, first, last, by, clock.utc_ns())
            for by in (By.ZONE, By.KIND, By.SHIFT)
        ]
    sheet = sheet_of(site, first, reports, "2026", "chief")
    shown = words(PaperOffice(site, store, clock).assessment(sheet))
    for part in ("月度考核表", "按班次", "青石滩禁钓区", "不明", "合计", "未看清", "时段止"):
        assert part in shown
