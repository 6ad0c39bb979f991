"""A recogniser process as its parent sees it, and the spare one that stands by with its model loaded."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from asr_models.engine import EngineSpec
from hotline.errors import ModelError

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
SPARE_AFTER_S = 3.0
"""The spare process is made a little later, so that it takes nothing from the one that works."""


class WorkerProcess:
    """A process with a loaded model and the socket to it."""

    def __init__(self, spec: EngineSpec) -> None:
        """Start the process and wait until its model is loaded. Raises: ModelError."""
        ours, theirs = socket.socketpair()
        with theirs:
            root = str(Path(__file__).parent.parent)
            path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "asr_models.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
        self.pipe = Connection(ours.detach())
        try:
            self.pipe.send(spec)
            in_time = self.pipe.poll(START_TIMEOUT_S)
            answer = self.pipe.recv() if in_time else ("failed", f"{START_TIMEOUT_S:.0f} 秒内没有就绪")
        except (EOFError, OSError):
            answer = ("failed", f"进程退出，退出码 {self._process.wait()}")
        if answer[0] != "ready":
            self.kill()
            raise ModelError(
                "语音识别进程没有启动", expected="模型加载成功", found=str(answer[1]), remedy="请检查语音模型"
            )

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    def runs(self) -> bool:
        """Say whether the process is there."""
        return self._process.poll() is None

    def kill(self) -> int:
        """End the process at once and return its exit code."""
        self._process.kill()
        return self._process.wait()


class Spare:
    """One loaded process for whichever worker dies next; the next spare is made in the background."""

    def __init__(self, spec: EngineSpec, *, wanted: bool = True) -> None:
        self._spec = spec
        self._wanted = wanted
        self._lock = threading.Lock()
        self._standing_by: WorkerProcess | None = None
        self._made = threading.Event()
        self._made.set()

    def prepare(self) -> None:
        """Make a spare in the background unless there is one."""
        with self._lock:
            if not self._wanted or self._standing_by or not self._made.is_set():
                return
            self._made.clear()
        threading.Thread(target=self._make, name="asr-spare", daemon=True).start()

    def take(self) -> WorkerProcess:
        """Return a process with a loaded model, the spare one if it is ready. Raises: ModelError."""
        with self._lock:
            ready, self._standing_by = self._standing_by, None
        if ready and ready.runs():
            return ready
        return WorkerProcess(self._spec)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until a spare that is being made is ready; True when there is one."""
        self._made.wait(timeout_s)
        return self._standing_by is not None

    def close(self) -> None:
        """End the spare process."""
        with self._lock:
            self._wanted = False
            standing_by, self._standing_by = self._standing_by, None
        if standing_by:
            standing_by.kill()

    def _make(self) -> None:
        time.sleep(SPARE_AFTER_S)
        try:
            made: WorkerProcess | None = WorkerProcess(self._spec)
        except ModelError as error:
            log.error("no spare recogniser process", extra={"error": error.message})
            made = None
        with self._lock:
            if self._wanted:
                self._standing_by, made = made, None
            self._made.set()
        if made:
            made.kill()
