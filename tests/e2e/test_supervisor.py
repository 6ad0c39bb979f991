"""A call's way after it ended, in a real browser, by keyboard: wrapped up, reviewed, sent on; a second person; reports."""

from __future__ import annotations

import io
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from werkzeug.serving import make_server

from hotline.demo import DEMO_PASSWORD
from tests.conftest import MakeHub
from tests.e2e.axe import serious_findings
from tests.e2e.conftest import Product, free_port
from tests.e2e.stored_calls import COMPARED_CALL, HEARD_CALL, HEARD_LIVE, store_calls, store_compared_call
from web import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOWN_MS = 30_000
"""A busy machine is given so long to show what was done."""

expect.set_options(timeout=SHOWN_MS)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("supervisor")
    store_calls(folder, 12, live=3, waiting=2)
    store_compared_call(folder)
    streams = free_port()
    running = Product(
        folder,
        HOTLINE_ASR_ENGINE="off",
        HOTLINE_FREEZE_SECOND_PERSON_YUAN="0",
        HOTLINE_JOB_WORKER="external",
        HOTLINE_WEBSOCKET_PORT=str(streams),
        HOTLINE_MAX_CALLS="1",
    )
    running.folder, running.streams = folder, streams  # type: ignore[attr-defined]
    yield running
    running.stop()


def enter(browser: Browser, product: Product, username: str, path: str = "") -> Page:
    page = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai"
    ).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{product.address}/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/login" not in url)
    if path:
        page.goto(product.address + path)
    return page


def check_axe(page: Page) -> None:
    """No serious finding of axe on the page as it stands."""
    found = serious_findings(page)
    assert not found, (page.url, found)


def stored(product: Product, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(product.folder / "hotline.db") as database:  # type: ignore[attr-defined]
        return database.execute(query).fetchall()


def test_an_operator_wraps_up_by_keyboard(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "operator", f"/calls/{HEARD_CALL}")
    page.wait_for_selector(".columns")
    page.keyboard.press("w")
    page.wait_for_selector("[data-testid=wrap-up]")
    page.keyboard.press("Digit1")
    expect(page.locator("[data-disposition=dissuaded]")).to_be_checked()
    page.keyboard.press("l")
    page.keyboard.press("Digit7")
    expect(page.locator("[data-testid=wrap-up-label]")).to_contain_text("冒充公检法")
    page.fill("[data-testid=wrap-up-at_risk]", "48600")
    page.fill("[data-testid=wrap-up-prevented]", "48,600.50")
    page.locator("summary").click()
    page.get_by_role("button", name="用草稿").click()
    expect(page.locator("[data-testid=wrap-up-summary]")).to_have_value(re.compile("来电，通话.*疑似冒充公检法"))
    check_axe(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice.bad")).to_contain_text("涉险金额")
    page.fill("[data-testid=wrap-up-prevented]", "48600")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=open-wrap-up]")).to_contain_text("成功劝阻")
    row = stored(
        product,
        f"SELECT disposition, at_risk_fen, prevented_fen FROM wrap_ups WHERE call_id = '{HEARD_CALL}' AND counts",
    )
    assert row == [("dissuaded", 4_860_000, 4_860_000)]
    page.context.close()


def test_a_supervisor_hears_corrects_checks_and_sends_on(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "supervisor", f"/calls/{HEARD_CALL}/review")
    page.wait_for_selector("[data-testid=player][data-state=ready]")
    check_axe(page)
    word = page.locator(".line .words > span").nth(30)
    at = float(word.get_attribute("data-at") or 0)
    assert at > 3
    word.click()
    expect(page.locator("[data-testid=player-toggle]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".words > span.now")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    expect(page.locator("[data-testid=player-toggle]")).to_have_attribute("aria-pressed", "false")
    shown = page.inner_text("[data-testid=player-time]").split(" / ")[0]
    minutes, seconds = map(int, shown.split(":"))
    assert 60 * minutes + seconds >= int(at)

    page.keyboard.press("j")
    line = page.locator(".line.selected")
    segment = line.get_attribute("data-segment")
    page.keyboard.press("e")
    page.wait_for_selector("[data-testid=line-editor]")
    page.fill("[data-testid=line-editor] textarea", "我昨天转了三万二给他")
    check_axe(page)
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-segment='{segment}']")).to_contain_text("已更正")
    expect(page.locator(f"[data-segment='{segment}']")).to_contain_text("机器听写")
    assert stored(product, f"SELECT text FROM segment_corrections WHERE segment_id = '{segment}'") == [
        ("我昨天转了三万二给他",)
    ]

    for _ in range(13):
        page.keyboard.press("y")
    expect(page.locator("[data-testid=quality-score]")).to_contain_text("100")
    page.locator("[data-item=red_lines] label", has_text="否").click()
    expect(page.locator("[data-testid=quality-score]")).to_contain_text("红线")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=quality-saved]")).to_contain_text("不合格")

    page.fill("#trainer-comment", "类型请复核")
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=sent-to-trainer]")).to_contain_text("类型请复核")
    assert stored(product, "SELECT call_id FROM trainer_marks") == [(HEARD_CALL,)]
    page.context.close()


def test_a_second_person_approves_and_sends_back(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "reviewer")
    expect(page.locator("[data-testid=waiting-freeze]")).to_have_count(2)
    check_axe(page)
    page.keyboard.press("j")
    expect(page.locator("[data-testid=freeze-whole]")).to_contain_text("6217 0038")
    check_axe(page)
    page.keyboard.press("r")
    page.keyboard.type("金额与凭证不符")
    page.click("[data-testid=send-back-freeze]")
    expect(page.locator("[data-testid=decided]")).to_have_attribute("data-status", "sent_back")
    page.keyboard.press("j")
    page.wait_for_selector("[data-testid=freeze-whole]")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=decided]")).to_have_attribute("data-status", "confirmed")
    expect(page.locator("[data-testid=waiting-freeze]")).to_have_count(0)
    page.context.close()


def test_the_board_follows_live_calls_without_reload(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "supervisor", "/board")
    page.wait_for_selector("[data-testid=board-call]")
    rows = page.locator("[data-testid=board-call]")
    before = rows.count()
    check_axe(page)
    operator = enter(browser, product, "operator", "/calls")
    operator.click("[data-testid=start-manual]")
    operator.wait_for_selector(".columns")
    expect(rows).to_have_count(before + 1)
    operator.keyboard.press("Digit2")
    new_id = operator.url.rsplit("/", 1)[1]
    fresh = page.locator(f"[data-call='{new_id}']")
    expect(fresh).to_contain_text("紧急")
    expect(rows.first).to_contain_text("紧急")
    page.keyboard.press("j")
    expect(rows.first).to_have_class("selected")
    fresh.locator("a").press("Enter")
    page.wait_for_url(f"**/calls/{new_id}")
    operator.keyboard.press("t")
    operator.keyboard.type("他让我马上转账")
    operator.keyboard.press("Enter")
    expect(page.locator(".line.caller")).to_contain_text("他让我马上转账")
    expect(page.locator("[data-testid=end-call]")).to_have_count(0)
    page.context.close()
    operator.context.close()


def test_both_versions_of_a_call_are_compared_and_lines_are_punctuated(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "supervisor", f"/calls/{COMPARED_CALL}")
    line = page.locator(".line.caller p").first
    expect(line).to_contain_text(re.compile("[，。？]$"))
    assert re.sub("[，。？]", "", line.inner_text()) == HEARD_LIVE[0][1]
    page.click("[data-testid=second-compare]")
    rows = page.locator(".versions tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.locator("del")).to_have_text("3")
    expect(rows.locator("ins")).to_have_text("4")
    expect(page.locator(".changes")).to_contain_text("40000")
    expect(page.locator(".changes")).to_contain_text("30000")
    check_axe(page)
    page.locator(".compared input[type=checkbox]").uncheck()
    expect(rows).to_have_count(len(HEARD_LIVE))
    page.context.close()


def stream_beyond_the_limit(product: Product, streams: ExitStack) -> str:
    """Open streams until one is refused; return the id of its call. The demo's own call may hold the only place."""
    for number in range(3):
        external_id = f"e2e-{number}"
        address = f"ws://127.0.0.1:{product.streams}/?operator=operator&call={external_id}"  # type: ignore[attr-defined]
        stream = streams.enter_context(connect(address, proxy=None))
        stream.send(bytes(3200))
        try:
            stream.recv()
        except ConnectionClosed:
            return external_id
    raise AssertionError("no stream was refused")


def test_a_call_beyond_the_limit_is_worked_on_by_hand(product: Product, browser: Browser) -> None:
    with ExitStack() as streams:
        external_id = stream_beyond_the_limit(product, streams)
        ((call_id,),) = stored(product, f"SELECT id FROM calls WHERE external_id = '{external_id}'")
        page = enter(browser, product, "operator", f"/calls/{call_id}")
        expect(page.locator("[data-testid=by-hand]")).to_contain_text("没有自动转写")
        expect(page.locator("[data-testid=by-hand]")).to_contain_text("不超过 1 路")
        check_axe(page)
        page.keyboard.press("t")
        page.keyboard.type("他让我马上转账")
        page.keyboard.press("Enter")
        expect(page.locator(".line.caller")).to_contain_text("他让我马上转账")
        page.click("[data-testid=end-call]")
        expect(page.locator("[data-testid=by-hand]")).to_have_count(0)
        page.context.close()


def test_reports_are_seen_and_taken_out(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "supervisor", "/reports#span=month")
    page.wait_for_selector("[data-testid=chart-money]")
    check_axe(page)
    persons = stored(
        product,
        "SELECT sum(persons) FROM wrap_ups WHERE counts AND disposition = 'consulted' AND day LIKE strftime('%Y-%m', 'now', '+8 hours') || '%'",
    )
    expect(page.locator("[data-testid=persons-consulted]")).to_have_text(str(persons[0][0] or 0))
    painted = page.evaluate(
        "() => { const c = document.querySelector('[data-testid=chart-times]');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0) }"
    )
    assert painted
    for kind in ("xlsx", "pdf"):
        with page.expect_download() as taken:
            page.click(f"[data-testid=report-{kind}]")
        content = Path(taken.value.path()).read_bytes()
        if kind == "xlsx":
            assert "处置结果" in openpyxl.load_workbook(io.BytesIO(content)).sheetnames
        else:
            assert "成功劝阻" in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    page.keyboard.press("d")
    expect(page.locator(".switch button").first).to_have_attribute("aria-pressed", "true")
    page.context.close()


def test_the_archive_finds_filters_and_leads_to_the_review(product: Product, browser: Browser) -> None:
    page = enter(browser, product, "supervisor", "/archive")
    page.wait_for_selector("[data-testid=archive-call]")
    everything = page.locator("[data-testid=archive-call]").count()
    page.keyboard.press("/")
    page.keyboard.type("转账")
    page.keyboard.press("Enter")
    expect(page.locator(".hit mark").first).to_have_text("转账")
    assert page.locator("[data-testid=archive-call]").count() <= everything
    check_axe(page)
    page.locator("[data-testid=archive-call] a").first.click()
    page.wait_for_url("**/calls/**")
    page.context.close()


def test_every_other_page_is_free_of_serious_findings(product: Product, browser: Browser) -> None:
    page = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
    page.goto(f"{product.address}/login")
    check_axe(page)
    for username, paths in (
        ("admin", ("/admin/users", "/admin/audit", "/admin/integrations", "/account/password")),
        ("operator", ("/calls", f"/calls/{HEARD_CALL}", "/uploads")),
        ("trainer", ("/train", "/train/data", "/train/models")),
    ):
        page = enter(browser, product, username)
        for path in paths:
            page.goto(product.address + path)
            expect(page.locator(".loading")).to_have_count(0)
            check_axe(page)
        if username == "admin":
            add_key_and_hook(page, product)
        if username == "operator":
            hand_in_a_recording(page, product)
        if username == "trainer":
            open_first_to_label(page, product)
        check_axe(page)
        page.context.close()


def add_key_and_hook(page: Page, product: Product) -> None:
    """Fill the page of integrations; the new secret is shown once."""
    for field, value in (("name", "呼叫中心"), ("url", "https://pbx.example/hooks")):
        page.goto(f"{product.address}/admin/integrations")
        page.fill(f"input[name={field}]", value)
        form = page.locator("form", has=page.locator(f"input[name={field}]"))
        form.locator("input[type=checkbox]").first.check()
        form.locator("button[type=submit]").click()
        expect(page.locator("[data-testid=secret]")).to_be_visible()


def hand_in_a_recording(page: Page, product: Product) -> None:
    """Let a file wait on the page of uploads, and open the list of types on a live call."""
    page.goto(f"{product.address}/uploads")
    page.set_input_files("[data-testid=upload-files]", {"name": "call.wav", "mimeType": "audio/wav", "buffer": b"RIFF"})
    expect(page.locator("[data-testid=uploads] tbody tr")).to_have_count(1)
    check_axe(page)
    page.goto(f"{product.address}/calls")
    page.click("[data-testid=start-manual]")
    page.wait_for_selector(".columns")
    page.keyboard.press("Digit2")
    page.keyboard.press("t")
    page.keyboard.type("公安局的人说我涉嫌洗钱，让我马上把钱转到安全账户，不许告诉别人")
    page.keyboard.press("Enter")
    expect(page.locator(".risk").first).to_contain_text("紧急")
    expect(page.locator("[data-testid=label]")).to_contain_text("冒充公检法")
    check_axe(page)
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    expect(page.locator("dialog[open] .palette")).to_be_visible()


def open_first_to_label(page: Page, product: Product) -> None:
    """Open a call on the labelling page, with an answer chosen."""
    page.goto(f"{product.address}/train")
    page.wait_for_selector("[data-testid=label-queue] tbody tr")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=label-lines] li")
    page.keyboard.press("l")
    page.keyboard.press("Digit4")


def test_the_first_start_is_free_of_serious_findings(browser: Browser, make_hub: MakeHub) -> None:
    server = make_server("127.0.0.1", 0, create_app(make_hub()), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_url("**/setup")
    check_axe(page)
    page.fill("input[name=username]", "chief")
    page.fill("input[name=password]", "1234567890")
    page.click("button.primary")
    expect(page.locator("[role=alert]")).to_be_visible()
    check_axe(page)
    page.context.close()
    server.shutdown()
