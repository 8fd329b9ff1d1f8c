"""Cameras administered through the page, in a real browser."""

from playwright.sync_api import Page, Response, expect

from core.credentials import Credential
from tests.console import fake_many
from tests.console.conftest import Server
from tests.console.fake_office import HOST, PASSWORD, FakeOffice
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def _office(server: Server) -> FakeOffice:
    office = server.services.cameras
    assert isinstance(office, FakeOffice)
    return office


def test_a_chief_adds_changes_and_removes_a_camera(page: Page, server: Server) -> None:
    seen: list[Response] = []
    page.on("response", lambda one: seen.append(one))
    sign_in(page, "chief")
    page.click("nav a[href='/cameras']")
    expect(page.locator("tr[data-camera]")).to_have_count(4)

    # By keyboard alone as far as the form: the list of devices, its choice, name and password.
    page.locator("[data-test=add]").press("Enter")
    devices = page.locator("[data-test=devices] li")
    expect(devices).to_have_count(3)
    expect(devices.nth(2)).to_contain_text("不在允许网段")
    expect(devices.nth(1).locator("button")).to_have_count(0)
    devices.nth(0).locator("button").press("Enter")
    expect(page.locator("dialog input[name=username]")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=probed]")).to_contain_text("Hikvision DS-2CD2143G2-I")
    expect(page.locator("[data-test=probed]")).to_contain_text("2560×1440")
    page.fill("input[name=zh]", "北门")
    page.locator("[data-test=pick] canvas").click(position={"x": 80, "y": 60})
    expect(page.locator("input[name=lon]")).not_to_have_value("")
    page.fill("input[name=bearing]", "45")
    page.click("[data-test=save]")
    expect(page.get_by_text("北门已保存，数秒内生效")).to_be_visible()
    row = page.locator("tr[data-camera=cam-192-168-1-64]")
    expect(row).to_contain_text("正在启动")

    name, camera, draft, credential = _office(server).calls[-1]
    assert (name, camera, credential) == ("add", "cam-192-168-1-64", Credential("admin", PASSWORD))
    assert draft is not None
    assert draft.main == f"rtsp://{HOST}:554/Streaming/Channels/101"
    assert draft.place is not None
    assert abs(draft.place.lon - server.services.site.centre.lon) < 0.1
    assert draft.bearing_deg == 45

    row.locator("[data-test=change]").click()
    expect(page.locator("dialog input[name=zh]")).to_have_value("北门")
    assert PASSWORD not in page.content()
    values = page.eval_on_selector_all("input", "(all) => all.map((one) => one.value)")
    assert PASSWORD not in "".join(values)
    page.click("[data-test=look]")
    expect(page.locator("[data-test=picture]")).to_be_visible()
    page.uncheck("input[name=enabled]")
    page.click("[data-test=save]")
    expect(row).to_contain_text("未启用")
    changed = _office(server).calls[-1][2]
    assert changed is not None
    assert changed.model_dump(exclude_none=True) == {"enabled": False}, "no more than was changed"

    row.locator("[data-test=change]").click()
    page.click("[data-test=remove]")
    expect(page.locator("dialog[open]")).to_contain_text("录像和证据保留")
    page.click("[data-test=remove-do]")
    expect(row).to_have_count(0)
    answers = [
        one.text() for one in seen if "/api/v1/cameras" in one.url and "snapshot" not in one.url
    ]
    assert len(answers) > 5
    assert PASSWORD not in "".join(answers)


def test_a_viewer_finds_what_is_wrong_among_sixty_four(page: Page, server: Server) -> None:
    fake_many.extend(server.services)
    sign_in(page, "viewer")
    page.click("nav a[href='/cameras']")
    rows = page.locator("tr[data-camera]")
    expect(rows).to_have_count(fake_many.COUNT)
    expect(page.locator("[data-test=add], [data-test=change]")).to_have_count(0)
    states = rows.evaluate_all("(all) => all.map((one) => one.className)")
    order = ["offline", "degraded", "unknown", "online", "disabled"]
    assert states == sorted(states, key=order.index)
    assert set(states) == set(order)

    expect(page.locator("tr[data-camera=cam-63]")).to_contain_text("用户名或密码不正确")
    clock = "tr[data-camera={}] [data-test=clock]"
    expect(page.locator(clock.format("cam-18"))).to_have_class("figure number wrong")
    expect(page.locator(clock.format("cam-10"))).to_have_class("figure number")
    for width in (1366, 1920):
        page.set_viewport_size({"width": width, "height": 768})
        beyond = page.eval_on_selector(".scroll", "(one) => one.scrollWidth - one.clientWidth")
        assert beyond == 0, width

    page.click("[data-test=only-offline]")
    expect(rows).to_have_count(3)
    page.click("[data-test=language]")
    expect(page.locator("tr[data-camera=cam-63]")).to_contain_text("User name or password wrong")
    page.click("[data-test=only-offline]")
    page.fill("input[name=sought]", "cam-40")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Switched off")


def test_a_tile_tells_its_camera_s_health(page: Page) -> None:
    sign_in(page, "viewer")
    tile = page.locator("figure.tile[data-camera=street]")
    expect(tile).to_contain_text("时钟 −119.9 s")
    tile.locator("button.dot").press("Enter")
    health = tile.locator("[data-test=health]")
    for fact in (
        "画面被遮挡",
        "0.04 %",
        "−119.9 s ±2 ms",
        "0.8 s",
        "4.8",
        "912 kb/s",
        "视频签名无效",
    ):
        expect(health).to_contain_text(fact)
    page.keyboard.press("Tab")
    expect(health).to_have_count(0)
