"""Taking evidence out with a reason, asking for a copy, and the register, in a real browser."""

from pathlib import Path

from playwright.sync_api import Page, expect

from core.copies import CopyWanted
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_the_register_tells_who_took_what_and_why(page: Page, server: Server) -> None:
    sign_in(page, "monitor")
    page.goto(f"{server.url}/incidents/inc-river-1")
    page.click("[data-test=take-out] >> nth=0")
    take = page.locator("[data-test=take]")
    expect(take).to_be_disabled()
    page.fill("textarea[name=reason]", "立案")
    page.fill("input[name=recipient]", "县农业农村局")
    with page.expect_download() as download:
        take.click()
    assert Path(download.value.path()).stat().st_size > 0
    page.click("[data-test=register] summary")
    row = page.locator("[data-test=register] tr").filter(has_text="立案 → 县农业农村局")
    expect(row).to_contain_text("monitor")

    page.click("[data-test=copy-of] >> nth=0")
    page.check("input[value=redacted]")
    page.select_option("select[name=people]", "head")
    page.fill("textarea[name=reason]", "公开")
    page.click("[data-test=copy]")
    expect(page.locator("[data-test=copy]")).to_have_count(0)
    (wanted,) = [one for _, one in server.bus.sent if isinstance(one, CopyWanted)]
    assert wanted.masking is not None
    assert (wanted.masking.people, wanted.reason, wanted.by) == ("head", "公开", "monitor")
