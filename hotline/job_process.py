"""Keeps the worker process for jobs alive beside a console."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time

log = logging.getLogger(__name__)

STOP_TIMEOUT_S = 5.0
RESTART_AFTER_S = 1.0
LONGEST_PAUSE_S = 60.0
LIVED_S = 30.0
"""A worker that lived so long was healthy: its successor starts without a pause."""
NICENESS = 10
"""Jobs give way to live calls."""
PARENT_PIPE = "--watch-stdin"


class JobWorkerProcess:
    """Starts `python -m hotline job-worker`, replaces it when it dies, ends it with this process."""

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._process = self._launch()
        self._thread = threading.Thread(target=self._keep, name="job-worker", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Process number, for the health page and for tests that kill it."""
        return self._process.pid

    def close(self) -> None:
        """End the worker; a job that it was doing goes on when the next one starts."""
        self._closed.set()
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _launch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "hotline", "job-worker", PARENT_PIPE], stdin=subprocess.PIPE, env=os.environ
        )

    def _keep(self) -> None:
        pause_s = RESTART_AFTER_S
        while True:
            began = time.monotonic()
            code = self._process.wait()
            if self._closed.is_set():
                return
            pause_s = RESTART_AFTER_S if time.monotonic() - began > LIVED_S else min(2 * pause_s, LONGEST_PAUSE_S)
            log.error("job worker died", extra={"exit_code": code, "pause_s": pause_s})
            if self._closed.wait(pause_s):
                return
            self._process = self._launch()


def end_with_parent() -> None:
    """Stop this process when the other end of its standard input closes: whoever started it is gone."""

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
