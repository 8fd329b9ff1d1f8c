"""Looking back in a real browser: two cameras in step, holes said, a range taken out."""

import re
import threading
from itertools import pairwise
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from core.clock import NS_PER_S, ManualClock, SystemClock, iso
from ingest.file import FileSource
from recorder.activity import ActivityLog
from recorder.camera import CameraRecorder
from recorder.playback.library import Library
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in
from tests.recorder.conftest import make_mp4

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests

NOW_NS = SystemClock().utc_ns()
FIRST_NS = NOW_NS - NOW_NS % NS_PER_S - 600 * NS_PER_S + NS_PER_S // 2
"""In the middle of a second, for the page's clock shows whole ones."""
LATER_S = 2
"""The lane's recording begins so much later than the river's, with the same film."""

BRIGHTNESS = """() => [...document.querySelectorAll("figure.tile")].map((tile) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const drawing = canvas.getContext("2d");
  drawing.drawImage(tile.querySelector("video"), 0, 0, 16, 16);
  const data = drawing.getImageData(0, 0, 16, 16).data;
  return data.reduce((sum, one, at) => (at % 4 === 3 ? sum : sum + one), 0) / (256 * 3);
})"""


@pytest.fixture
def recorded(server: Server, tmp_path: Path) -> Server:
    """Both cameras record a film of 16 s, the river a second one after a pause of 30 s."""
    film = make_mp4(tmp_path / "film.mp4", seconds=16)
    root = tmp_path / "recordings"
    for camera, late_s, times in (("river", 0, 2), ("lane", LATER_S, 1)):
        clock = ManualClock(FIRST_NS + late_s * NS_PER_S)
        for _ in range(times):
            source = FileSource(camera, film, clock)
            CameraRecorder(root, source, clock, segment_s=4, sync=False).run(threading.Event())
            clock.advance(46)
    server.services.playback = Library(root, SystemClock())
    return server


def iso_s(after_s: float) -> str:
    return iso(FIRST_NS + round(after_s * NS_PER_S))


def settled(page: Page) -> list[float]:
    """Brightness of the tiles once each shows a picture and it does not change any more."""
    before: list[float] = []
    for _ in range(150):
        found: list[float] = page.evaluate(BRIGHTNESS)
        if found and min(found) > 5 and found == before:
            return found
        before = found
        page.wait_for_timeout(400)
    raise AssertionError(f"the pictures did not come: {before}")


def test_two_cameras_play_in_step(page: Page, recorded: Server) -> None:
    sign_in(page, "monitor")
    page.goto(f"{recorded.url}/recordings?camera=river,lane&at={iso_s(5)}")
    river, lane = settled(page)
    # Brightness rises by one with every picture, ten a second.
    assert river - lane == pytest.approx(10 * LATER_S, abs=2.5)
    page.click("[data-test=play]")
    page.wait_for_timeout(2500)
    for _ in range(5):
        page.wait_for_timeout(400)
        apart = page.evaluate(BRIGHTNESS)
        assert apart[0] - apart[1] == pytest.approx(10 * LATER_S, abs=4)
    assert page.evaluate(BRIGHTNESS)[0] > river + 10, "time goes on"


def test_a_hole_says_why_and_is_skipped(page: Page, recorded: Server) -> None:
    sign_in(page, "monitor")
    page.goto(f"{recorded.url}/recordings?camera=river,lane&at={iso_s(17)}")
    expect(page.locator("[data-camera=river]")).to_contain_text("码流结束")
    expect(page.locator("[data-camera=lane] .say")).to_have_count(0)
    page.click("[data-test=play]")
    expect(page.locator("[data-camera=lane]")).to_contain_text("码流结束", timeout=30_000)
    expect(page.locator("[data-camera=river] .say")).to_have_count(0, timeout=30_000)
    for _ in range(100):
        if page.evaluate(BRIGHTNESS)[0] > 25:
            break
        page.wait_for_timeout(200)
    assert page.evaluate(BRIGHTNESS)[0] > 25, "the picture after the pause"


def test_movement_is_shown_and_jumped_to(page: Page, recorded: Server, tmp_path: Path) -> None:
    log = ActivityLog(tmp_path / "recordings", SystemClock())
    for second in range(14):
        moving = 0.2 if 8 <= second < 12 else 0.0
        log.note("river", FIRST_NS + second * NS_PER_S, moving, people=int(moving > 0))
    log.note("lane", FIRST_NS + 4 * NS_PER_S, 0.3, vehicles=1)
    log.write(all_of_it=True)
    sign_in(page, "monitor")
    page.goto(f"{recorded.url}/recordings?camera=river,lane&at={iso_s(0)}")
    track = page.locator("[data-activity=river]")
    expect(track.locator("[data-test=moving]")).to_have_attribute("d", re.compile("^M.*Z$"))
    expect(track.locator("[data-test=people]")).to_have_attribute("d", re.compile("^M.*Z$"))
    expect(track.locator("[data-test=vehicles]")).to_have_attribute("d", "")
    lane = page.locator("[data-activity=lane] [data-test=vehicles]")
    expect(lane).to_have_attribute("d", re.compile("^M.*Z$"))
    # Of the bar's whole width the movement takes as much as of its time.
    box = track.locator("[data-test=moving]").evaluate("(one) => one.getBBox().width / 1000")
    assert 3 / 3600 < box < 20 / 3600

    seen: list[str] = []

    def jump(key: str) -> None:
        page.keyboard.press(key)
        expect(page.locator("[data-test=moment]")).not_to_have_text(seen[-1])
        seen.append(page.locator("[data-test=moment]").inner_text())

    page.locator("[data-row=river]").focus()
    seen.append(page.locator("[data-test=moment]").inner_text())
    for key in ("]", "]", "["):
        jump(key)
    seconds = [sum(int(n) * 60 ** (2 - i) for i, n in enumerate(t.split(":"))) for t in seen]
    gone = [(b - a + 43_200) % 86_400 - 43_200 for a, b in pairwise(seconds)]
    # A step begins at an even second, up to two before the movement.
    assert gone[0] in (2, 3, 4)
    assert gone[1:] == [4, -4]


def test_a_range_is_taken_out_with_a_reason(page: Page, recorded: Server, tmp_path: Path) -> None:
    sign_in(page, "monitor")
    page.goto(f"{recorded.url}/recordings?camera=river&at={iso_s(5)}")
    settled(page)
    row = page.locator("[data-row=river]")
    row.hover()
    page.click("[data-test=export]")
    dialog = page.locator("[data-test=export-dialog]")
    expect(dialog.locator("[data-test=do]")).to_be_disabled()
    dialog.locator("[name=reason]").fill("调查取证")
    with page.expect_download() as download:
        dialog.locator("[data-test=do]").click()
    download.value.save_as(tmp_path / "export.mp4")
    with av.open(str(tmp_path / "export.mp4")) as film:
        # All 16 s before the pause, and after it the three groups up to a minute after 5 s.
        assert sum(1 for packet in film.demux(video=0) if packet.size) == 190
    with recorded.services.store.read() as unit:
        (entry,) = [one for one in unit.audit.entries() if one.action == "recording.export"]
    assert entry.reason == "调查取证"
