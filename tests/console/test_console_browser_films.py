"""Films from cards on the time line of their day, in a real browser."""

from pathlib import Path

import av
from playwright.sync_api import Page, expect

from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in
from tests.console.test_console_films import put
from tests.recorder.conftest import make_mp4

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_a_film_stands_at_its_time_and_plays(page: Page, server: Server, tmp_path: Path) -> None:
    body = make_mp4(tmp_path / "film.mp4", seconds=10).read_bytes()
    film = put(server.services, "DJI_0001.MP4", "m300", 6 * 3600, body)
    put(server.services, "clip.avi", "body-1", 25 * 3600, b"of the next day in Shanghai")
    sign_in(page, "monitor")
    page.goto(f"{server.url}/films?day=2026-05-01")
    block = page.locator("[data-film]")
    expect(block).to_have_count(1)
    line = page.locator(".line").bounding_box()
    box = block.bounding_box()
    assert line is not None
    assert box is not None
    assert abs((box["x"] - line["x"]) / line["width"] - 14 / 24) < 0.01, "14:00 in Shanghai"
    block.press("Enter")
    facts = page.locator("article")
    expect(facts).to_contain_text("05/01 14:00:00")
    expect(facts).to_contain_text("设备时钟（文件头） 可信度中")
    expect(facts).to_contain_text(film.id)
    for _ in range(100):
        if page.evaluate("document.querySelector('[data-test=film]').readyState >= 1"):
            break
        page.wait_for_timeout(200)
    with av.open(str(tmp_path / "film.mp4")) as played:
        seconds = float(played.duration or 0) / 1e6
    shown = page.evaluate("document.querySelector('[data-test=film]').duration")
    assert abs(shown - seconds) < 0.2
    with page.expect_download() as download:
        page.get_by_text("导出原件").click()
    assert Path(download.value.path()).read_bytes() == body
    with server.services.store.read() as unit:
        actions = [entry.action for entry in unit.audit.entries()]
    assert {"film.view", "film.export"} <= set(actions)
    page.click("[data-test=language]")
    page.get_by_label("Day after").click()
    expect(page.locator("[data-film]")).to_have_count(1)
    page.locator("[data-film]").click()
    expect(page.locator("article")).to_contain_text("clip.avi")
    expect(page.locator("[data-test=film]")).to_have_count(0)
