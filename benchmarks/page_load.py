"""Page weight and first render on loopback with many calls stored, each page with a cold cache.

Use: python -m benchmarks.page_load [--calls 10000] [--repeats 5]

The demonstration month is loaded and its calls are copied, with all that belongs to them, until there are enough.
Two floors in the same run: the log-in page, which needs no data, and every page again with the month alone.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import show
from hotline.demo import DEMO_PASSWORD
from tests.e2e.conftest import CHROMIUM, FLAGS, Product

PAGES = (
    ("log-in", "", "/login", "input[name=username]"),
    ("calls", "operator", "/calls", "[data-testid=recent-calls] tbody tr"),
    ("board", "supervisor", "/board", "#app > *:not(.loading)"),
    ("archive", "supervisor", "/archive", "[data-testid=archive-results] tbody tr"),
    ("review", "supervisor", "/calls/{call}/review", "[data-testid=review] [data-testid=player]"),
    ("stops", "supervisor", "/freezes", "#app > *:not(.loading)"),
    ("reports", "supervisor", "/reports", "#app canvas"),
    ("label queue", "trainer", "/train", "[data-testid=label-queue] tbody tr"),
    ("label", "trainer", "/train/calls/{call}", "[data-testid=label-lines] li"),
    ("data sets", "trainer", "/train/data", "[data-testid=labelled-now] a"),
    ("models", "trainer", "/train/models", "[data-testid=models] tbody tr"),
    ("users", "admin", "/admin/users", "table"),
)
"""(name, demo account, address, what shows that the page has its data)."""
OWN_IDS = {"calls": "id", "segments": "id", "freezes": "id"}
LEFT_OUT = {"searchable", "segment_grams", "trainer_marks", "labels"}
WEIGHT = """() => {
  const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return {bytes: all.reduce((sum, e) => sum + e.transferSize, 0), requests: all.length, paint: paint?.startTime ?? NaN};
}"""


def copy_calls(database: Path, wanted: int) -> int:
    """Copy the stored calls with what belongs to them until there are `wanted`; return how many there are."""
    with sqlite3.connect(database) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        connection.execute("CREATE TEMP TABLE base AS SELECT id FROM calls WHERE state != 'live'")
        there = connection.execute("SELECT count(*) FROM base").fetchone()[0]
        for copy in range(1, -(-wanted // there)):
            for name in names:
                _copy_table(connection, name, f"{chr(103 + copy // 10)}{copy % 10}", copy)
        return int(connection.execute("SELECT count(*) FROM calls").fetchone()[0])


def _copy_table(connection: sqlite3.Connection, name: str, prefix: str, copy: int) -> None:
    columns = [(row[1], row[2], row[5]) for row in connection.execute(f"PRAGMA table_info({name})")]
    call = "id" if name == "calls" else "call_id"
    if name in LEFT_OUT or call not in [column for column, _, _ in columns]:
        return
    taken, given = [], []
    for column, kind, key in columns:
        if key and kind == "INTEGER" and column == "id":
            continue
        taken.append(f'"{column}"')
        if column == "number":
            given.append("NULL")
        elif column in (call, OWN_IDS.get(name), "segment_id"):
            given.append(f"'{prefix}' || substr(\"{column}\", 3)")
        elif column in ("started_at", "ended_at"):
            given.append(f"datetime(\"{column}\", '-{copy} minutes') || '.000000'")
        else:
            given.append(f'"{column}"')
    own = f"SELECT {', '.join(given)} FROM {name} WHERE {call} IN (SELECT id FROM base)"
    connection.execute(f"INSERT INTO {name} ({', '.join(taken)}) {own}")


def log_in(page: Page, address: str, username: str) -> None:
    """Log in as one of the demo's users."""
    page.goto(f"{address}/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/login" not in url)


def measure(browser: Browser, address: str, call_id: str, repeats: int) -> dict[str, dict[str, Any]]:
    """Return for each page the median of weight, first paint and time until its data shows."""
    result: dict[str, dict[str, Any]] = {}
    for name, username, path, ready in PAGES:
        runs = []
        state = None
        if username:
            context = browser.new_context()
            log_in(context.new_page(), address, username)
            state = context.storage_state()
            context.close()
        for _ in range(repeats):
            context = browser.new_context(storage_state=state, viewport={"width": 1366, "height": 768})
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(address + path.format(call=call_id), wait_until="commit")
            page.wait_for_selector(ready)
            shown_ms = page.evaluate("performance.now()")
            page.wait_for_load_state("load")
            runs.append({**page.evaluate(WEIGHT), "shown": shown_ms})
            context.close()
        result[name] = {
            "kB": round(statistics.median(run["bytes"] for run in runs) / 1000, 1),
            "requests": runs[0]["requests"],
            "first_paint_ms": round(statistics.median(run["paint"] for run in runs)),
            "data_ms": round(statistics.median(run["shown"] for run in runs)),
        }
    return result


def main() -> None:
    """Load, measure, copy, measure again, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--data", type=Path, help="folder with the month loaded; default: load it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = arguments.data or Path(folder)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        settings = {"HOTLINE_ASR_ENGINE": "off", "HOTLINE_LOG_LEVEL": "ERROR"}
        product = Product(data, **settings)
        try:
            if arguments.data is None:
                command = [sys.executable, "-m", "hotline", "demo-data"]
                subprocess.run(command, env=product.environment, check=True)
            with sqlite3.connect(data / "hotline.db") as database:
                query = "SELECT id FROM calls WHERE source = 'file' AND state = 'ended' AND engine = '' LIMIT 1"
                call_id = database.execute(query).fetchone()[0]
                few = database.execute("SELECT count(*) FROM calls").fetchone()[0]
            before = measure(browser, product.address, call_id, arguments.repeats)
            many = copy_calls(data / "hotline.db", arguments.calls)
            after = measure(browser, product.address, call_id, arguments.repeats)
        finally:
            product.stop()
            browser.close()
    rows = []
    for name in after:
        row = {"page": name, "calls": many, **after[name]}
        rows.append({**row, f"data_ms_at_{few}": before[name]["data_ms"]})
    show("page_load", rows)


if __name__ == "__main__":
    main()
