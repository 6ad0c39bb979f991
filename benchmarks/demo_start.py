"""Seconds from `make demo` in a fresh clone, with warm package caches, to a served page; then the second time.

Use: python -m benchmarks.demo_start
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from benchmarks.report import show

ROOT = Path(__file__).parent.parent
PORT, BANK_PORT = 8196, 8197
LIMIT_S = 900


def seconds_to_page(clone: Path) -> float:
    """Run `make demo`, wait until the log-in page is served, stop it, and return the seconds it took."""
    environment = {
        **os.environ,
        "HOTLINE_PORT": str(PORT),
        "HOTLINE_FREEZE_URL": f"http://127.0.0.1:{BANK_PORT}",
    }
    opener = build_opener(ProxyHandler({}))
    started = time.monotonic()
    process = subprocess.Popen(
        ["make", "demo"], cwd=clone, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while time.monotonic() - started < LIMIT_S:
            if process.poll() is not None:
                raise SystemExit(f"make demo ended with {process.returncode}")
            try:
                with opener.open(f"http://127.0.0.1:{PORT}/", timeout=2) as page:
                    if page.status == 200:
                        return time.monotonic() - started
            except (URLError, OSError):
                time.sleep(0.1)
        raise SystemExit(f"no page within {LIMIT_S} s")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)


def main() -> None:
    """Clone, measure twice, print."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        first = seconds_to_page(clone)
        time.sleep(2)
        second = seconds_to_page(clone)
    show("demo_start", [{"run": "fresh clone", "seconds": first}, {"run": "second time", "seconds": second}])


if __name__ == "__main__":
    main()
