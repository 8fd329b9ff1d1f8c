"""The pages in a real browser: Debian's Chromium plays H.264 through Media Source Extensions."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from core.cases import IncidentState
from core.messages import IncidentChanged
from tests.console import fake_live, fake_services, fake_township
from tests.console.conftest import Server

CHROMIUM = "/usr/bin/chromium"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which(CHROMIUM) is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif(
        not (fake_services.WEB_ROOT / "index.html").is_file(),
        reason="the pages are not built: npm ci && npm run build in console/web",
    ),
]
_ARGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]  # fmt: skip
_PLAYING = """() => {
    const videos = [...document.querySelectorAll("figure.tile video")];
    return videos.length === 4 && videos.every((one) => one.currentTime > 1);
}"""


def _until(page: Page, script: str) -> None:
    """Wait until the script says true (the page's own policy forbids Playwright's waiting)."""
    for _ in range(100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"never true: {script}")


@pytest.fixture
def page(server: Server, tmp_path: Path) -> Iterator[Page]:
    """A browser in front of the sign-in page; any error on its console fails the test."""
    expect.set_options(timeout=30_000)  # on a machine that is busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768}, accept_downloads=True)
        page.set_default_timeout(20_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(server.url)
        expect(page).to_have_url(f"{server.url}/sign-in")
        wrong.clear()  # asking who is signed in was answered with 401, as it should
        yield page
        browser.close()
        assert wrong == []


def sign_in(page: Page, name: str) -> None:
    """Fill in the sign-in page and wait for the wall."""
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", fake_services.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("figure.tile video")


def test_a_shift_at_the_desk(page: Page, server: Server) -> None:
    sign_in(page, "monitor")

    _until(page, _PLAYING)
    before = page.evaluate("[...document.querySelectorAll('video')].map((v) => v.currentTime)")
    page.wait_for_timeout(1500)
    after = page.evaluate("[...document.querySelectorAll('video')].map((v) => v.currentTime)")
    assert all(b < a for b, a in zip(before, after, strict=True)), "live pictures advance"
    behind = page.evaluate(
        "[...document.querySelectorAll('video')].map((v) => v.buffered.end(0) - v.currentTime)"
    )
    assert all(seconds < 3 for seconds in behind), behind

    # Where the machine has too much to do, the tile says so, a wrong clock or not.
    fake_services.push_health(server.services)
    market = page.locator("figure.tile[data-camera=market] [data-test=analysis]")
    expect(market).to_have_class("figures number late")
    expect(market).to_contain_text("跳过 64.0 %")
    expect(page.locator("[data-test=analysis].late")).to_have_count(2)  # the street is late

    page.locator("[data-test=queue-panel] [data-incident=inc-river-1]").click()
    clip = page.locator("[data-test=clip]")
    clip.evaluate("(video) => video.play()")
    _until(page, "document.querySelector('[data-test=clip]').currentTime > 0.5")
    clip.evaluate("(video) => { video.currentTime = 8; }")
    _until(page, "document.querySelector('[data-test=clip]').currentTime > 8")
    standing = page.locator("[data-test=basis-standing]")
    expect(standing).to_contain_text("未经审核不得作为处罚证据")
    expect(page.locator("blockquote").get_by_text("现处禁渔期。请收起钓具")).to_be_visible()

    page.click("[data-test=language]")
    expect(standing).to_contain_text("not penalty evidence until reviewed")
    expect(page.locator("html")).to_have_attribute("lang", "en")

    page.click("button[data-action=dispatch]")
    page.select_option("select[name=officer]", "officer-1")
    page.click("[data-test=do]")
    expect(page.locator("[data-test=state]")).to_have_text("Dispatched")
    sent = server.bus.sent[0][1].model_dump()
    assert (sent["action"], sent["user"], sent["officer"]) == ("dispatch", "monitor", "officer-1")


def test_the_keyboard_is_enough_for_triage(page: Page, server: Server) -> None:
    sign_in(page, "monitor")
    page.wait_for_selector("[data-test=queue-panel] [data-incident=inc-market-1]")
    page.keyboard.press("j")
    expect(page.locator("[data-incident=inc-market-1]")).to_have_class("row minor selected")
    page.keyboard.press("c")
    page.keyboard.press("Tab")
    page.click("[data-test=do]")
    page.wait_for_selector("dialog", state="hidden")
    assert server.bus.sent[0][1].model_dump()["action"] == "confirm"
    expect(page.locator("[data-incident=inc-market-1]")).to_contain_text("已确认")
    page.keyboard.press("x")
    page.locator("textarea[name=reason]").fill("误报")
    page.click("[data-test=do]")
    expect(page.locator("[data-incident=inc-market-1]")).to_have_count(0)


def test_a_new_incident_appears_by_itself_on_wall_and_map(page: Page, server: Server) -> None:
    sign_in(page, "viewer")
    page.wait_for_selector("[data-test=queue-panel] [data-incident=inc-market-1]")
    fresh = fake_township.incident(
        "inc-fresh",
        "lane",
        [(IncidentState.DETECTED, 0)],
        server.services.clock.utc_ns(),
        True,
    )
    server.services.feed.push("incidents", IncidentChanged(incident=fresh))
    page.wait_for_selector("[data-test=queue-panel] [data-incident=inc-fresh]")
    page.click("nav a[href='/map']")
    page.wait_for_selector("[data-test=map] canvas")
    page.wait_for_selector(".mark.incident.serious i")
    expect(page.locator(".mark.officer")).to_have_count(5)
    expect(page.locator(".mark.camera")).to_have_count(4)


def test_a_viewer_sees_no_buttons(page: Page) -> None:
    sign_in(page, "viewer")
    page.locator("[data-test=queue-panel] [data-incident=inc-river-1]").click()
    expect(page.get_by_text("查看权限，不能下达指令")).to_be_visible()
    expect(page.locator("button[data-action]")).to_have_count(0)


def test_a_picture_that_stops_says_so_and_comes_back(page: Page) -> None:
    sign_in(page, "viewer")
    _until(page, _PLAYING)
    tile = page.locator("figure.tile[data-camera=lane]")
    expect(tile).not_to_contain_text("画面中断")
    fake_live.BROKEN.add("lane")
    try:
        expect(tile).to_contain_text("画面中断", timeout=10_000)
        expect(page.locator("figure.tile[data-camera=river]")).not_to_contain_text("画面中断")
    finally:
        fake_live.BROKEN.clear()
    expect(tile).not_to_contain_text("画面中断", timeout=25_000)
    _until(page, "document.querySelector('[data-camera=lane] video').currentTime > 0.5")
