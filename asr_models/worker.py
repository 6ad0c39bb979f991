"""A recogniser worker: a process that holds one engine and serves the sessions of a pool.

Messages to it are tuples: ("open", id, channel), ("audio", id, frame), ("end", id), ("finish", id),
("close", id). From it: ("ready",), ("failed", message), ("text", id, transcripts, until_s) where all audio up to
`until_s` has been decided (None: nothing yet), ("finished", id), ("beat",).
It ends when its parent does: the pipe closes.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from asr_models.engine import Engine, EngineSession, EngineSpec, load_engine
from hotline.domain.segment import Transcript
from hotline.errors import HotlineError

log = logging.getLogger(__name__)

BEAT_EVERY_S = 1.0
IDLE_PAUSE_S = 0.02


def run_worker(pipe: Connection, spec: EngineSpec) -> None:
    """Load the engine and serve until the pipe closes. Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        engine = load_engine(spec)
    except HotlineError as error:
        pipe.send(("failed", str(error)))
        return
    except Exception as error:  # whatever a native library raises while loading
        pipe.send(("failed", f"语音模型无法加载（{type(error).__name__}）"))
        return
    pipe.send(("ready",))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _Worker(pipe, engine).serve()


class _Worker:
    def __init__(self, pipe: Connection, engine: Engine) -> None:
        self._pipe = pipe
        self._engine = engine
        self._sessions: dict[int, EngineSession] = {}
        self._heard_s: dict[int, float] = {}
        self._inbox: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._beat_at = 0.0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """Empty the pipe at once, so that the parent never waits for a decoding."""
        while True:
            try:
                self._inbox.put(self._pipe.recv())
            except (EOFError, OSError):
                self._inbox.put(None)
                return

    def serve(self) -> None:
        for message in self._messages():
            kind, session_id, *rest = message
            if kind == "open":
                self._sessions[session_id] = self._engine.open(rest[0])
            elif kind == "close":
                self._sessions.pop(session_id, None)
            elif session_id in self._sessions:
                self._work(kind, session_id, rest)
            self._beat()

    def _messages(self) -> Iterator[tuple[Any, ...]]:
        while True:
            try:
                message = self._inbox.get(timeout=IDLE_PAUSE_S)
            except queue.Empty:
                self._use_idle_time()
                continue
            if message is None:
                return
            yield message

    def _work(self, kind: str, session_id: int, rest: Sequence[Any]) -> None:
        session = self._sessions[session_id]
        try:
            if kind == "audio":
                self._heard_s[session_id] = rest[0].end_s
                transcripts = session.accept(rest[0])
            else:
                transcripts = session.end_utterance()
        except Exception as error:  # one session's bad audio must not take the others down
            log.error("utterance given up", extra={"error": type(error).__name__})
            kind, transcripts = ("end" if kind == "audio" else kind), ()
        self._report(session_id, transcripts, utterance_over=kind != "audio")
        if kind == "finish":
            self._pipe.send(("finished", session_id))

    def _use_idle_time(self) -> None:
        for session_id, session in list(self._sessions.items()):
            self._report(session_id, session.idle())
            if not self._inbox.empty():
                break
        self._beat()

    def _report(self, session_id: int, transcripts: Sequence[Transcript], *, utterance_over: bool = False) -> None:
        """Send results together with how far the audio is decided, so that neither can be lost alone."""
        decided = utterance_over or (bool(transcripts) and transcripts[-1].is_final)
        if transcripts or decided:
            until_s = self._heard_s.get(session_id, 0.0) if decided else None
            self._pipe.send(("text", session_id, tuple(transcripts), until_s))

    def _beat(self) -> None:
        if time.monotonic() - self._beat_at >= BEAT_EVERY_S:
            self._beat_at = time.monotonic()
            self._pipe.send(("beat",))
