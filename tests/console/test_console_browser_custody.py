"""Taking evidence out with a reason, asking for a copy, and the register, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.copies import CopyWanted
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def draw_masks(page: Page) -> None:
    """One with the pointer, one by keyboard, and a third that is taken back."""
    picture = page.locator("[data-test=mask-picture]")
    page.locator("[data-test=mask-time]").fill("1")
    expect(page.locator("section.masks .time .number")).to_contain_text("1.0 /")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    video = page.locator("[data-test=mask-video]").evaluate(
        "(one) => one.videoWidth / one.videoHeight"
    )
    assert box["width"] / box["height"] == pytest.approx(video, rel=0.02), "no black edges"

    def at(x: float, y: float) -> tuple[float, float]:
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*at(0.25, 0.25))
    page.mouse.down()
    page.mouse.move(*at(0.4, 0.5))
    page.mouse.move(*at(0.5, 0.75))
    page.mouse.up()
    rows = page.locator("[data-test=mask-row]")
    expect(rows).to_have_count(1)
    end = rows.locator("input[name=mask-to]")
    end.fill("0.5")
    end.press("Tab")
    expect(page.locator("[role=alert]")).to_contain_text("遮蔽框 1")
    expect(page.locator("[data-test=copy]")).to_be_disabled()
    end.fill("2.5")
    end.press("Tab")
    expect(page.locator("[role=alert]")).to_have_count(0)

    page.locator("[data-test=mask-add]").press("Enter")
    expect(rows).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.locator("[data-test=mask-add]").press("Enter")
    expect(rows).to_have_count(3)
    page.keyboard.press("Delete")
    expect(rows).to_have_count(2)


def test_the_register_tells_who_took_what_and_why(page: Page, server: Server) -> None:
    sign_in(page, "monitor")
    page.goto(f"{server.url}/incidents/inc-river-1")
    page.click("[data-test=take-out] >> nth=0")
    take = page.locator("[data-test=take]")
    expect(take).to_be_disabled()
    page.fill("textarea[name=reason]", "立案")
    page.fill("input[name=recipient]", "县农业农村局")
    with page.expect_download() as download:
        take.click()
    assert Path(download.value.path()).stat().st_size > 0
    page.click("[data-test=register] summary")
    row = page.locator("[data-test=register] tr").filter(has_text="立案 → 县农业农村局")
    expect(row).to_contain_text("monitor")

    page.click("[data-test=copy-of] >> nth=0")
    page.check("input[value=redacted]")
    page.select_option("select[name=people]", "head")
    page.fill("textarea[name=reason]", "公开")
    draw_masks(page)
    page.click("[data-test=copy]")
    expect(page.locator("[data-test=copy]")).to_have_count(0)
    (wanted,) = [one for _, one in server.bus.sent if isinstance(one, CopyWanted)]
    assert wanted.masking is not None
    assert (wanted.masking.people, wanted.reason, wanted.by) == ("head", "公开", "monitor")
    drawn, typed = wanted.masking.manual
    assert drawn.box == pytest.approx((0.25, 0.25, 0.25, 0.5), abs=0.02)
    assert (drawn.from_s, drawn.to_s) == (1, 2.5)
    assert typed.box == pytest.approx((0.41, 0.4, 0.2, 0.19), abs=1e-4)
    assert typed.from_s == pytest.approx(1, abs=0.3)
    assert typed.to_s > 2.5, "to the end of the clip"
