"""`python -m hotline demo`: a bank simulator and the console, each in its own process, and a sample call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from hotline.config import Config
from hotline.errors import ExternalError
from hotline.sample import SAMPLE_LEDGER

DEMO_PASSWORD = "Hotline-demo-96110"
DEMO_PREFIX = "demo-"
"""Starts the id of every account of the demo."""
DEMO_USERS = (
    ("operator", "operator", "演示坐席"),
    ("supervisor", "supervisor", "演示督导"),
    ("trainer", "trainer", "演示训练员"),
    ("reviewer", "reviewer", "演示审核民警"),
    ("admin", "admin", "演示管理员"),
)
"""(user name, role, display name); all have `DEMO_PASSWORD` and exist in demo mode only."""
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0


def run_demo(config: Config, on_ready: Callable[[], None] | None = None) -> int:
    """Start both processes, say where the console is, and stay until interrupted or until one dies."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bank_port = int(config["freeze_url"].rsplit(":", 1)[1].strip("/"))
    environment = {**os.environ, "HOTLINE_DEMO": "1", "HOTLINE_DEMO_CALL": "1"}
    bank = _start(["bank-simulator", "--port", str(bank_port), "--ledger", str(SAMPLE_LEDGER)], environment)
    console = _start(["serve"], environment)
    address = f"http://{config['host']}:{config['port']}"
    try:
        _wait_until_served(f"{address}/healthz", (bank, console))
        print(_welcome(address), flush=True)
        if on_ready:
            on_ready()
        while bank.poll() is None and console.poll() is None:
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        for process in (console, bank):
            _stop(process)


def _start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "hotline", *arguments], env=environment)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_served(url: str, processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            raise ExternalError(
                "演示没有启动", expected="两个进程运行", found="其中一个已退出", remedy="见上方日志；端口可能被占用"
            )
        try:
            with opener.open(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise ExternalError(
        "演示没有启动", expected=f"{START_TIMEOUT_S:.0f} 秒内响应", found="没有响应", remedy="见上方日志"
    )


def _welcome(address: str) -> str:
    rows = "\n".join(f"    {name:<12}{DEMO_PASSWORD}    {title}" for name, _, title in DEMO_USERS)
    return (
        f"\n  反诈热线坐席台已启动  The console is running:  {address}\n\n"
        f"  演示账号 Demo log-ins\n{rows}\n\n"
        "  合成的示例通话正在播放，约两分钟。A synthetic sample call is playing.\n"
        "  按 Ctrl+C 结束。Press Ctrl+C to stop.\n"
    )
