"""The catalogue and the figures in a real browser."""

from playwright.sync_api import Page, expect

from core.lawbook import seed
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_a_row_is_confirmed_and_listed_and_figures_are_seen(page: Page, server: Server) -> None:
    made = server.services
    with made.store.begin() as unit:
        seed(unit, made.site.catalogue, made.clock.utc_ns())
    sign_in(page, "chief")
    page.click("nav a[href='/incidents']")
    page.click("[data-test=catalogue]")
    row = page.locator("[data-row=fishing-78-3]")
    expect(row).to_contain_text("未经法制确认")
    row.click()
    page.click("[data-test=confirm]")
    page.fill("textarea[name=found]", "国务院公报")
    page.click("[data-test=save]")
    expect(row).to_contain_text("已确认")
    page.click("[data-test=power]")
    page.fill("input[name=document]", "赋权清单第7号")
    page.fill("textarea[name=reason]", "省政府公布")
    page.click("[data-test=save]")
    expect(row).to_contain_text("本镇处置")
    page.click("[data-test=edit]")
    page.fill("input[name=basis]", "渔业法第四十四条")
    page.fill("textarea[name=reason]", "改正条款")
    page.click("[data-test=save]")
    expect(page.locator("[data-version='fishing-78-3@2']")).to_contain_text("改正条款")
    expect(row).to_contain_text("未经法制确认")
    page.click("[data-test=add]")
    page.fill("input[name=id]", "fishing-77")
    for place, words in enumerate(
        ["电鱼", "Electric fishing", "罚款", "A fine", "渔业部门", "Fishery department"]
    ):
        page.locator("#edit-row .pair input").nth(place).fill(words)
    page.fill("input[name=basis]", "渔业法第四十五条、第七十七条")
    page.locator("#edit-row .wide input.field").nth(1).fill("国务院公报")
    page.check("#edit-row .cues input[value=net]")
    page.fill("textarea[name=reason]", "补充条目")
    page.click("[data-test=save]")
    expect(page.locator("[data-row=fishing-77]")).to_contain_text("电鱼")
    page.goto(f"{server.url}/incidents/inc-lane-1")
    expect(page.locator("[data-test=basis]")).to_contain_text("应移送")
    page.goto(f"{server.url}/supervision")
    expect(page.locator("[data-group=all]")).to_contain_text("合计")
    expect(page.locator("[data-group='lane/verge']")).to_contain_text("不明")
    page.click("[data-test=language]")
    expect(page.locator("[data-group='lane/verge']")).to_contain_text("unknown")
