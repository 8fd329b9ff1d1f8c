"""Where acts come again, in a real browser; what is one act, and what is not."""

from playwright.sync_api import Page, Route, expect

from core.messages import Action, Command
from tests.console import fake_patterns
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def test_patterns_are_read_and_acts_are_taken_apart_and_joined(page: Page, server: Server) -> None:
    fake_patterns.fill(server.services.store, server.services.clock.utc_ns())
    sign_in(page, "monitor")
    page.goto(f"{server.url}/patterns")
    rows = page.locator("[data-spot]")
    river = rows.filter(has_text="青石河滩")
    expect(river).to_contain_text("周六 05:00")
    river.click()
    detail = page.locator("[data-test=detail]")
    expect(detail.locator("[data-test=usual]")).to_contain_text("次在此时段")
    expect(detail.locator("pre")).to_contain_text("days:")
    rows.filter(has_text="群众举报地点").click()
    expect(detail).to_contain_text("不作判断")
    expect(detail.locator("pre")).to_have_count(0)
    page.click("[data-test=language]")
    expect(page.locator("h1")).to_have_text("Where it comes again")

    page.goto(f"{server.url}/incidents/inc-river-1")
    expect(page.locator("[data-test=repeat]")).to_contain_text("Time 3 on this ground in 14 days")
    expect(page.locator("[data-test=where]")).to_contain_text("right within 9 m")
    page.click("[data-action=split]")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[data-sighting=s-3] input")).to_be_disabled()
    expect(dialog.locator("[data-test=do]")).to_be_disabled()
    dialog.locator("[data-sighting=s-2] input").check()
    page.fill("textarea[name=reason]", "somebody else")
    dialog.locator("[data-test=do]").click()
    expect(dialog).to_have_count(0)
    # The list of open incidents is still on its way when the dialog opens.
    held: list[Route] = []
    page.route("**/api/v1/incidents?open=true*", lambda route: held.append(route))
    page.goto(f"{server.url}/incidents/inc-river-2")
    page.click("[data-action=join]")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    assert held
    for route in held:
        route.continue_()
    page.unroute("**/api/v1/incidents?open=true*")
    expect(dialog.locator("[data-into]")).to_have_count(1)
    expect(dialog.locator("[data-into=inc-river-1] input")).to_be_checked()
    page.fill("textarea[name=reason]", "same person")
    dialog.locator("[data-test=do]").click()
    expect(dialog).to_have_count(0)
    commands = [one for _, one in server.bus.sent if isinstance(one, Command)]
    assert [(one.action, one.sightings, one.into) for one in commands] == [
        (Action.SPLIT, ("s-2",), ""), (Action.JOIN, (), "inc-river-1"),
    ]  # fmt: skip
