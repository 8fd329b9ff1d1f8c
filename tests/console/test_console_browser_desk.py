"""The duty monitor's desk in a real browser: live talk, notices, transfer, reach, compliance."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from broadcast.audio import read_wav
from core.cases import Notice, NoticeKind
from core.geometry import GeoPoint
from core.value import Text
from sim.camera import VirtualTownship
from tests.console.conftest import Server
from tests.console.fake_talks import FileTalks
from tests.console.test_console_browser import _ARGS, CHROMIUM, pytestmark, sign_in
from tests.sim.camera_kit import township, wait_for

__all__ = ["pytestmark"]
_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
_M_PER_DEGREE = 111_000


@pytest.fixture
def page(server: Server) -> Iterator[Page]:
    """A browser whose microphone beeps; any error on its console fails the test."""
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS + _MICROPHONE)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
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


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[VirtualTownship]:
    """A camera that hears what is said through its backchannel."""
    with township(tmp_path / "camera") as running:
        yield running


def test_a_voice_goes_from_the_microphone_to_the_camera_s_loudspeaker(
    page: Page, server: Server, cameras: VirtualTownship, tmp_path: Path
) -> None:
    server.services.talks = talks = FileTalks(server.services, tmp_path / "talks", cameras)
    sign_in(page, "monitor")
    page.goto(f"{server.url}/incidents/inc-river-1")
    hold = page.locator("[data-test=hold]")
    hold.hover()
    page.mouse.down()
    state = page.locator("[data-test=talk-state]")
    expect(state).to_contain_text("现场可听到")
    page.wait_for_timeout(2500)  # the fake microphone beeps once a second
    page.mouse.up()
    expect(state).to_contain_text("喇叭已接通")
    page.click("[data-test=end]")
    expect(state).to_contain_text("已喊话")
    talks.join()
    assert talks.receipts[0].ok, talks.receipts[0].error
    assert talks.receipts[0].driver == "onvif"
    wait_for(lambda: cameras.truth.all("heard"), 30)
    # Silence may part one beep from the next, and the first may be cut by the key.
    heard = [tmp_path / "camera" / one.facts["wav"] for one in cameras.truth.all("heard")]
    loudest = max((read_wav(one).pcm.astype(int) for one in heard), key=lambda pcm: pcm.max())
    assert loudest.max() > 1000, "the beep was heard at the camera"

    # A page that goes away ends the talk.
    page.reload()
    page.locator("[data-test=hold]").hover()
    page.mouse.down()
    expect(state).to_contain_text("现场可听到")
    page.goto(f"{server.url}/map")
    talks.join()
    assert len(talks.receipts) == 2


def test_the_chief_is_told_takes_note_and_transfers(page: Page, server: Server) -> None:
    sign_in(page, "chief")
    notice = Notice(
        id="inc-lane-1:in-vain:escalated",
        incident="inc-lane-1",
        kind=NoticeKind.ESCALATED,
        audience="chief",
        text=Text(zh="180 秒无人签收", en="nobody acknowledged for 180 s"),
        at_ns=server.services.clock.utc_ns(),
        place=GeoPoint(lon=114.3, lat=30.5),
    )
    with server.services.store.begin() as unit:
        unit.notices.put(notice)
    server.services.feed.push("notices", notice)
    tab = page.locator("[data-test=notices]")
    expect(tab).to_contain_text("1")
    tab.click()
    line = page.locator(f"[data-notice='{notice.id}']")
    expect(line).to_contain_text("督办")
    line.locator("[data-test=take]").click()
    expect(line).to_contain_text("chief 已阅")
    expect(tab).not_to_contain_text("1")

    line.locator("a").click()
    page.click("button[data-action=transfer]")
    page.fill("input[name=to]", "县生态环境分局")
    page.fill("textarea[name=documents]", "现场照片\n询问笔录")
    page.fill("textarea[name=reason]", "事权在县级")
    page.click("[data-test=do]")
    expect(page.locator("[data-test=state]")).to_have_text("已移送")
    sent = server.bus.sent[-1][1].model_dump()
    assert (sent["to"], sent["documents"]) == ("县生态环境分局", ("现场照片", "询问笔录"))
    assert sent["seen"] is not None
    expect(page.locator("button[data-action=reopen]")).to_be_visible()


def test_the_map_shows_how_far_officers_get(page: Page, server: Server) -> None:
    centre = server.services.site.centre
    square = [
        [centre.lon + x * 900 / _M_PER_DEGREE, centre.lat + y * 700 / _M_PER_DEGREE]
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ]

    def reach(now: bool) -> dict[str, object]:
        area = {"type": "Feature", "properties": {"class": "isochrone", "minutes": 5.0},
                "geometry": {"type": "Polygon", "coordinates": [square]}}  # fmt: skip
        far = {"type": "Feature", "geometry": {"type": "Point", "coordinates": square[0]},
               "properties": {"class": "camera", "id": "lane", "minutes": 17.5,
                              "reached": now}}  # fmt: skip
        return {"type": "FeatureCollection", "features": [area, far], "reckoned": "road",
                "circle": 15, "at": "2026-01-01T00:00:00.000Z"}  # fmt: skip

    server.services.reach = reach
    sign_in(page, "monitor")
    page.goto(f"{server.url}/map")
    page.select_option("select[name=reach]", "posts")
    expect(page.locator("[data-test=missed]")).to_contain_text(re.compile("北环村道.*17.5"))
    page.select_option("select[name=reach]", "now")
    expect(page.locator("[data-test=reach]")).to_contain_text("15 分钟圈内")
    page.select_option("select[name=reach]", "off")
    expect(page.locator("[data-test=missed]")).to_have_count(0)
