"""A real browser that pretends to be an officer's phone, and one of the desk beside it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import pack
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

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
PLACE = {"longitude": 120.6128, "latitude": 30.4618, "accuracy": 9.0}
# An ordinary phone, held upright.
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "geolocation": PLACE,
    "permissions": ["geolocation", "camera", "microphone"],
    "locale": "zh-CN",
}


@pytest.fixture
def alerts(server: Server) -> fake_field.Alerts:
    return fake_field.equip(server.services)


@pytest.fixture
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # on a machine that is busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A phone; a defect of the page, or something its policy forbids, fails the test."""
    failed = request.session.testsfailed
    context = browser.new_context(**_PHONE)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security" in said.text else None,
    )
    yield context
    if request.session.testsfailed > failed:
        for page in context.pages:
            print("The phone showed:", page.url, page.locator("body").inner_text(), sep="\n")
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
    for _ in range(300):
        with server.services.store.read() as unit:
            found = find(unit)
        if len(found) >= count:
            return found
        page.wait_for_timeout(200)
    raise AssertionError(f"only {len(found)} of {count}")


def outbox_is_empty(page: Page) -> None:
    expect(page.locator("[data-test=outbox]")).to_have_text("✓")


def desk_page(browser: Browser, server: Server, to: str) -> Page:
    """A monitor's browser on one page of the desk."""
    desk = browser.new_page(viewport={"width": 1366, "height": 768})
    desk.set_default_timeout(30_000)
    desk.goto(f"{server.url}/sign-in?to={to}")
    desk.fill("input[name=name]", "monitor")
    desk.fill("input[name=password]", fake_services.PASSWORD)
    desk.click("button[type=submit]")
    return desk


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
