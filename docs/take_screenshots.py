"""Take the pictures of the README and of reviews from a running demo.

    PYTHONPATH=. python docs/take_screenshots.py OUT_DIR

Runs the demo once and photographs every page at both usual sizes and in both languages, at the
moments when there is something to see.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.clock import SystemClock
from wardwatch import demo

SIZES = ((1920, 1080), (1366, 768))
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


def main(out: Path) -> None:
    """One demo, all pictures."""
    out.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    with (
        tempfile.TemporaryDirectory(prefix="ww-") as data,
        demo.running(Path(data) / "demo", port=0) as running,
        browser() as chromium,
    ):
        began_ns = clock.monotonic_ns()
        desk = chromium.new_page(viewport={"width": 1920, "height": 1080})
        desk.goto(running.url)
        desk.wait_for_selector("input[name=name]")
        desk.screenshot(path=out / "sign-in-1920.png")
        desk.fill("input[name=name]", running.user)
        desk.fill("input[name=password]", running.password)
        desk.click("button[type=submit]")
        desk.wait_for_selector("figure.tile video")

        def at(scene_s: float) -> None:
            # The scenes began a few seconds before the console was up.
            passed_s = (clock.monotonic_ns() - began_ns) / 1e9
            desk.wait_for_timeout(max(0.0, scene_s - passed_s) * 1000)

        at(42)
        shoot(desk, out, "wall")
        at(75)
        desk.goto(f"{running.url}/map")
        desk.wait_for_timeout(3000)
        shoot(desk, out, "map")
        desk.goto(f"{running.url}/cameras")
        desk.wait_for_selector("[data-camera]")
        shoot(desk, out, "cameras")
        desk.goto(f"{running.url}/incidents")
        shoot(desk, out, "queue")
        desk.goto(running.url)
        rows = desk.locator("[data-test=queue-panel] [data-incident]")
        rows.filter(has_text="倾倒").first.click()
        desk.wait_for_timeout(2500)
        shoot(desk, out, "incident-dumping")
        desk.goto(f"{running.url}/incidents")
        desk.locator("[data-test=all]").click()
        desk.locator("[data-incident]").filter(has_text="钓").first.click()
        desk.wait_for_timeout(2500)
        shoot(desk, out, "incident-fishing")


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def shoot(page: Page, out: Path, name: str) -> None:
    """One page at all sizes, in Chinese and in English."""
    for language in ("zh", "en"):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(700)
            page.screenshot(path=out / f"{name}-{width}-{language}.png")
        # Not a click of the mouse: an open dialog would catch it.
        page.locator("[data-test=language]").dispatch_event("click")
    page.set_viewport_size({"width": 1920, "height": 1080})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
