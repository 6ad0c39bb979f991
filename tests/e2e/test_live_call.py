"""An operator watches the sample call live in a real browser, by keyboard, and stops the payment."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Product, log_in

pytestmark = [pytest.mark.browser, pytest.mark.speech, pytest.mark.slow]

LEDGER = {"payee_account": "6217003810026894579", "payee_name": "周文斌", "amount": "48600"}
CALL_MS = 200_000
"""The sample takes two minutes; a busy machine is given more."""


@pytest.fixture
def product(whisper_data: Path) -> Iterator[Product]:
    running = Product(whisper_data)
    yield running
    running.stop()


def open_live_call(page: Page) -> None:
    page.click("[data-testid=live-calls] tbody a")
    page.wait_for_selector(".columns")


def stored(data: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data / "hotline.db") as database:
        return database.execute(query).fetchall()


def test_the_sample_call_is_seen_live_and_its_payment_stopped(
    product: Product, browser: Browser, whisper_data: Path
) -> None:
    page = log_in(browser, product)
    open_live_call(page)
    expect(page.locator("[data-testid=recognizer]")).to_contain_text("Whisper")
    expect(page.locator(".line.operator").first).to_be_visible(timeout=CALL_MS)
    expect(page.locator(".line.caller").first).to_be_visible(timeout=CALL_MS)

    label = page.locator("[data-testid=label]")
    expect(label).to_contain_text("冒充公检法", timeout=CALL_MS)
    expect(page.locator("[data-testid=evidence] button").first).to_be_visible()
    expect(page.locator("[data-testid=script-card]")).to_be_visible()
    page.locator("[data-testid=evidence] button").first.click()
    expect(page.locator(".line.pointed")).to_be_visible()

    page.keyboard.press("Digit1")
    expect(page.locator("[data-testid=money_gone-yes]")).to_have_attribute("aria-pressed", "true")
    account = page.locator("[data-entity=bank_card]")
    expect(account.first).to_be_visible(timeout=CALL_MS)
    expect(account.first).to_contain_text("*")

    page.keyboard.press("f")
    page.wait_for_selector("[data-testid=freeze-form]")
    expect(page.locator("[data-testid=freeze-payee_account]")).to_have_value(re.compile(r"\d{16,19}"))
    for field, value in LEDGER.items():
        page.fill(f"[data-testid=freeze-{field}]", value)
    if not page.input_value("[data-testid=freeze-transfer_time]"):
        page.fill("[data-testid=freeze-transfer_time]", "2026-01-05T14:20")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=freeze-request][data-status=stopped]")).to_be_visible()
    expect(page.locator("[data-testid=receipt]")).to_contain_text("ZF")

    assert stored(whisper_data, "SELECT count(*) FROM freezes")[0][0] == 1
    assert stored(whisper_data, "SELECT count(*) FROM audit WHERE action = 'call.reveal'")[0][0] >= 1
    page.context.close()


def test_a_killed_recogniser_and_a_killed_web_process_lose_nothing_committed(
    product: Product, browser: Browser, whisper_data: Path
) -> None:
    page = log_in(browser, product)
    open_live_call(page)
    expect(page.locator(".line").nth(1)).to_be_visible(timeout=CALL_MS)
    os.kill(product.children("asr_models.worker")[0], signal.SIGKILL)
    before = page.locator(".line:not(.partial)").count()
    expect(page.locator(".line:not(.partial)").nth(before + 1)).to_be_visible(timeout=CALL_MS)

    call_id = page.url.rsplit("/", 1)[1]
    committed = stored(whisper_data, f"SELECT id, text FROM segments WHERE call_id = '{call_id}'")
    os.kill(product.web_worker(), signal.SIGKILL)
    product.wait_until_served()
    expect(page.locator(".call-page")).to_have_attribute("data-state", "interrupted", timeout=60_000)
    page.reload()
    page.wait_for_selector(".columns")
    assert set(committed) <= set(stored(whisper_data, f"SELECT id, text FROM segments WHERE call_id = '{call_id}'"))
    expect(page.locator(".line:not(.partial)").nth(len(committed) - 1)).to_be_visible()
    page.context.close()


def test_the_console_works_by_hand_when_recognition_is_off(browser: Browser, tmp_path: Path) -> None:
    product = Product(tmp_path, HOTLINE_ASR_ENGINE="off")
    try:
        page = log_in(browser, product)
        page.click("[data-testid=start-manual]")
        page.wait_for_selector(".columns")
        expect(page.locator("[data-testid=recognizer]")).to_contain_text("不可用")
        page.keyboard.press("t")
        page.keyboard.type("公安局的人说我涉嫌洗钱，让我把钱转到安全账户，卡号6217003810026894579")
        page.keyboard.press("Enter")
        expect(page.locator("[data-entity=bank_card]")).to_be_visible()
        expect(page.locator("[data-testid=label]")).not_to_contain_text("手工")
        page.keyboard.press("Escape")
        page.keyboard.press("l")
        page.keyboard.press("Digit7")
        expect(page.locator("[data-testid=label]")).to_contain_text("冒充公检法")
        page.keyboard.press("f")
        page.fill("[data-testid=freeze-payee_account]", "6217003810026894570")
        expect(page.locator("[data-testid=luhn-warning]")).to_be_visible()
        page.fill("[data-testid=freeze-payee_name]", "周文斌")
        page.fill("[data-testid=freeze-amount]", "100")
        page.fill("[data-testid=freeze-transfer_time]", "2026-01-05T14:20")
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-testid=freeze-request][data-status=stopped]")).to_be_visible()
    finally:
        product.stop()
