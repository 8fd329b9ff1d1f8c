"""The officer's page in a real browser that pretends to be a phone, with and without a network."""

from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, BrowserContext, expect

from console.field import magic
from core.cases import OfficerStatus, OrderState
from tests.console import fake_field, fake_services
from tests.console.browser_phone import (
    PLACE,
    alerts,
    browser,
    desk_page,
    outbox_is_empty,
    phone,
    photograph,
    plays_beyond,
    pytestmark,
    sign_in,
    stored,
)
from tests.console.conftest import Server

__all__ = ["alerts", "browser", "phone", "pytestmark"]  # fixtures and conditions


def test_an_order_from_duty_to_result_through_a_dead_zone(
    server: Server, alerts: fake_field.Alerts, phone: BrowserContext, tmp_path: Path
) -> None:
    page = sign_in(phone, server)
    expect(page.locator("[data-test=place]")).to_have_text("未上报位置")
    page.locator("[data-test=duty-on]").tap()
    expect(page.locator("[data-test=place]")).to_contain_text("正在上报位置 ±9 米")
    stored(server, lambda unit: unit.field_track.find(officer="officer-1"), 1, page)

    order = alerts.offer("officer-1")
    expect(page.locator("[data-test=state]")).to_contain_text("待签收")
    page.wait_for_selector("[data-test=picture]")
    page.wait_for_selector("[data-test=map] canvas")
    page.locator("[data-test=next]").tap()
    expect(page.locator("[data-test=next]")).to_have_text("出发")
    outbox_is_empty(page)
    assert alerts.order(order.id).state is OrderState.ACKNOWLEDGED

    phone.set_offline(True)
    page.locator("[data-test=next]").tap()
    expect(page.locator("[data-test=state]")).to_contain_text("已存手机，待送达")
    page.locator("[data-test=next]").tap()
    phone.set_geolocation({**PLACE, "longitude": 120.6131})
    page.set_input_files("[data-test=photo]", photograph(tmp_path / "scene.jpg"))
    expect(page.locator("[data-test=files]")).to_have_text("已采集 1 项")

    # The battery dies, the page is opened again where there is no network.
    page.close()
    page = phone.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/field")
    expect(page.locator("[data-test=offline]")).to_be_visible()
    expect(page.locator("[data-test=state]")).to_contain_text("到场")
    page.wait_for_selector("[data-test=picture]")
    page.wait_for_selector("[data-test=map] canvas")
    page.locator("[data-test=next]").tap()
    page.get_by_text("已劝离", exact=True).tap()
    page.locator("[data-test=send]").tap()
    page.locator("[data-test=outbox]").tap()
    expect(page.locator("[data-test=outbox-lines]")).to_contain_text("处置结果")
    expect(page.locator("[data-test=outbox-lines]")).to_contain_text("照片")
    assert alerts.order(order.id).state is OrderState.ACKNOWLEDGED, "nothing got through yet"

    phone.set_offline(False)
    expect(page.locator("[data-test=delivered]")).to_contain_text("照片")
    page.get_by_text("返回", exact=True).tap()
    outbox_is_empty(page)
    done = alerts.order(order.id)
    assert [one.state for one in done.history] == [
        "offered", "acknowledged", "en_route", "on_scene", "handled",
    ]  # fmt: skip
    assert done.result.zh == "已劝离"
    assert [one.state.value for one in alerts.replies()] == [
        "acknowledged", "en_route", "on_scene", "handled",
    ]  # fmt: skip
    with server.services.store.read() as unit:
        (item,) = unit.evidence.find(incident=order.incident, role="field_photo")
        acts = unit.field_acts.find(officer="officer-1")
    assert sorted(one.state.value for one in acts if one.state) == [
        "acknowledged", "en_route", "handled", "on_scene",
    ]  # fmt: skip
    result = next(one for one in acts if one.state is OrderState.HANDLED)
    assert [f"fm-{one}" for one in result.media] == [item.id]
    sealed = (server.services.vault_root / item.path).read_bytes()
    picture = cv2.imdecode(np.frombuffer(sealed, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert max(picture.shape) == 1920
    assert not magic.has_exif(sealed)
    assert "2026:11:22 09:30:05" in item.note
    assert "made smaller from an original" in item.note

    page.locator("[data-test=duty-off]").tap()
    page.locator("[data-test=duty-off-sure]").tap()
    expect(page.locator("[data-test=place]")).to_have_text("未上报位置")
    outbox_is_empty(page)
    with server.services.store.read() as unit:
        before = len(unit.field_track.find())
    for step in range(5):
        phone.set_geolocation({**PLACE, "longitude": 120.62 + step / 100})
        page.wait_for_timeout(300)
    with server.services.store.read() as unit:
        assert len(unit.field_track.find()) == before, "off duty nothing is sent"
        position = unit.positions.get("officer-1")
    assert position is not None
    assert position.status is OfficerStatus.OFF


def test_a_call_for_help_is_on_every_desk_and_may_be_withdrawn(
    server: Server, alerts: fake_field.Alerts, phone: BrowserContext, browser: Browser
) -> None:
    desk = desk_page(browser, server, "/incidents")
    desk.wait_for_selector("[data-incident=inc-market-1]")

    page = sign_in(phone, server)
    expect(page.locator("[data-test=panic]")).to_have_count(0)
    page.locator("[data-test=duty-on]").tap()
    expect(page.locator("[data-test=place]")).to_contain_text("正在上报位置")
    panic = page.locator("[data-test=panic]")
    box = panic.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    page.wait_for_timeout(500)
    page.mouse.up()
    page.wait_for_timeout(2500)
    expect(page.locator("[data-test=alarm]")).to_have_count(0)
    page.mouse.down()
    page.wait_for_selector("[data-test=alarm]")
    page.mouse.up()

    call = desk.locator("[data-test=officer-calls]")
    expect(call).to_contain_text("1号队员 紧急求助")
    expect(call).to_contain_text("30.46180, 120.61280 ±9 m")
    desk.click("nav a[href='/map']")
    expect(call).to_be_visible()
    page.locator("[data-test=withdraw]").tap()
    expect(call).to_contain_text("队员称误按，请核实")
    # One touch, and the desk sees where the officer is; there is no order that it belongs to.
    page.locator("[data-test=alarm-film]").tap()
    desk.click("[data-test=look-at-call]")
    plays_beyond(desk, 1)
    page.locator("[data-test=stop]").tap()
    page.wait_for_selector("[data-test=recording-video]", state="hidden")
    desk.click("[data-test=film-close]")
    page.locator("[data-test=alarm]").wait_for()
    desk.click("[data-test=answer-call]")
    expect(call).to_have_count(0)
    expect(page.locator("[data-test=alarm-state]")).to_have_text("值班员已响应")
    with server.services.store.read() as unit:
        (alarm,) = unit.field_alarms.find()
    assert [one.actor for one in alarm.history] == ["officer-1", "officer-1", "monitor"]

    # A lost phone: the desk ends its sessions. Found again, it delivers what it has.
    page.locator("[data-test=alarm-close]").tap()
    desk.goto(f"{server.url}/officers")
    desk.locator("[data-officer=officer-1] [data-test=sign-out-phone]").click()
    desk.fill("textarea[name=reason]", "手机丢失")
    desk.click("[data-test=do]")
    expect(desk.locator(".notices")).to_contain_text("已强制退出")
    page.locator("[data-test=duty-off]").tap()
    page.locator("[data-test=duty-off-sure]").tap()
    expect(page.locator("[data-test=signed-out]")).to_be_visible()
    expect(page.locator("[data-test=outbox]")).to_contain_text("↑")
    page.locator("[data-test=signed-out] button").tap()
    page.fill("input[name=name]", "officer-1")
    page.fill("input[name=password]", fake_services.PASSWORD)
    page.locator("button[type=submit]").tap()
    outbox_is_empty(page)
    with server.services.store.read() as unit:
        (duty,) = unit.field_duties.find()
    assert not duty.on
