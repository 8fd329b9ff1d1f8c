"""A case file, in a real browser: asked for, seen being made, fetched."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.console.conftest import Server
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
