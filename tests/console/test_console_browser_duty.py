"""The duty desk in a real browser: sign on, answer, write, hand over."""

import os

from playwright.sync_api import Page, expect

from core.clock import NS_PER_S
from core.duty import DutyTask, TaskKind
from core.value import Text
from tests.console import fake_duty, fake_services
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests

SHOTS = os.environ.get("WARDWATCH_SHOTS")


def shoot(page: Page, name: str) -> None:
    """A picture for people, where one was asked for."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_a_shift_from_signing_on_to_handing_over(page: Page, server: Server) -> None:
    desk = fake_duty.furnish(server.services, awake={})
    sign_in(page, "monitor")
    page.click("nav a[href='/duty']")
    shift = page.locator("[data-test=shift]")
    expect(shift).to_contain_text("无人在岗")
    page.click("[data-test=sign-on]")
    expect(shift.locator("li")).to_contain_text("monitor")
    expect(page.locator("[data-channel=county]")).to_contain_text("待发 3 条")

    page.fill("input[name=note]", "渡口闸门未锁，已电话通知")
    page.click("[data-test=write]")
    row = page.locator("tr[data-line]", has_text="渡口闸门未锁").first
    expect(row).to_be_visible()
    row.locator("[data-test=correct]").click()
    page.fill("input[name=note]", "是采石场闸门")
    page.click("[data-test=write]")
    expect(row).to_contain_text("更正")
    shoot(page, "duty-zh")
    page.click("[data-category=note]")
    expect(page.locator("tr[data-line]")).to_have_count(2)
    page.click("[data-test=language]")
    expect(page.locator("[data-test=log] h1")).to_have_text("Duty log")
    shoot(page, "duty-en")

    page.click("[data-test=handover]")
    expect(page.locator("[data-test=missing]")).to_contain_text("“Instructions” is empty")
    leaving, coming = page.locator("[data-side=leaving]"), page.locator("[data-side=coming]")
    page.fill("textarea[name=instructions]", "lock the gate")
    leaving.locator("input[name=password]").fill(fake_services.PASSWORD)
    leaving.locator("[data-test=sign]").click()
    expect(leaving).to_contain_text("monitor")
    shoot(page, "handover-en")
    coming.locator("input[name=name]").fill("chief")
    coming.locator("input[name=password]").fill(fake_services.PASSWORD)
    coming.locator("[data-test=sign]").click()
    expect(page.locator("[data-test=handover-over]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(shift.locator("li")).to_contain_text("chief")
    running = desk.now().turn
    assert running is not None
    assert running.on_duty() == ("chief",)


def test_the_question_covers_every_page_until_it_is_answered(page: Page, server: Server) -> None:
    desk = fake_duty.furnish(server.services, awake={})
    desk.sign_on("monitor")
    now_ns = server.services.clock.utc_ns()
    asked = DutyTask(
        id="awake/desk/now",
        kind=TaskKind.AWAKE,
        what="desk",
        name=Text(zh="在岗确认", en="Awake check"),
        due_ns=now_ns,
        limit_ns=now_ns + 3600 * NS_PER_S,
    )
    with server.services.store.begin() as unit:
        unit.duty_tasks.put(asked)
    sign_in(page, "monitor")
    expect(page.locator("[data-test=awake]")).to_contain_text("请确认您在岗")
    shoot(page, "awake-zh")
    page.click("[data-test=here]")
    expect(page.locator("[data-test=awake]")).to_have_count(0)
    assert [one.done_by for one in desk.now().tasks if one.id == asked.id] == ["monitor"]
