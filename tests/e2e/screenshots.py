"""Takes the pictures in docs/screenshots from the running product: `python -m tests.e2e.screenshots [FOLDER]`.

Each page at 1366x768 and 1920x1080. The sample call plays with the real recogniser and the real classifier.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from asr_models.embedded import install_whisper_base
from tests.e2e.conftest import CHROMIUM, DEMO_PASSWORD, FLAGS, Product, log_in

SIZES = ((1366, 768), (1920, 1080))
FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SETTLE_MS = 600
PLAYED_MS = 75_000
"""So far into the sample call the caller has dictated account, name and amount."""


def take(page: Page, name: str, folder: Path) -> None:
    """Write `name` at both sizes."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=folder / f"{name}-{width}x{height}.png")


def take_training(browser: Browser, product: Product, folder: Path) -> None:
    """Load the demonstration month and picture the trainers' pages."""
    subprocess.run([sys.executable, "-m", "hotline", "demo-data"], env=product.environment, check=True)
    page = browser.new_context(locale="zh-CN").new_page()
    page.set_default_timeout(120_000)
    page.goto(product.address)
    page.fill("input[name=username]", "trainer")
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("[data-testid=label-queue] tbody tr")
    take(page, "train-queue", folder)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=label-lines] li")
    for key in ("ArrowDown", "ArrowDown", "n", "y", "s"):
        page.keyboard.press(key)
    take(page, "train-label", folder)
    page.goto(f"{product.address}/train/data")
    for testid in ("make-dataset", "freeze-test-set"):
        page.click(f"[data-testid={testid}]")
    page.wait_for_selector("[data-testid=test-sets] tbody tr")
    page.wait_for_selector("[data-testid=agreement][data-state=done]")
    take(page, "train-data", folder)
    page.goto(f"{product.address}/train/models")
    page.wait_for_selector("[data-testid=models] tbody tr")
    take(page, "train-models", folder)


def main(folder: Path) -> None:
    """Play the demo and take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        install_whisper_base(Path(data) / "models")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        product = Product(Path(data))
        try:
            visitor = browser.new_context(locale="zh-CN").new_page()
            visitor.goto(product.address)
            take(visitor, "login", folder)
            page = log_in(browser, product)
            page.wait_for_selector("[data-testid=live-calls] tbody a")
            take(page, "calls", folder)
            page.click("[data-testid=live-calls] tbody a")
            page.wait_for_selector(".columns")
            page.wait_for_timeout(PLAYED_MS)
            take(page, "call", folder)
            page.keyboard.press("f")
            page.wait_for_selector("[data-testid=freeze-form]")
            take(page, "freeze-form", folder)
            page.keyboard.press("Escape")
            page.keyboard.press("Control+k")
            take(page, "palette", folder)
            page.keyboard.press("Escape")
            page.wait_for_selector("[data-state=ended]", timeout=200_000)
            take(page, "call-ended", folder)
            take_training(browser, product, folder)
            visitor.fill("input[name=username]", "admin")
            visitor.fill("input[name=password]", DEMO_PASSWORD)
            visitor.click("button.primary")
            visitor.wait_for_url("**/users")
            take(visitor, "users", folder)
        finally:
            product.stop()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
