"""The whole circle in a real browser: corrected, reviewed, labelled, retrained, compared, promoted, used."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hotline.demo import DEMO_PASSWORD
from tests.e2e.axe import serious_findings
from tests.e2e.conftest import Product
from tests.e2e.stored_calls import store_calls

expect.set_options(timeout=60_000)
pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAID = "有个网友拉我进群，说帮我代办信用卡，先交三千块保证金，我已经转过去了"
OTHERS = 12
STEPS = "4"
TRAINED_MS = 900_000
"""Retraining takes about two minutes on two free cores; a busy machine is given more."""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    store_calls(tmp_path, OTHERS)
    running = Product(tmp_path, HOTLINE_ASR_ENGINE="off", HOTLINE_LABEL_CONTROL_SHARE="0", HOTLINE_LOG_LEVEL="WARNING")
    yield running
    running.stop()


def enter(browser: Browser, product: Product, username: str) -> Page:
    page = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai"
    ).new_page()
    page.set_default_timeout(60_000)
    page.goto(product.address)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#app :is(table, section)")
    return page


def type_call(page: Page, product: Product) -> str:
    """Work a call by hand; return its id."""
    page.goto(f"{product.address}/calls")
    page.click("[data-testid=start-manual]")
    page.wait_for_selector(".columns")
    page.keyboard.press("t")
    page.keyboard.type(SAID)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    return page.url.rsplit("/", 1)[1]


def stored(data: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data / "hotline.db") as database:
        return database.execute(query, values).fetchall()


def models_of(data: Path, call_id: str) -> list[str]:
    """The models whose predictions of a call are stored; waits until there is one."""
    query = "SELECT DISTINCT model_version FROM predictions WHERE call_id = ?"
    deadline = time.monotonic() + 60
    while not (rows := stored(data, query, call_id)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return [str(version) for (version,) in rows]


def label_one(page: Page, key: str) -> str:
    """Label the call on the page by keys alone and go on; return its id."""
    here = page.locator("[data-testid=label-page]")
    call_id = here.get_attribute("data-call") or ""
    page.keyboard.press("l")
    page.keyboard.press(key)
    expect(page.locator("[data-testid=answer-label]")).not_to_contain_text("还没有选择")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("n")
    page.keyboard.press("s")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(here).not_to_have_attribute("data-call", call_id)
    return call_id


def test_a_correction_becomes_a_better_model(product: Product, browser: Browser, tmp_path: Path) -> None:
    operator = enter(browser, product, "operator")
    call_id = type_call(operator, product)
    (before,) = models_of(tmp_path, call_id)
    operator.keyboard.press("l")
    operator.keyboard.press("Digit4")
    expect(operator.locator("[data-testid=label]")).to_contain_text("贷款")
    operator.click("[data-testid=end-call]")
    operator.wait_for_selector("[data-state=ended]")

    supervisor = enter(browser, product, "supervisor")
    supervisor.goto(f"{product.address}/calls/{call_id}/review")
    supervisor.wait_for_selector("[data-testid=review]")
    supervisor.keyboard.press("s")
    supervisor.keyboard.type("请核对类型")
    supervisor.keyboard.press("Enter")
    expect(supervisor.locator("[data-testid=sent-to-trainer]")).to_be_visible()

    trainer = enter(browser, product, "trainer")
    rows = trainer.locator("[data-testid=label-queue] tbody tr")
    expect(rows.first).to_have_attribute("data-reason", "sent")
    expect(rows.first).to_contain_text("请核对类型")
    assert serious_findings(trainer) == []
    trainer.keyboard.press("Enter")
    expect(trainer.locator("[data-testid=label-page]")).to_have_attribute("data-call", call_id)
    expect(trainer.locator("[data-testid=proposal]")).to_contain_text("贷款")
    assert serious_findings(trainer) == []
    assert label_one(trainer, "4") == call_id
    for key in ("1", "2", "4", "e", "r", "7"):
        last = label_one(trainer, key)
    trainer.keyboard.press("z")
    expect(trainer.locator("[data-testid=label-page]")).to_have_attribute("data-call", last)
    label_one(trainer, "3")
    labels = stored(tmp_path, "SELECT call_id, body FROM labels WHERE NOT undone ORDER BY id")
    assert len(labels) == 7 and labels[0][0] == call_id
    assert '"evidence": [{' in str(labels[1][1]) and '"money_gone": true' in str(labels[1][1])

    trainer.goto(f"{product.address}/train/data")
    trainer.click("[data-testid=make-dataset]")
    expect(trainer.locator("[data-testid=datasets] tbody tr")).to_have_count(1)
    expect(trainer.locator("[data-testid=datasets]")).to_contain_text("内容未变")
    expect(trainer.locator("[data-testid=agreement]")).to_have_attribute("data-state", "done", timeout=120_000)
    assert serious_findings(trainer) == []

    trainer.goto(f"{product.address}/train/models")
    trainer.fill("[data-testid=order-steps]", STEPS)
    trainer.fill("[data-testid=order-epochs]", "1")
    trainer.click("[data-testid=retrain]")
    job = trainer.locator("[data-testid=job]")
    expect(job).to_have_attribute("data-state", "done", timeout=TRAINED_MS)
    comparison = trainer.locator("[data-testid=comparison]")
    expect(comparison).to_contain_text("宏平均")
    expect(comparison.locator("tbody tr").nth(1)).to_be_visible()
    assert serious_findings(trainer) == []
    trainer.locator("[data-testid=models] [data-testid=promote]").first.click()
    ((version,),) = stored(tmp_path, "SELECT version FROM models")
    expect(trainer.locator("[data-testid=current-model]")).to_have_text(str(version))

    fresh = type_call(operator, product)
    assert models_of(tmp_path, fresh) == [version]
    assert models_of(tmp_path, call_id) == [before]
    trainer.click("[data-testid=roll-back]")
    expect(trainer.locator("[data-testid=current-model]")).to_contain_text("随附模型")
