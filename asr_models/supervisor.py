"""One supervised worker process: started, fed, watched, and replaced when it dies or hangs."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from asr_models.engine import EngineSpec
from asr_models.session import Supervision, WorkerSession
from asr_models.stillness import Stillness, thread_states
from asr_models.worker_process import Spare, WorkerProcess
from hotline.errors import ModelError, RecognizerError

log = logging.getLogger(__name__)

SILENT_S = 8.0
"""A worker beats several times a second; one that is silent for so long hangs even if its threads run."""
BEAT_LATE_S = 0.8
STILL_S = 0.6
"""One that is silent beyond `BEAT_LATE_S` and whose threads all stand still for so long is stopped or locked up."""
STUCK_S = 30.0
"""A worker that beats but has decoded nothing of what it holds for so long hangs in native code."""
WATCH_EVERY_S = 0.2
MOST_DEATHS = 3
"""After so many deaths with nothing decided between them the worker is given up."""
SKIP_AFTER_DEATHS = 2
"""From this death in a row on, the audio that it died on is not fed again."""
REVIVE_AFTER_S = 10.0
"""A worker that was given up is tried again when a session is wanted after so long."""


class SupervisedWorker(Supervision):
    """The parent's side of a worker process."""

    def __init__(self, spec: EngineSpec, spare: Spare | None = None) -> None:
        """Start the process and wait until its model is loaded. `spare` gives processes. Raises: ModelError."""
        self._spare = spare or Spare(spec, wanted=False)
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

    def _launch(self) -> None:
        """Take or start a process. Raises: ModelError."""
        process = self._spare.take()
        self._spare.prepare()
        with self.changed:
            self._process = process
            self._ready = True
            self._stillness = Stillness()
            self._heard_at = self._progress_at = time.monotonic()
            self.changed.notify_all()
        threading.Thread(target=self._read_loop, args=(process,), name="asr-read", daemon=True).start()

    def _send_loop(self) -> None:
        """Hand queued items to the process. It may block here; it never does with the lock held."""
        while not self._closed:
            with self.changed:
                messages = self._messages() if self._ready else []
                if not messages:
                    self.changed.wait(timeout=1)
                    continue
                pipe = self._process.pipe
            try:
                pipe.send(messages)
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

    def _read_loop(self, process: WorkerProcess) -> None:
        while True:
            try:
                message = process.pipe.recv()
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
            if message[2]:
                self._kill("a job hangs")
            return
        _, session_id, transcripts, decided_seq, heard_seq = message
        self._progress_at = self._heard_at
        if decided_seq is not None:
            self._deaths = 0
        if session := self._sessions.get(session_id):
            session.decoded(transcripts, decided_seq)
            session.heard(heard_seq)

    def _watch_loop(self) -> None:
        """Kill a process that hangs; its death does the rest."""
        while not self._closed:
            time.sleep(WATCH_EVERY_S)
            with self.changed:
                now = time.monotonic()
                if not any(session.owes_answer() for session in self._sessions.values()):
                    self._progress_at = now
                silent_s = now - self._heard_at
                still_s = self._stillness.seconds(thread_states(self._process.pid), now)
                locked_up = silent_s > BEAT_LATE_S and still_s >= STILL_S
                hangs = locked_up or silent_s > SILENT_S or now - self._progress_at > STUCK_S
                if hangs and self._ready and not self._process.pipe.poll():
                    self._kill("it does not answer")

    def _kill(self, reason: str) -> None:
        """Kill the process, with the lock held."""
        if self._ready:
            log.error("recogniser worker is killed: %s", reason, extra={"pid": self._process.pid})
            self._ready = False
            os.kill(self._process.pid, signal.SIGKILL)

    def _bury(self, dead: WorkerProcess) -> None:
        """Wait for the end of a process: giving back its memory takes a while, its replacement need not wait."""
        log.error("recogniser worker died", extra={"exit_code": dead.kill(), "deaths": self._deaths})

    def _replace(self) -> None:
        """Start another process and feed it all undecided audio; sessions go on queueing meanwhile."""
        with self.changed:
            self._ready = False
            self._deaths += 1
        dead = self._process
        threading.Thread(target=self._bury, args=(dead,), name="asr-bury", daemon=True).start()
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
