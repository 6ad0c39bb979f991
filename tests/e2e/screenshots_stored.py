"""Takes the pictures of the pages that show stored calls: `python -m tests.e2e.screenshots_stored [FOLDER]`.

Supervisor, reviewing officer, the operator's wrap-up, administrator; each page at 1366x768 and 1920x1080.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM, DEMO_PASSWORD, FLAGS, Product
from tests.e2e.screenshots import FOLDER, take
from tests.e2e.stored_calls import HEARD_CALL, store_calls

FINISHED, LIVE, WAITING = 60, 5, 3
SETTINGS = {"HOTLINE_ASR_ENGINE": "off", "HOTLINE_FREEZE_SECOND_PERSON_YUAN": "0", "HOTLINE_JOB_WORKER": "external"}


def enter(browser: Browser, product: Product, username: str, path: str) -> Page:
    """Return a page of the console as one of the demo's users sees it."""
    page = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{product.address}/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(product.address + path)
    return page


def main(folder: Path) -> None:
    """Store calls, serve them, and take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        store_calls(Path(data), FINISHED, live=LIVE, waiting=WAITING)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        product = Product(Path(data), **SETTINGS)
        try:
            supervisor(browser, product, folder)
            others(browser, product, folder)
        finally:
            product.stop()
        browser.close()


def supervisor(browser: Browser, product: Product, folder: Path) -> None:
    """Board, archive, review, reports."""
    page = enter(browser, product, "supervisor", "/board")
    page.wait_for_selector("[data-testid=board-call]")
    page.keyboard.press("j")
    take(page, "board", folder)
    page.goto(f"{product.address}/archive")
    page.wait_for_selector("[data-testid=archive-call]")
    page.fill("[data-testid=archive-text]", "转账")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hit")
    take(page, "archive", folder)
    page.goto(f"{product.address}/calls/{HEARD_CALL}/review")
    page.wait_for_selector("[data-testid=player][data-state=ready]")
    page.locator(".line .words > span").nth(40).click()
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    for answer in "yyynyu":
        page.keyboard.press(answer)
    take(page, "review", folder)
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_selector("[data-testid=line-editor]")
    take(page, "review-correct", folder)
    for span in ("month", "day"):
        page.goto("about:blank")
        page.goto(f"{product.address}/reports#span={span}")
        page.wait_for_selector("[data-testid=chart-money]")
        take(page, f"report-{span}", folder)


def others(browser: Browser, product: Product, folder: Path) -> None:
    """Second person, wrap-up, accounts, audit trail, password."""
    page = enter(browser, product, "reviewer", "/freezes")
    page.wait_for_selector("[data-testid=waiting-freeze]")
    page.keyboard.press("j")
    page.wait_for_selector("[data-testid=freeze-whole]")
    take(page, "freeze-queue", folder)
    page = enter(browser, product, "operator", f"/calls/{HEARD_CALL}")
    page.wait_for_selector(".columns")
    page.keyboard.press("w")
    page.wait_for_selector("[data-testid=wrap-up]")
    page.locator("summary").click()
    page.get_by_role("button", name="用草稿").click()
    take(page, "wrap-up", folder)
    page = enter(browser, product, "admin", "/admin/users")
    page.locator("summary").first.click()
    take(page, "users", folder)
    page.goto(f"{product.address}/admin/audit")
    take(page, "audit", folder)
    page.goto(f"{product.address}/account/password")
    take(page, "password", folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
