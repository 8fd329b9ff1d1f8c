"""Case files, in a real browser: asked for, seen being made, fetched, cleared; and reviews."""

from pathlib import Path

from playwright.sync_api import Page, expect

from console.accounts import create_user
from core.cases import ReviewKind
from core.reviews import record
from core.store.users import Role
from tests.console.conftest import Server
from tests.console.fake_services import PASSWORD
from tests.console.test_console_browser import page, pytestmark, sign_in
from tests.console.test_console_casefiles import CONTENT, INCIDENT, FakeCaseFiles

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_a_case_file_is_made_and_fetched(page: Page, server: Server, tmp_path: Path) -> None:
    server.services.case_files = made = FakeCaseFiles(tmp_path)
    sign_in(page, "chief")
    page.goto(f"{server.url}/incidents/{INCIDENT}")
    panel = page.locator("[data-test=casefile]")
    expect(panel.locator("[data-test=standing]")).to_have_text("线索")
    panel.locator("[data-test=review]").click()
    page.fill("input[name=office]", "法制审核员")
    page.fill("textarea[name=basis]", "设备经审核并公示")
    expect(page.locator("[data-test=do]")).to_be_disabled()
    page.locator("input[name=passed]").first.check()
    page.click("[data-test=do]")
    expect(panel).to_contain_text("法制审核 通过")
    expect(panel).to_contain_text("未经技术审核")

    panel.locator("[data-test=export-case]").click()
    expect(page.locator("dialog[open]")).to_contain_text("不得作为处罚依据")
    page.fill("textarea[name=reason]", "立案调查")
    page.fill("input[name=password]", "a long password")
    page.click("[data-test=do]")
    expect(panel).to_contain_text("排队中")
    made.finish()
    link = panel.locator("[data-test=download]")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes() == CONTENT
    page.click("[data-test=language]")
    expect(panel).to_contain_text("Legal review Passed")


def test_who_only_looks_makes_none(page: Page, server: Server, tmp_path: Path) -> None:
    server.services.case_files = FakeCaseFiles(tmp_path)
    sign_in(page, "viewer")
    page.goto(f"{server.url}/incidents/{INCIDENT}")
    expect(page.locator("[data-test=standing]")).to_be_visible()
    expect(page.locator("[data-test=export-case]")).to_have_count(0)
    expect(page.locator("[data-test=review]")).to_have_count(0)


def test_many_incidents_are_chosen_in_the_list(page: Page, server: Server, tmp_path: Path) -> None:
    server.services.case_files = made = FakeCaseFiles(tmp_path)
    sign_in(page, "chief")
    page.goto(f"{server.url}/incidents")
    tick = "[data-incident={}] [data-test=tick]"
    page.check(tick.format(INCIDENT))
    page.check(tick.format("inc-lane-1"))
    expect(page).to_have_url(f"{server.url}/incidents")  # a tick opens nothing
    page.check("[data-test=tick-all]")
    expect(page.locator("[data-test=ticked]")).to_contain_text("已选 3 起")
    page.uncheck(tick.format("inc-market-1"))
    page.click("[data-test=export-ticked]")
    expect(page.locator("[data-test=how-many]")).to_have_text("含 2 起事件")
    page.fill("textarea[name=reason]", "移送")
    page.click("[data-test=do]")
    expect(page).to_have_url(f"{server.url}/casefiles")
    ((export, _),) = made.asked
    assert set(export.incidents) == {INCIDENT, "inc-lane-1"}

    row = page.locator(f"[data-case={export.id}]")
    expect(row).to_contain_text("排队中")
    expect(row.locator("[data-test=download]")).to_have_count(0)
    made.finish()
    expect(row).to_contain_text("真实")
    with page.expect_download() as download:
        row.locator("[data-test=download]").click()
    assert Path(download.value.path()).read_bytes() == CONTENT
    row.locator("[data-test=clear]").click()
    expect(page.locator("[data-test=do]")).to_be_disabled()
    page.fill("textarea[name=reason]", "已移送，不再需要")
    page.click("[data-test=do]")
    expect(row).to_contain_text("已清除 · 已移送，不再需要")
    expect(row.locator("a[download]")).to_have_count(0)


def test_after_both_reviews_the_page_says_evidence(
    page: Page, server: Server, tmp_path: Path
) -> None:
    server.services.case_files = FakeCaseFiles(tmp_path)
    create_user(server.services.store, "reviewer", PASSWORD, Role.REVIEWER, server.services.clock)
    with server.services.store.begin() as unit:
        record(
            unit, INCIDENT, ReviewKind.TECHNICAL, "chief", office="技术审核员", passed=True,
            basis="画面清晰", at_ns=1,
        )  # fmt: skip
    sign_in(page, "reviewer")
    page.goto(f"{server.url}/incidents/{INCIDENT}")
    basis = page.locator("[data-test=basis-standing]")
    expect(basis).to_contain_text("线索（未经法制审核）")
    expect(page.locator("[data-action]")).to_have_count(0)
    expect(page.locator("[data-test=export-case]")).to_have_count(0)
    expect(page.locator("[data-test=take-out]")).to_have_count(0)
    page.click("[data-test=review]")
    page.fill("input[name=office]", "法制审核员")
    page.fill("textarea[name=basis]", "设备经审核并公示")
    page.locator("input[name=passed]").first.check()
    page.click("[data-test=do]")
    expect(basis).to_contain_text("证据：已通过法制审核和技术审核")
    page.click("[data-test=language]")
    expect(basis).to_contain_text("Evidence: passed the legal and the technical review")
