"""Takes the pictures of the pages that need a month of work: `python -m tests.e2e.screenshots_month [FOLDER] [DATA]`.

Trainers' pages after a short retraining, recordings handed in, integrations, a second transcription beside the first;
each page at 1366x768 and 1920x1080. DATA is a data folder with the demonstration month, made when it is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from asr_models.embedded import install_whisper_base
from hotline.sample import SAMPLE_CALL
from tests.e2e.conftest import CHROMIUM, FLAGS, Product
from tests.e2e.screenshots import FOLDER, take
from tests.e2e.screenshots_stored import enter

STEPS = "4"
LONG_MS = 900_000
"""Retraining and hearing a call again, on a busy machine."""
TYPED = ("公安局的人说我涉嫌洗钱，让我把钱转到安全账户", "我已经转了三万二，卡号6217003810026894579")
LEAST_ROWS = 4
"""Fewer lines that differ are shown among those that do not."""
TO_LABEL = ("1", "4", "7", "4")


def main(folder: Path, data: Path) -> None:
    """Serve the month and take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"HOTLINE_DATA_DIR": str(data)}
    subprocess.run([sys.executable, "-m", "hotline", "demo-data"], env={**os.environ, **settings}, check=True)
    install_whisper_base(data / "models")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        product = Product(data, HOTLINE_DEMO_CALL="0")
        try:
            integrations(browser, product, folder)
            types(browser, product, folder)
            trainer = labelling(browser, product, folder)
            handed_in = uploads(browser, product, folder)
            heard_again(browser, product, folder, handed_in)
            retraining(trainer, product, folder)
        finally:
            product.stop()
        browser.close()


def integrations(browser: Browser, product: Product, folder: Path) -> None:
    """Two keys and a web hook."""
    page = enter(browser, product, "admin", "/admin/integrations")
    for field, value in (("name", "呼叫中心"), ("url", "https://pbx.example/hooks"), ("name", "报表系统")):
        page.fill(f"input[name={field}]", value)
        form = page.locator("form", has=page.locator(f"input[name={field}]"))
        for box in form.locator("input[type=checkbox]").all()[:2]:
            box.check()
        form.locator("button[type=submit]").click()
        page.wait_for_selector("[data-testid=secret]")
        page.goto(f"{product.address}/admin/integrations")
    take(page, "integrations", folder)
    page.context.close()


def types(browser: Browser, product: Product, folder: Path) -> None:
    """The list of scam types over a call that is typed by hand."""
    page = enter(browser, product, "operator", "/calls")
    page.click("[data-testid=start-manual]")
    page.wait_for_selector(".columns")
    for said in TYPED:
        page.keyboard.press("t")
        page.keyboard.type(said)
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=evidence] button")
    page.keyboard.press("l")
    page.wait_for_selector("dialog[open] .palette")
    take(page, "palette", folder)
    page.keyboard.press("Escape")
    page.click("[data-testid=end-call]")
    page.wait_for_selector("[data-state=ended]")
    page.context.close()


def uploads(browser: Browser, product: Product, folder: Path) -> str:
    """One recording that becomes a call, one file that is none; returns the path of the call's page."""
    page = enter(browser, product, "operator", "/uploads")
    recording = {"name": "1124-0932.wav", "mimeType": "audio/wav", "buffer": SAMPLE_CALL.read_bytes()}
    other = {"name": "会议纪要.docx", "mimeType": "audio/wav", "buffer": b"PK not a recording" * 40}
    page.set_input_files("[data-testid=upload-files]", [recording, other])
    page.wait_for_selector("tr[data-state=failed]", timeout=LONG_MS)
    page.wait_for_selector("tr[data-state=done]", timeout=LONG_MS)
    take(page, "uploads", folder)
    address = page.locator("tr[data-state=done] a").first.get_attribute("href") or ""
    page.context.close()
    return address


def heard_again(browser: Browser, product: Product, folder: Path, address: str) -> None:
    """The transcript with its marks, and both versions of it."""
    page = enter(browser, product, "supervisor", address)
    page.wait_for_selector("[data-testid=second-pass]")
    page.locator("[data-testid=second-pass] button").last.click()
    page.wait_for_selector("[data-testid=second-compare]", timeout=LONG_MS)
    take(page, "call-punctuated", folder)
    page.click("[data-testid=second-compare]")
    page.wait_for_selector(".compared")
    if page.locator(".compared tbody tr").count() < LEAST_ROWS:
        page.locator(".compared input[type=checkbox]").uncheck()
    take(page, "second-pass", folder)
    page.context.close()


def labelling(browser: Browser, product: Product, folder: Path) -> Page:
    """Queue, a call being labelled, data sets; returns the trainer's page."""
    page = enter(browser, product, "trainer", "/train")
    page.wait_for_selector("[data-testid=label-queue] tbody tr")
    take(page, "train-queue", folder)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=label-lines] li")
    for key in ("ArrowDown", "ArrowDown", "n", "y", "s"):
        page.keyboard.press(key)
    take(page, "train-label", folder)
    for key in TO_LABEL:
        label_next(page, key)
    page.goto(f"{product.address}/train/data")
    for testid in ("freeze-test-set", "make-dataset", "make-dataset"):
        page.click(f"[data-testid={testid}]")
        page.wait_for_timeout(3000)
    page.wait_for_selector("[data-testid=agreement][data-state=done]", timeout=LONG_MS)
    take(page, "train-data", folder)
    return page


def retraining(page: Page, product: Product, folder: Path) -> None:
    """A model retrained in a few steps, compared and put into use."""
    page.goto(f"{product.address}/train/models")
    page.fill("[data-testid=order-steps]", STEPS)
    page.fill("[data-testid=order-epochs]", "1")
    page.click("[data-testid=retrain]")
    page.wait_for_selector("[data-testid=job][data-state=done]", timeout=LONG_MS)
    page.wait_for_selector("[data-testid=comparison] tbody tr")
    page.locator("[data-testid=models] [data-testid=promote]").first.click()
    page.wait_for_selector("[data-testid=in-use] .history li")
    take(page, "train-models", folder)
    page.context.close()


def label_next(page: Page, key: str) -> None:
    """Label the call on the page and go on to the next."""
    here = page.locator("[data-testid=label-page]")
    call_id = here.get_attribute("data-call") or ""
    for pressed in ("l", key, "ArrowDown", "n", "s", "1", "Enter"):
        page.keyboard.press(pressed)
    page.wait_for_selector(f"[data-testid=label-page]:not([data-call='{call_id}'])")


if __name__ == "__main__":
    chosen = [Path(argument) for argument in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as temporary:
        main(chosen[0] if chosen else FOLDER, chosen[1] if len(chosen) > 1 else Path(temporary))
