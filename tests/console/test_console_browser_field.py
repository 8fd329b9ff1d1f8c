"""The officer's page in a real browser that pretends to be a phone, with and without a network."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import pack
from typing import Any

import av
import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from console.field import magic
from core.cases import OfficerStatus, OrderState
from core.clock import NS_PER_S
from core.store.unit import Unit
from tests.console import fake_field, fake_services
from tests.console.conftest import Server

CHROMIUM = "/usr/bin/chromium"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which(CHROMIUM) is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif(
        not (fake_services.WEB_ROOT / "field.html").is_file(),
        reason="the pages are not built: npm ci && npm run build in console/web",
    ),
]
_ARGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
         "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # fmt: skip
_PLACE = {"longitude": 120.6128, "latitude": 30.4618, "accuracy": 9.0}
# An ordinary phone, held upright.
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "geolocation": _PLACE,
    "permissions": ["geolocation", "camera", "microphone"],
    "locale": "zh-CN",
}


@pytest.fixture
def alerts(server: Server) -> fake_field.Alerts:
    return fake_field.equip(server.services)


@pytest.fixture
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # on a machine that is busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone; a defect of the page, or something its policy forbids, fails the test."""
    context = browser.new_context(**_PHONE)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security" in said.text else None,
    )
    yield context
    assert wrong == []


def sign_in(context: BrowserContext, server: Server, name: str = "officer-1") -> Page:
    """Open the page, sign in, wait until the shell is kept for dead zones."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/field")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", fake_services.PASSWORD)
    page.locator("button[type=submit]").tap()
    page.wait_for_selector("[data-test=duty]")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def stored(server: Server, find: Callable[[Unit], list[Any]], count: int, page: Page) -> list[Any]:
    """What the store has, once it has so many."""
    for _ in range(150):
        with server.services.store.read() as unit:
            found = find(unit)
        if len(found) >= count:
            return found
        page.wait_for_timeout(200)
    raise AssertionError(f"only {len(found)} of {count}")


def photograph(path: Path) -> Path:
    """A picture as a camera makes it: large, with EXIF that says where its owner was."""
    shades = np.tile(np.linspace(0, 255, 2400, dtype=np.uint8), (1600, 1))
    done, jpeg = cv2.imencode(".jpg", shades)
    assert done
    # TIFF: a directory that names the EXIF directory, which holds DateTimeOriginal alone.
    exif = (
        b"Exif\0\0MM\0*" + pack(">I", 8)
        + pack(">HHHIII", 1, 0x8769, 4, 1, 26, 0)
        + pack(">HHHIII", 1, 0x9003, 2, 20, 44, 0)
        + b"2026:11:22 09:30:05\0"
    )  # fmt: skip
    segment = b"\xff\xe1" + pack(">H", len(exif) + 2) + exif
    path.write_bytes(jpeg[:2].tobytes() + segment + jpeg[2:].tobytes())
    return path


def outbox_is_empty(page: Page) -> None:
    expect(page.locator("[data-test=outbox]")).to_have_text("✓")


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
    phone.set_geolocation({**_PLACE, "longitude": 120.6131})
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
        phone.set_geolocation({**_PLACE, "longitude": 120.62 + step / 100})
        page.wait_for_timeout(300)
    with server.services.store.read() as unit:
        assert len(unit.field_track.find()) == before, "off duty nothing is sent"
        position = unit.positions.get("officer-1")
    assert position is not None
    assert position.status is OfficerStatus.OFF


def desk_page(browser: Browser, server: Server, to: str) -> Page:
    """A monitor's browser on one page of the desk."""
    desk = browser.new_page(viewport={"width": 1366, "height": 768})
    desk.set_default_timeout(30_000)
    desk.goto(f"{server.url}/sign-in?to={to}")
    desk.fill("input[name=name]", "monitor")
    desk.fill("input[name=password]", fake_services.PASSWORD)
    desk.click("button[type=submit]")
    return desk


def records_beyond(page: Page, seconds: int) -> None:
    """Wait until the phone has recorded so long; on a busy machine its clock may skip a second."""
    page.wait_for_function(
        """least => {
            const [minutes, seconds] =
                /(\\d+):(\\d\\d)/.exec(
                    document.querySelector("[data-test=recording]")?.textContent ?? ""
                )?.slice(1).map(Number) ?? [0, -1];
            return minutes * 60 + seconds >= least;
        }""",
        arg=seconds,
    )


def plays_beyond(desk: Page, seconds: float) -> float:
    """Wait until the live film has been played so far; where it is."""
    for _ in range(300):
        now = float(
            desk.evaluate("document.querySelector('[data-test=live-film]')?.currentTime ?? 0")
        )
        if now > seconds:
            return now
        desk.wait_for_timeout(200)
    raise AssertionError(f"the film stands at {now} s")


def test_the_desk_sees_a_film_while_it_is_taken_and_an_order_taken_away_is_told(
    server: Server, alerts: fake_field.Alerts, phone: BrowserContext, browser: Browser
) -> None:
    page = sign_in(phone, server)
    page.locator("[data-test=duty-on]").tap()
    order = alerts.offer("officer-1")
    expect(page.locator("[data-test=next]")).to_have_text("签收")
    desk = desk_page(browser, server, f"/incidents/{order.incident}")
    desk.wait_for_selector("[data-test=state]")

    page.locator("[data-test=video]").tap()
    records_beyond(page, 0)
    expect(desk.locator("[data-film]")).to_contain_text("1号队员 现场直播")
    first = plays_beyond(desk, 1)
    expect(page.locator("[data-test=watched]")).to_have_text("指挥室正在看")
    # Another desk joins late: from a key frame that is no longer the first.
    records_beyond(page, 6)
    late = desk_page(browser, server, f"/incidents/{order.incident}")
    late.wait_for_selector("[data-film]")
    joined = plays_beyond(late, 3)
    late.close()

    phone.set_offline(True)
    expect(desk.locator("[data-test=film-words]")).to_contain_text("秒没有新画面")
    stood = plays_beyond(desk, first)
    phone.set_offline(False)
    after = plays_beyond(desk, stood + 3)
    assert after > joined > first
    assert page.locator("[data-test=recording]").is_visible(), "the phone still records"
    page.locator("[data-test=stop]").tap()
    page.wait_for_selector("[data-test=recording-video]", state="hidden")
    expect(desk.locator("[data-test=film-words]")).to_contain_text("录像已结束")
    with server.services.store.read() as unit:
        looked = [
            one for one in unit.audit.entries(order.incident) if one.action == "field_film.view"
        ]
    assert [one.actor for one in looked] == ["monitor"], "once in five minutes"

    page.locator("[data-test=audio]").tap()
    records_beyond(page, 1)
    page.locator("[data-test=stop]").tap()
    page.wait_for_selector("[data-test=recording-audio]", state="hidden")
    outbox_is_empty(page)
    items = stored(
        server,
        lambda unit: unit.evidence.find(role=["field_video", "field_audio"]),
        2,
        page,
    )
    for item in items:
        content = (server.services.vault_root / item.path).read_bytes()
        assert content.startswith(b"\x1a\x45\xdf\xa3"), item.role
        assert item.last_ns - item.first_ns >= (4 if item.role == "field_video" else 1) * NS_PER_S

    phone.set_offline(True)
    page.locator("[data-test=next]").tap()
    expect(page.locator("[data-test=state]")).to_contain_text("已存手机")
    alerts.cancel(order)
    phone.set_offline(False)
    expect(page.locator("[data-test=late]")).to_contain_text("任务已不归你：已取消")
    outbox_is_empty(page)
    assert alerts.order(order.id).state is OrderState.CANCELLED


# A microphone that another app keeps to itself: a track that never gives anything.
_DEAF = """
    const devices = navigator.mediaDevices;
    const ask = devices?.getUserMedia.bind(devices);
    if (ask) devices.getUserMedia = async (wanted) => {
        const stream = wanted.video ? await ask({ video: wanted.video }) : new MediaStream();
        const sound = new AudioContext();
        await sound.suspend();
        const deaf = sound.createMediaStreamDestination().stream;
        deaf.getTracks().forEach((one) => stream.addTrack(one));
        return stream;
    };
"""


def test_a_microphone_that_gives_nothing_costs_no_film(
    server: Server, alerts: fake_field.Alerts, phone: BrowserContext
) -> None:
    phone.add_init_script(_DEAF)
    page = sign_in(phone, server)
    page.locator("[data-test=duty-on]").tap()
    alerts.offer("officer-1")
    page.locator("[data-test=video]").tap()
    expect(page.locator("[data-test=silent]")).to_contain_text("只录画面")
    films = stored(
        server, lambda unit: [one for one in unit.field_media.find() if one.sizes], 1, page
    )
    assert films[0].kind == "video"
    page.locator("[data-test=stop]").tap()
    page.wait_for_selector("[data-test=recording-video]", state="hidden")
    (item,) = stored(server, lambda unit: unit.evidence.find(role="field_video"), 1, page)
    assert _streams(server.services.vault_root / item.path) == {"video"}

    page.locator("[data-test=audio]").tap()
    expect(page.locator("[data-test=silent]")).to_contain_text("尚未录到内容")
    page.locator("[data-test=stop]").tap()
    expect(page.locator("[data-test=recording-audio]")).to_contain_text("没有录到内容")
    page.get_by_text("返回", exact=True).tap()
    outbox_is_empty(page)
    with server.services.store.read() as unit:
        assert len(unit.field_media.find()) == 1, "an empty file is not even begun"


def _streams(film: Path) -> set[str]:
    with av.open(film) as container:
        assert next(container.decode(video=0)).width == 1280
        return {one.type for one in container.streams}


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
