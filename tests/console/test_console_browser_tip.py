"""The public's page on a small phone that loses its network, and the desk that answers."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from console.tips.keeper import Keeper
from core.tips import TipState
from tests.console import fake_field, fake_services
from tests.console.browser_phone import (
    CHROMIUM,
    alerts,
    browser,
    phone,
    photograph,
    stored,
)
from tests.console.conftest import Server
from tests.console.tip_phone import heic

__all__ = ["alerts", "browser", "phone"]
pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Debian's chromium is not installed"),
    pytest.mark.skipif(
        not (fake_services.WEB_ROOT / "tip.html").is_file(),
        reason="the pages are not built: npm ci && npm run build in console/web",
    ),
]


def test_a_tip_through_a_lost_network_to_the_desk_and_back(
    server: Server,
    alerts: fake_field.Alerts,
    phone: BrowserContext,
    browser: Browser,
    tmp_path: Path,
) -> None:
    page = phone.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/tip")
    page.wait_for_selector("[data-test=map] canvas")
    expect(page.locator("[data-test=next]")).to_be_disabled()
    box = page.locator("[data-test=map]").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 90, box["y"] + 90)
    expect(page.locator("[data-test=spot]")).to_contain_text("已在地图上标出")
    page.locator("[data-test=here]").tap()
    expect(page.locator("[data-test=spot]")).to_contain_text("误差约 9 米")
    page.fill("input[name=place]", "闸口东侧")
    page.locator("[data-test=next]").tap()
    page.locator("[data-kind=fishing]").tap()
    page.fill("textarea[name=words]", "有人在闸口电鱼")
    # This browser cannot read the second one: it goes as it is.
    (tmp_path / "scene.heic").write_bytes(heic((320, 240)))
    files = [photograph(tmp_path / "scene.jpg"), tmp_path / "scene.heic"]
    page.set_input_files("[data-test=photo]", files)
    expect(page.locator("[data-test=photos] img")).to_have_count(2)
    page.locator("[data-test=next]").tap()
    expect(page.locator("[data-test=notice]")).to_contain_text("不需要账号")

    # The words arrive, but their answer is lost; then the network is gone, then the page.
    cut = "**/api/v1/tip"
    phone.route(cut, lambda route: (route.fetch(), route.abort())[1])
    page.locator("[data-test=send]").tap()
    expect(page.locator("[data-test=waiting]")).to_be_visible()
    phone.unroute(cut)
    phone.set_offline(True)
    page.close()
    phone.set_offline(False)
    page = phone.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/tip")
    code = page.locator("[data-test=code]").inner_text()
    expect(page.locator("[data-test=arrived]")).to_have_text("照片 2 / 2 已送达")
    (tip,) = stored(server, lambda unit: unit.tips.find(), 1, page)
    assert (tip.place_words, tip.placed, tip.accuracy_m) == ("闸口东侧", "phone", 9)
    assert [(one.width, one.height, one.taken) for one in tip.photos] == [
        (1920, 1280, ""),
        (320, 240, ""),
    ]
    assert phone.cookies() == []

    desk = browser.new_page(viewport={"width": 1366, "height": 768})
    desk.set_default_timeout(30_000)
    desk.goto(f"{server.url}/sign-in?to=/tips")
    desk.fill("input[name=name]", "monitor")
    desk.fill("input[name=password]", fake_services.PASSWORD)
    desk.click("button[type=submit]")
    expect(desk.locator("[data-test=more] summary")).to_contain_text("1")
    desk.click(f"[data-tip={tip.id}]")
    desk.wait_for_selector("[data-tip-state=reviewing] .photos img")
    desk.wait_for_selector("[data-test=tip-map] canvas")
    desk.click("[data-action=open]")
    desk.check("input[name=ongoing]")
    desk.fill("textarea[name=answer]", "已派队员前往")
    desk.click("[data-test=do]")
    desk.wait_for_selector("[data-tip-state=accepted]")
    assert Keeper(server.services).seal() == 2
    desk.click("[data-test=incident]")
    expect(desk.locator("[data-test=state]")).to_contain_text("已派单")
    expect(desk.locator("header").nth(1)).to_contain_text("群众举报地点")
    assert alerts.refused is None

    page.locator("[data-test=ask]").tap()
    page.fill("input[name=code]", code.lower().replace("-", " "))
    page.locator("[data-test=look]").tap()
    expect(page.locator("[data-test=status] h3")).to_have_text("已受理")
    expect(page.locator("[data-test=status]")).to_contain_text("已派队员前往")
    page.fill("input[name=code]", code[:-1] + ("2" if code[-1] != "2" else "3"))
    page.locator("[data-test=look]").tap()
    expect(page.locator("[role=alert]")).to_contain_text("查询码有误")
    with server.services.store.read() as unit:
        assert [one.state for one in unit.tips.find()] == [TipState.ACCEPTED]
