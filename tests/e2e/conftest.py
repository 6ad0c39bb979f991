"""The real product in real processes, and a real Chromium that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from asr_models.embedded import install_whisper_base
from hotline.demo import DEMO_PASSWORD

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_S = 240


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """`python -m hotline demo` on free ports with a data folder of its own."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.port, bank = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "HOTLINE_DATA_DIR": str(data),
            "HOTLINE_PORT": str(self.port),
            "HOTLINE_FREEZE_URL": f"http://127.0.0.1:{bank}",
            "HOTLINE_SECOND_PASS": "0",
            **settings,
        }
        self.log = (data / "product.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hotline", "demo"], env=self.environment, stdout=self.log, stderr=self.log
        )
        self.wait_until_served()

    def health(self) -> dict[str, object]:
        """Return the health page."""
        with build_opener(ProxyHandler({})).open(f"{self.address}/healthz", timeout=2) as answer:
            found: dict[str, object] = json.load(answer)
        return found

    def wait_until_served(self) -> None:
        """Wait until the console answers."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                self.health()
                return
            except OSError:
                assert self.process.poll() is None, "the demo ended"
                time.sleep(0.2)
        raise AssertionError("the console was not served")

    def children(self, marker: str) -> list[int]:
        """Return the process numbers below the demo whose command line or name holds `marker`."""
        import psutil

        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            if marker in " ".join(process.cmdline()):
                found.append(process.pid)
        return found

    def web_worker(self) -> int:
        """Return the process number of the web server's worker, which runs the calls."""
        import psutil

        (server,) = [p for p in psutil.Process(self.process.pid).children() if "serve" in p.cmdline()]
        (worker,) = [p for p in server.children() if "serve" in p.cmdline()]
        return int(worker.pid)

    def stop(self) -> None:
        """End all processes."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)
        self.log.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def whisper_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the embedded recogniser put together."""
    folder = tmp_path_factory.mktemp("data")
    install_whisper_base(folder / "models")
    return folder


def log_in(browser: Browser, product: Product, username: str = "operator") -> Page:
    """Return the list of calls as one of the demo's users sees it."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(product.address)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", DEMO_PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("[data-testid=recent-calls]")
    return page
