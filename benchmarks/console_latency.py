"""Delays of a live call as an operator sees them, on the sample call in the real product and a real browser.

Use: python -m benchmarks.console_latency   (two and a half minutes)

Measured: words spoken to partial and final text at the console, final segment stored to shown in the browser,
segment stored to label stored, click to committed request, click to receipt. The peer in the same run is the
recogniser itself: its share of the final delay is the delay before the segment is stored.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from asr_models.embedded import install_whisper_base
from benchmarks.report import percentile, show
from tests.e2e.conftest import CHROMIUM, FLAGS, Product, log_in

WATCH = """() => {
  window.seen = {};
  const look = () => document.querySelectorAll('[data-segment]').forEach((line) => {
    window.seen[line.dataset.segment] ??= Date.now();
  });
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}"""
CALL_S = 130
FREEZES = 20


def listen(address: str, call_id: str, cookies: dict[str, str], partials: list[tuple[float, float]]) -> None:
    """Note when each partial text arrives and until which second of the call it reaches."""
    with httpx.Client(cookies=cookies, trust_env=False, timeout=None) as client:
        while True:
            try:
                with client.stream("GET", f"{address}/api/v1/calls/{call_id}/stream?after=0") as stream:
                    for line in stream.iter_lines():
                        if line.startswith("data: {") and '"partial"' in line:
                            partials.append((time.time(), json.loads(line[6:])["data"]["end_s"]))
            except httpx.HTTPError:
                return


def moments(database: Path, call_id: str) -> dict[str, list[tuple[float, dict[str, Any]]]]:
    """Return the stored events of a call by type with their times in seconds."""
    found: dict[str, list[tuple[float, dict[str, Any]]]] = {}
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT type, at, data FROM call_events WHERE call_id = ? ORDER BY seq", (call_id,))
        for kind, at, data in rows:
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
            found.setdefault(kind, []).append((moment, json.loads(data)))
    return found


def freeze_delays(page: Page, address: str) -> tuple[list[float], list[float]]:
    """Return seconds from click to committed, and from click to receipt, as the browser measures them."""
    script = """async ([address, number]) => {
      const boot = JSON.parse(document.getElementById('boot').textContent);
      const id = crypto.randomUUID ? crypto.randomUUID() : '00000000-0000-4000-8000-' + String(number).padStart(12, '0');
      const account = '62170038100268' + String(number).padStart(4, '0') + '0';
      const fields = { payee_name: '测试', payee_account: account, amount_fen: 100, transfer_time: '2026-01-05T14:20' };
      const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': boot.csrf_token };
      const start = performance.now();
      const answer = await fetch('/api/v1/freezes', { method: 'POST', headers,
        body: JSON.stringify({ request_id: id, call_id: boot.call_id, fields }) });
      const committed = performance.now() - start;
      if (!answer.ok) throw new Error(await answer.text());
      while (!document.querySelector('[data-testid=freeze-request][data-status=stopped]') ||
             document.querySelectorAll('[data-testid=freeze-request][data-status=stopped]').length < number)
        await new Promise((done) => setTimeout(done, 2));
      return [committed / 1000, (performance.now() - start) / 1000];
    }"""
    pairs = [page.evaluate(script, [address, number + 1]) for number in range(FREEZES)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def main() -> None:
    """Run the product once, watch the whole call, print."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder)
        install_whisper_base(data / "models")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        product = Product(data)
        try:
            page = log_in(browser, product)
            page.click("[data-testid=live-calls] tbody a")
            page.wait_for_selector(".columns")
            page.evaluate(WATCH)
            call_id = page.url.rsplit("/", 1)[1]
            cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
            partials: list[tuple[float, float]] = []
            threading.Thread(target=listen, args=(product.address, call_id, cookies, partials), daemon=True).start()
            page.wait_for_selector("[data-state=ended]", timeout=2000 * CALL_S)
            seen = page.evaluate("window.seen")
            committed, receipts = freeze_delays(page, product.address)
            events = moments(data / "hotline.db", call_id)
        finally:
            product.stop()
        browser.close()
    report(events, seen, partials, committed, receipts)


def report(
    events: dict[str, list[tuple[float, dict[str, Any]]]],
    seen: dict[str, float],
    partials: list[tuple[float, float]],
    committed: list[float],
    receipts: list[float],
) -> None:
    """Print one row a delay, in milliseconds."""
    started = datetime.fromisoformat(events["call_started"][0][1]["call"]["started_at"]).timestamp()
    segments = [(at, data["segment"]) for at, data in events["segment"]]
    predictions = [at for at, _ in events.get("prediction", [])]
    labelled = [min((p - at for p in predictions if p >= at), default=None) for at, _ in segments]
    delays = {
        "spoken to partial text": [at - started - end_s for at, end_s in partials],
        "end of utterance to final text stored": [at - started - segment["end_s"] for at, segment in segments],
        "final stored to shown": [seen[s["id"]] / 1000 - at for at, s in segments if s["id"] in seen],
        "final stored to label stored": [delay for delay in labelled if delay is not None],
        "click to committed request": committed,
        "click to receipt shown": receipts,
    }
    show(
        "console_latency",
        [
            {
                "delay": name,
                "count": len(values),
                "p50_ms": round(1000 * percentile(values, 50)),
                "p95_ms": round(1000 * percentile(values, 95)),
            }
            for name, values in delays.items()
            if values
        ],
    )


if __name__ == "__main__":
    main()
