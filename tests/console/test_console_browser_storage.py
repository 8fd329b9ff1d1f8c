"""The disks in a real browser: a notice on every page, and the page behind it."""

from playwright.sync_api import Page, expect

from core.custody import Kept
from tests.console.conftest import Server
from tests.console.fake_storage import lost_disk, push_storage, storage
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_a_lost_disk_is_seen_on_every_page_and_explained_on_its_own(
    page: Page, server: Server
) -> None:
    services = server.services
    now_ns = services.clock.utc_ns()
    custody = services.custody
    assert custody is not None
    custody.keep(
        Kept(
            owner="lock-1", camera="river", first_ns=now_ns - 10**12, last_ns=now_ns,
            incident="inc-river-1", reason="群众来访", by="chief", made_ns=now_ns,
        )
    )  # fmt: skip
    sign_in(page, "viewer")
    notice = page.locator("[data-test=storage-notice]")
    expect(notice).to_have_count(0)
    services.feed.push("storage", storage(now_ns, lost_disk(now_ns), lost=True))
    expect(notice).to_contain_text("磁盘 disk2 无法写入，录像已改存其他磁盘")
    page.click("nav a[href='/incidents']")
    expect(notice).to_be_visible()
    notice.click()
    expect(page).to_have_url(f"{server.url}/storage")
    expect(page.locator("[data-test=troubles]")).to_contain_text("disk2: the disk is read-only")
    lost = page.locator("[data-volume=disk2]")
    for words in ("无法写入", "2.0 TB", "100.0 GB", "上限 1.0 TB"):
        expect(lost).to_contain_text(words)
    expect(page.locator("[data-volume=disk1]")).to_contain_text("43.2")
    expect(page.locator("[data-lock=lock-1]")).to_contain_text("群众来访")
    deleted = page.locator("[data-test=deletion]")
    expect(deleted).to_have_count(3)
    expect(deleted.nth(1)).to_contain_text("到期")
    expect(deleted.nth(1)).to_contain_text("已签名")
    expect(deleted.nth(2)).to_contain_text("待签名")
    page.click("[data-test=language]")
    expect(lost).to_contain_text("1.0 TB at most")
    expect(deleted.nth(1)).to_contain_text("past its days")
    push_storage(services)
    expect(page.locator("[data-test=troubles]")).to_contain_text("The disks are fine")
