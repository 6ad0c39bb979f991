"""Takes the pictures in docs/screenshots from the running product: `python -m tests.e2e.screenshots [FOLDER]`.

Each page at 1366x768 and 1920x1080. The sample call plays with the real recogniser and the real classifier.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from asr_models.embedded import install_whisper_base
from tests.e2e.conftest import CHROMIUM, FLAGS, Product, log_in

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


def main(folder: Path) -> None:
    """Play the demo and take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        install_whisper_base(Path(data) / "models")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        product = Product(Path(data))
        try:
            visitor = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
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
            page.wait_for_selector("[data-state=ended]", timeout=200_000)
            take(page, "call-ended", folder)
        finally:
            product.stop()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
