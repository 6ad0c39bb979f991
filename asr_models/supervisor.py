"""One supervised worker process: started, fed, watched, and replaced when it dies or hangs."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from asr_models.engine import EngineSpec
from asr_models.session import Supervision, WorkerSession
from hotline.errors import ModelError, RecognizerError

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
SILENT_S = 8.0
"""A worker beats several times a second; silence for so long means that it hangs."""
STUCK_S = 30.0
"""A worker that beats but has decoded nothing of what it holds for so long hangs in native code."""
WATCH_EVERY_S = 0.5
MOST_DEATHS = 3
"""After so many deaths with nothing decided between them the worker is given up."""
SKIP_AFTER_DEATHS = 2
"""From this death in a row on, the audio that it died on is not fed again."""
REVIVE_AFTER_S = 10.0
"""A worker that was given up is tried again when a session is wanted after so long."""


class SupervisedWorker(Supervision):
    """The parent's side of a worker process."""

    def __init__(self, spec: EngineSpec) -> None:
        """Start the process and wait until its model is loaded. Raises: ModelError."""
        self.changed = threading.Condition()
        self._spec = spec
        self._sessions: dict[int, WorkerSession] = {}
        self._to_close: deque[int] = deque()
        self._closed = False
        self._ready = False
        self._failure = ""
        self._failed_at = 0.0
        self._deaths = 0
        self._heard_at = self._progress_at = time.monotonic()
        self._launch()
        threading.Thread(target=self._send_loop, name="asr-send", daemon=True).start()
        threading.Thread(target=self._watch_loop, name="asr-watch", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process number, for the health page and for tests that kill it."""
        return self._process.pid

    @property
    def max_lag_s(self) -> float:
        """Seconds of audio that a session may queue."""
        return self._spec.max_lag_s

    def load(self) -> int:
        """Return the number of sessions."""
        return len(self._sessions)

    def check(self) -> None:
        """Raise: RecognizerError when the worker was given up or closed."""
        if self._failure:
            raise RecognizerError("语音识别进程不可用", found=self._failure, remedy="请先手工记录，系统会自动重试")

    def serve(self, session: WorkerSession) -> None:
        """Serve a session. Raises: RecognizerError; a worker that was given up is then tried again."""
        if self._failure and not self._closed and time.monotonic() - self._failed_at > REVIVE_AFTER_S:
            self._failed_at = time.monotonic()
            threading.Thread(target=self._replace, name="asr-revive", daemon=True).start()
        self.check()
        with self.changed:
            self._sessions[session.id] = session
            self.changed.notify_all()

    def forget(self, session: WorkerSession) -> None:
        """Stop serving a session."""
        with self.changed:
            if self._sessions.pop(session.id, None) and session.opened:
                self._to_close.append(session.id)
                self.changed.notify_all()

    def close(self) -> None:
        """End the process."""
        with self.changed:
            self._closed = True
            self._failure = "识别器已关闭"
            self.changed.notify_all()
        self._process.kill()
        self._process.wait()

    def _launch(self) -> None:
        """Start a process and wait for its model. Raises: ModelError."""
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
        pipe = Connection(ours.detach())
        try:
            pipe.send(self._spec)
            answer = pipe.recv() if pipe.poll(START_TIMEOUT_S) else ("failed", f"{START_TIMEOUT_S:.0f} 秒内没有就绪")
        except (EOFError, OSError):
            answer = ("failed", f"进程退出，退出码 {self._process.wait()}")
        if answer[0] != "ready":
            self._process.kill()
            self._process.wait()
            raise ModelError(
                "语音识别进程没有启动", expected="模型加载成功", found=str(answer[1]), remedy="请检查语音模型"
            )
        with self.changed:
            self._pipe = pipe
            self._ready = True
            self._heard_at = self._progress_at = time.monotonic()
            self.changed.notify_all()
        threading.Thread(target=self._read_loop, args=(pipe,), name="asr-read", daemon=True).start()

    def _send_loop(self) -> None:
        """Hand queued items to the process. It may block here; it never does with the lock held."""
        while not self._closed:
            with self.changed:
                messages = self._messages() if self._ready else []
                if not messages:
                    self.changed.wait(timeout=1)
                    continue
                pipe = self._pipe
            try:
                for message in messages:
                    pipe.send(message)
            except OSError:
                continue  # the reader notices the death; what was sent in vain is fed again

    def _messages(self) -> list[tuple[Any, ...]]:
        messages: list[tuple[Any, ...]] = []
        while self._to_close:
            messages.append(("close", self._to_close.popleft()))
        for session in self._sessions.values():
            if not session.opened:
                session.opened = True
                messages.append(("open", session.id, session.channel))
            while item := session.next_to_send():
                frame = item.frame
                messages.append(("audio", session.id, item.seq, frame) if frame else ("end", session.id, item.seq))
        return messages

    def _read_loop(self, pipe: Connection) -> None:
        while True:
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                break
            with self.changed:
                self._heard_at = time.monotonic()
                self._receive(message)
                self.changed.notify_all()
        if not self._closed:
            self._replace()

    def _receive(self, message: Sequence[Any]) -> None:
        if message[0] == "beat":
            for session_id, seq in message[1].items():
                session = self._sessions.get(session_id)
                if session and session.heard(seq):
                    self._progress_at = self._heard_at
            return
        _, session_id, transcripts, decided_seq = message
        self._progress_at = self._heard_at
        if decided_seq is not None:
            self._deaths = 0
        if session := self._sessions.get(session_id):
            session.decoded(transcripts, decided_seq)

    def _watch_loop(self) -> None:
        """Kill a process that hangs; its death does the rest."""
        while not self._closed:
            time.sleep(WATCH_EVERY_S)
            with self.changed:
                now = time.monotonic()
                if not any(session.owes_answer() for session in self._sessions.values()):
                    self._progress_at = now
                hangs = now - self._heard_at > SILENT_S or now - self._progress_at > STUCK_S
                if self._ready and hangs:
                    log.error("recogniser worker hangs and is killed", extra={"pid": self._process.pid})
                    self._ready = False
                    self._process.kill()

    def _replace(self) -> None:
        """Start another process and feed it all undecided audio; sessions go on queueing meanwhile."""
        with self.changed:
            self._ready = False
            self._deaths += 1
        self._process.kill()
        exit_code = self._process.wait()
        log.error("recogniser worker died", extra={"exit_code": exit_code, "deaths": self._deaths})
        with self.changed:
            skip = self._deaths >= SKIP_AFTER_DEATHS
            for session in self._sessions.values():
                session.feed_again(skip=skip)
            self._to_close.clear()
        failure = "识别进程反复退出" if self._deaths > MOST_DEATHS and not self._failure else ""
        if not failure and not self._closed:
            try:
                self._launch()
            except ModelError as error:
                failure = error.found
        with self.changed:
            if self._closed:
                self._process.kill()
                return
            self._failure, self._failed_at = failure, time.monotonic()
            self._deaths = 0 if failure else self._deaths
            self.changed.notify_all()
