"""The recogniser of a console: supervised worker processes behind `hotline.ports.Recognizer`.

Every session keeps the audio that is not decided yet. When a worker dies or hangs it is replaced and that
audio is fed again, so that no more than the current utterance is delayed and nothing is said twice.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from asr_models.engine import EngineSpec
from asr_models.worker import run_worker
from hotline.audio import AudioFrame, AudioGap
from hotline.domain.segment import Transcript
from hotline.errors import CapacityError, ModelError, RecognizerError
from hotline.ports import EngineInfo

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
HANG_S = 30.0
LONGEST_LAG_S = 30.0
"""Undecided audio a session may hold; beyond it the oldest is dropped and reported as a gap."""
MOST_DEATHS = 3
"""After so many deaths without a decided utterance between them the worker is given up."""
END = None
"""Marks the end of an utterance among a session's undecided frames."""


class WorkerSession:
    """Implements `hotline.ports.RecognizerSession`."""

    def __init__(self, worker: Worker, session_id: int, channel: str) -> None:
        self.id = session_id
        self.channel = channel
        self.undecided: deque[AudioFrame | None] = deque()
        self.unsent: deque[AudioFrame | None] = deque()
        self.finished = threading.Event()
        self.finish_asked = False
        self.finish_sent = False
        self.restart_count = 0
        self._worker = worker
        self._results: deque[Transcript] = deque()
        self._gaps: deque[AudioGap] = deque()
        self._undecided_s = 0.0

    def accept(self, frame: AudioFrame) -> None:
        """Queue speech; the oldest undecided audio is dropped when the worker lags too far."""
        self._worker.check()
        with self._worker.changed:
            self.undecided.append(frame)
            self.unsent.append(frame)
            self._undecided_s += frame.duration_s
            while self._undecided_s > LONGEST_LAG_S:
                self._drop_oldest()
            self._worker.changed.notify_all()

    def end_utterance(self) -> None:
        """Say that speech paused."""
        with self._worker.changed:
            self.undecided.append(END)
            self.unsent.append(END)
            self._worker.changed.notify_all()

    def results(self) -> Sequence[Transcript]:
        """Return what has been recognised since the last call. Raises: RecognizerError."""
        self._worker.check()
        found = []
        while self._results:
            found.append(self._results.popleft())
        return found

    def gaps(self) -> Sequence[AudioGap]:
        """Return audio that was dropped since the last call."""
        found = []
        while self._gaps:
            found.append(self._gaps.popleft())
        return found

    def waiting_s(self) -> float:
        """Return the seconds of audio that are not decided yet."""
        return self._undecided_s

    def restarts(self) -> int:
        """Number of times that the worker behind this session was replaced."""
        return self.restart_count

    def finish(self, timeout_s: float = 30.0) -> Sequence[Transcript]:
        """End the audio and return the remaining transcripts. Raises: RecognizerError after the time-out."""
        with self._worker.changed:
            self.finish_asked = True
            self._worker.changed.notify_all()
        if not self.finished.wait(timeout_s):
            self._worker.check()
            raise RecognizerError("识别没有按时结束", expected=f"{timeout_s:.0f} 秒内", found="超时", remedy="可在通话后重新转写")
        return self.results()

    def close(self) -> None:
        """Drop the session without waiting."""
        self._worker.forget(self)

    def deliver(self, transcripts: Sequence[Transcript]) -> None:
        """Take results from the worker."""
        self._results.extend(transcripts)

    def decided(self, until_s: float) -> None:
        """Forget audio that a final result has covered."""
        while self.undecided:
            frame = self.undecided[0]
            if frame is not END and frame.end_s > until_s + 1e-6:
                return
            self.undecided.popleft()
            self._undecided_s -= frame.duration_s if frame is not END else 0.0

    def feed_again(self) -> None:
        """Send all undecided audio to a new worker."""
        self.unsent = deque(self.undecided)
        self.finish_sent = False
        self.restart_count += 1

    def skip_undecided(self) -> None:
        """Drop all undecided audio: a worker died on it twice."""
        while self.undecided:
            self._drop_oldest()
        self.unsent.clear()

    def _drop_oldest(self) -> None:
        frame = self.undecided.popleft()
        if frame is END:
            return
        self._undecided_s -= frame.duration_s
        if self.unsent and self.unsent[0] is frame:
            self.unsent.popleft()
        if self._gaps and abs(self._gaps[-1].end_s - frame.start_s) < 0.001:
            last = self._gaps.pop()
            self._gaps.append(AudioGap(self.channel, last.start_s, frame.end_s))
        else:
            self._gaps.append(AudioGap(self.channel, frame.start_s, frame.end_s))


class Worker:
    """One supervised process with its sessions; replaced when it dies or hangs."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._sessions: dict[int, WorkerSession] = {}
        self._opened: set[int] = set()
        self.changed = threading.Condition()
        self._closed = False
        self._restarting = False
        self._failure = ""
        self._deaths = 0
        self._heard_at = time.monotonic()
        self._start()
        threading.Thread(target=self._send_loop, name="asr-send", daemon=True).start()
        threading.Thread(target=self._watch_loop, name="asr-watch", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Process number, for the health page and for tests that kill it."""
        return self._process.pid

    def load(self) -> int:
        """Return the number of sessions."""
        return len(self._sessions)

    def check(self) -> None:
        """Raise: RecognizerError when the worker was given up."""
        if self._failure:
            raise RecognizerError("语音识别进程不可用", retryable=False, found=self._failure, remedy="请手工记录；重启坐席台可再试")

    def open(self, session: WorkerSession) -> None:
        """Serve a session. Raises: RecognizerError."""
        self.check()
        with self.changed:
            self._sessions[session.id] = session
            self.changed.notify_all()

    def forget(self, session: WorkerSession) -> None:
        """Stop serving a session."""
        with self.changed:
            if self._sessions.pop(session.id, None) and session.id in self._opened:
                self._opened.discard(session.id)
                self._send(("close", session.id))

    def close(self) -> None:
        """End the process."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
        self._process.terminate()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()

    def _start(self) -> None:
        """Start a process and wait until its model is loaded. Raises: ModelError, RecognizerError."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=run_worker, args=(theirs, self._spec), daemon=True, name="asr-worker")
        self._process.start()
        theirs.close()
        try:
            answer = self._pipe.recv() if self._pipe.poll(START_TIMEOUT_S) else ("failed", "超时")
        except EOFError:
            answer = ("failed", "进程退出")
        if answer[0] != "ready":
            self._process.kill()
            raise ModelError("语音识别进程没有启动", expected="模型加载成功", found=str(answer[1]), remedy="检查语音模型")
        self._opened = set()
        self._heard_at = time.monotonic()
        threading.Thread(target=self._read_loop, args=(self._pipe,), name="asr-read", daemon=True).start()

    def _send(self, message: tuple[Any, ...]) -> bool:
        try:
            self._pipe.send(message)
        except (BrokenPipeError, OSError):
            return False
        return True

    def _send_loop(self) -> None:
        """Hand queued audio to the process, session by session."""
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self._closed or self._has_unsent(), timeout=1)
                if self._closed:
                    return
                if self._restarting:
                    continue
                batch = [message for session in self._sessions.values() for message in self._take(session)]
                for message in batch:
                    if not self._send(message):
                        break

    def _has_unsent(self) -> bool:
        if self._restarting:
            return False
        return any(
            s.unsent or s.id not in self._opened or (s.finish_asked and not s.finish_sent)
            for s in self._sessions.values()
        )

    def _take(self, session: WorkerSession) -> list[tuple[Any, ...]]:
        messages: list[tuple[Any, ...]] = []
        if session.id not in self._opened:
            self._opened.add(session.id)
            messages.append(("open", session.id, session.channel))
        while session.unsent:
            frame = session.unsent.popleft()
            messages.append(("end", session.id) if frame is END else ("audio", session.id, frame))
        if session.finish_asked and not session.finish_sent:
            session.finish_sent = True
            messages.append(("finish", session.id))
        return messages

    def _read_loop(self, pipe: Any) -> None:
        while True:
            try:
                kind, *rest = pipe.recv()
            except (EOFError, OSError):
                break
            self._heard_at = time.monotonic()
            if kind != "beat":
                self._receive(kind, rest)
        if not self._closed and pipe is self._pipe:
            self._replace()

    def _receive(self, kind: str, rest: Sequence[Any]) -> None:
        with self.changed:
            session = self._sessions.get(rest[0])
            if session is None:
                return
            if kind == "text":
                _, transcripts, decided_until_s = rest
                session.deliver(transcripts)
                if decided_until_s is not None:
                    self._deaths = 0
                    session.decided(decided_until_s)
            elif kind == "finished":
                session.finished.set()

    def _watch_loop(self) -> None:
        """Kill a process that holds work and has said nothing for too long; its death does the rest."""
        while not self._closed:
            time.sleep(1)
            if self._process.is_alive() and time.monotonic() - self._heard_at > HANG_S:
                log.error("recogniser worker hangs and is killed")
                self._process.kill()

    def _replace(self) -> None:
        """Start another process and feed it all undecided audio; sessions go on queueing meanwhile."""
        self._process.join(5)
        self._deaths += 1
        log.error("recogniser worker died", extra={"exit_code": self._process.exitcode, "deaths": self._deaths})
        self._restarting = True
        failure = "识别进程反复退出" if self._deaths > MOST_DEATHS else ""
        if not failure:
            try:
                self._start()
            except ModelError as error:
                failure = error.found
        with self.changed:
            self._restarting = False
            self._failure = failure
            for session in self._sessions.values():
                if failure:
                    session.finished.set()
                    continue
                if self._deaths > 1:
                    session.skip_undecided()
                session.feed_again()
            self.changed.notify_all()


class PooledRecognizer:
    """Implements `hotline.ports.Recognizer`: sessions go to the worker that has fewest."""

    def __init__(self, spec: EngineSpec, info: EngineInfo, *, workers: int = 1, max_sessions: int = 16) -> None:
        self.info = info
        self._max_sessions = max_sessions
        self._ids = itertools.count(1)
        self.workers = [Worker(spec) for _ in range(workers)]

    def open(self, channel: str) -> WorkerSession:
        """Start recognising one channel. Raises: CapacityError, RecognizerError."""
        if sum(worker.load() for worker in self.workers) >= self._max_sessions:
            raise CapacityError(
                "语音识别已满", expected=f"不超过 {self._max_sessions} 个声道", found="已达上限", remedy="本通话请手工记录"
            )
        worker = min(self.workers, key=Worker.load)
        session = WorkerSession(worker, next(self._ids), channel)
        worker.open(session)
        return session

    def close(self) -> None:
        """Stop the worker processes."""
        for worker in self.workers:
            worker.close()
