"""Voice and film from a phone: seen at the desk while they are taken, sealed, never empty."""

from pathlib import Path

import av
from playwright.sync_api import Browser, BrowserContext, Page, expect

from console.field import magic
from core.cases import OrderState
from core.clock import NS_PER_S
from tests.console import fake_field
from tests.console.browser_phone import (
    alerts,
    browser,
    desk_page,
    outbox_is_empty,
    phone,
    plays_beyond,
    pytestmark,
    sign_in,
    stored,
)
from tests.console.conftest import Server

__all__ = ["alerts", "browser", "phone", "pytestmark"]  # fixtures and conditions


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


# A camera that takes its time, as phones do under load: the recorder's first piece is one octet.
_LATE = """
    const devices = navigator.mediaDevices;
    const ask = devices?.getUserMedia.bind(devices);
    if (ask) devices.getUserMedia = async (wanted) => {
        const canvas = document.createElement("canvas");
        Object.assign(canvas, { width: 1280, height: 720 });
        const brush = canvas.getContext("2d");
        const stream = canvas.captureStream(0);
        const camera = stream.getVideoTracks()[0];
        (await ask({ audio: true })).getTracks().forEach((one) => stream.addTrack(one));
        let hue = 0;
        setTimeout(() => setInterval(() => {
            brush.fillStyle = `hsl(${(hue += 7)} 80% 50%)`;
            brush.fillRect(0, 0, 1280, 720);
            camera.requestFrame();
        }, 100), 6000);
        return stream;
    };
"""


def test_a_camera_that_begins_late_costs_neither_film_nor_sound(
    server: Server, alerts: fake_field.Alerts, phone: BrowserContext
) -> None:
    phone.add_init_script(_LATE)
    page = sign_in(phone, server)
    page.locator("[data-test=duty-on]").tap()
    alerts.offer("officer-1")
    page.locator("[data-test=video]").tap()
    pieces = stored(
        server,
        lambda unit: [size for one in unit.field_media.find() for size in one.sizes],
        3,
        page,
    )
    assert pieces[0] < magic.HEAD, "or this browser makes no such pieces any more"
    expect(page.locator("[data-test=silent]")).to_have_count(0)
    page.locator("[data-test=stop]").tap()
    page.wait_for_selector("[data-test=recording-video]", state="hidden")
    (item,) = stored(server, lambda unit: unit.evidence.find(role="field_video"), 1, page)
    assert _streams(server.services.vault_root / item.path) == {"video", "audio"}
    outbox_is_empty(page)


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
