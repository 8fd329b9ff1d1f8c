"""Warning texts in a real browser: listened to, edited, recorded, approved by somebody else."""

import io
import wave

import numpy as np
from playwright.sync_api import Page, expect

from console.accounts import create_user
from core.store.users import Role
from core.wordbook import seed
from tests.console import fake_services
from tests.console.conftest import Server
from tests.console.test_console_browser import page, pytestmark, sign_in

__all__ = ["page", "pytestmark"]  # the fixture and the conditions of the browser tests


def tone() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        pcm = 6000 * np.sin(2 * np.pi * 500 * np.arange(16000) / 16000)
        file.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()


def test_a_text_is_edited_recorded_and_approved(page: Page, server: Server) -> None:
    made = server.services
    with made.store.begin() as unit:
        seed(unit, made.site.warning_texts, made.clock.utc_ns())
    create_user(made.store, "fazhi", fake_services.PASSWORD, Role.REVIEWER, made.clock)
    sign_in(page, "chief")
    page.click("[data-test=more] summary")
    page.click("[data-test=more] a[href='/words']")
    row = page.locator("[data-text=fishing-1]")
    expect(row).to_contain_text("未审批")
    expect(page.locator("[data-text=fishing-night]")).to_contain_text("禁渔期")
    row.click()
    page.click("[data-test=listen-zh]")
    expect(page.locator("[data-test=measured-zh]")).to_contain_text("dBFS", timeout=60_000)
    page.click("[data-test=edit]")
    page.fill("textarea[name=zh]", "{township}执法队：{zone}禁止垂钓，请离开。")
    page.fill("textarea[name=reason]", "更短")
    page.click("[data-test=save]")
    expect(page.locator("[data-version='fishing-1@2']")).to_contain_text("更短")
    page.set_input_files(
        "[data-piece=zh-2] input", {"name": "a.wav", "mimeType": "audio/wav", "buffer": tone()}
    )
    expect(page.locator("[data-piece=zh-2]")).to_contain_text("chief", timeout=60_000)
    expect(page.locator("[data-test=judge]")).to_have_count(0)
    assert page.context.browser is not None
    other = page.context.browser.new_page(viewport={"width": 1366, "height": 768})
    other.goto(server.url)
    sign_in(other, "fazhi")
    other.goto(f"{server.url}/words")
    row = other.locator("[data-text=fishing-1]")
    row.click()
    other.click("[data-test=judge]")
    other.click("[data-test=save]")
    expect(row).to_contain_text("已审批")
    expect(other.locator("[data-piece=zh-2]")).to_contain_text("已审批")
    other.click("[data-test=language]")
    expect(row).to_contain_text("Approved")
