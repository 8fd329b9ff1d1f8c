"""Taking evidence out with a reason, asking for a copy, and the register, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.copies import CopyWanted
from core.custody import Kept
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


def test_recordings_are_locked_and_released_on_the_page(page: Page, server: Server) -> None:
    sign_in(page, "chief")
    page.goto(f"{server.url}/incidents/inc-river-1")
    panel = page.locator("[data-test=locks]")
    expect(panel).to_contain_text("没有为此事件保全的录像")
    panel.locator("[data-test=add-lock]").click()
    do = page.locator("[data-test=do]")
    expect(do).to_be_disabled()
    assert page.locator("select[name=camera]").input_value() == "river"
    page.fill("textarea[name=reason]", "群众来访")
    do.click()
    expect(panel).to_contain_text("群众来访")
    expect(panel).to_contain_text("chief")
    custody = server.services.custody
    assert custody is not None
    (kept,) = custody.kept()
    assert (kept.camera, kept.incident, kept.by) == ("river", "inc-river-1", "chief")
    assert kept.last_ns > kept.first_ns

    page.goto(f"{server.url}/locks")
    row = page.locator(f"[data-lock={kept.owner}]")
    expect(row).to_contain_text("inc-river-1")
    row.locator("[data-test=release]").click()
    expect(do).to_be_disabled()
    page.fill("textarea[name=reason]", "已办结")
    do.click()
    expect(page.locator("[data-test=locks]")).to_contain_text("目前没有保全的录像")
    assert custody.kept() == ()
    with server.services.store.read() as unit:
        told = [one for one in unit.audit.entries() if one.action == "recording.release"]
    assert [(one.actor, one.reason) for one in told] == [("chief", "已办结")]


def test_who_may_not_release_sees_no_button(page: Page, server: Server) -> None:
    custody = server.services.custody
    assert custody is not None
    custody.keep(Kept(owner="inc-river-1", camera="river", first_ns=10**18, last_ns=10**18 + 10**9))
    sign_in(page, "monitor")
    page.goto(f"{server.url}/locks")
    expect(page.locator("[data-lock=inc-river-1]")).to_contain_text("事件发生时自动保全")
    expect(page.locator("[data-test=release]")).to_have_count(0)
    expect(page.locator("[data-test=add-lock]")).to_be_visible()
