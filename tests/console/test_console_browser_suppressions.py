"""False alarms that are held back, in a real browser: seen at the incident and on their page."""

from playwright.sync_api import Page, expect

from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in
from tests.console.test_console_suppressions import dismiss

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_a_suppression_is_seen_and_undone(page: Page, server: Server) -> None:
    dismiss(server.services)
    other = dismiss(server.services, "inc-river-1", hits=0, last_hit_ns=None, cues=("night",))
    sign_in(page, "monitor")

    page.goto(f"{server.url}/incidents/inc-market-1")
    held = page.locator("[data-test=held]")
    expect(held).to_contain_text("此处同样的误报不再立案")
    expect(held).to_contain_text("已抑制 3 次")
    held.locator("[data-test=undo]").click()
    expect(page.locator("dialog[open]")).to_contain_text("集市东口 · 集市东口人行道")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page).to_have_url(f"{server.url}/incidents/inc-market-1")
    held.locator("[data-test=undo]").click()
    page.fill("textarea[name=reason]", "现在有摊位")
    page.click("[data-test=lift]")
    expect(held).to_have_count(0)

    page.click("nav a[href='/incidents']")
    page.click("[data-test=suppressions]")
    expect(page.locator("[data-rule]")).to_have_count(1)
    row = page.locator(f"[data-rule={other.id}]")
    for words in ("青石河滩", "青石滩禁钓区", "违规垂钓", "夜间", "误报：遮阳伞", "尚未再次出现"):
        expect(row).to_contain_text(words)
    for _ in range(100):
        if page.evaluate("document.querySelector('[data-rule] img').naturalWidth > 0"):
            break
        page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('[data-rule] img').naturalWidth") > 0
    page.click("[data-test=language]")
    expect(row).to_contain_text("has not come again yet")
    row.locator("[data-test=undo]").click()
    expect(page.locator("[data-test=lift]")).to_be_disabled()
    page.fill("textarea[name=reason]", "people fish there now")
    page.click("[data-test=lift]")
    expect(page.get_by_text("No false alarm is suppressed at present")).to_be_visible()
    with server.services.store.read() as unit:
        lifted = [one for one in unit.audit.entries() if one.action == "suppression.removed"]
    assert [(one.actor, one.reason) for one in lifted] == [
        ("monitor", "现在有摊位"),
        ("monitor", "people fish there now"),
    ]


def test_who_only_looks_sees_it_and_cannot_undo(page: Page, server: Server) -> None:
    dismiss(server.services)
    sign_in(page, "viewer")
    page.goto(f"{server.url}/suppressions")
    expect(page.locator("[data-rule]")).to_have_count(1)
    expect(page.locator("[data-test=undo]")).to_have_count(0)
    page.locator("[data-rule] a").click()
    expect(page.locator("[data-test=held]")).to_be_visible()
    expect(page.locator("[data-test=undo]")).to_have_count(0)
