"""A recogniser worker: a process that holds one engine and serves the sessions of a pool.

Its first message is an `EngineSpec`; then come lists of tuples: ("open", id, channel), ("audio", id, seq, frame),
("end", id, seq), ("close", id). It answers ("ready",) or ("failed", message) once, then ("decoded", id, transcripts,
decided_seq, heard_seq) for each job and, every `BEAT_EVERY_S`, ("beat", {id: heard_seq}, whether a job hangs).
It ends when its parent does: the socket closes.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from asr_models.engine import Decoded, Engine, EngineSession, EngineSpec, Job
from asr_models.job_watch import JobWatch
from asr_models.registry import ENGINES, load_engine
from hotline.errors import HotlineError

log = logging.getLogger(__name__)

BEAT_EVERY_S = 0.25
NICENESS = 5
"""Decoding gives way to the console, which must answer while calls are recognised."""


@dataclass
class _Served:
    session: EngineSession
    last_seq: int = 0
    busy: bool = False
    closed: bool = False
    served_at: int = 0


class WorkerServer:
    """Runs the jobs of all sessions, the most urgent first, in as many threads as the engine allows."""

    def __init__(self, engine: Engine, pipe: Connection, watch: JobWatch) -> None:
        self._engine = engine
        self._watch = watch
        self._pipe = pipe
        self._served: dict[int, _Served] = {}
        self._jobs = 0
        self._changed = threading.Condition()
        self._sending = threading.Lock()

    def serve(self) -> None:
        """Read messages until the parent goes away."""
        for _ in range(self._engine.threads):
            threading.Thread(target=self._work, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        while True:
            try:
                messages = self._pipe.recv()
            except (EOFError, OSError):
                return
            with self._changed:
                for message in messages:
                    self._take_in(message)
                self._changed.notify_all()

    def _take_in(self, message: tuple[Any, ...]) -> None:
        kind, session_id, *rest = message
        if kind == "open":
            self._served[session_id] = _Served(self._engine.open(rest[0]))
        elif kind == "close":
            self._close(session_id)
        elif served := self._served.get(session_id):
            served.last_seq = rest[0]
            if kind == "audio":
                served.session.accept(*rest)
            else:
                served.session.end_utterance(*rest)

    def _close(self, session_id: int) -> None:
        served = self._served.pop(session_id, None)
        if served:
            served.closed = True
            if not served.busy:
                served.session.close()

    def _work(self) -> None:
        while True:
            with self._changed:
                while (chosen := self._most_urgent()) is None:
                    self._changed.wait()
                session_id, served = chosen
                served.busy = True
                self._jobs += 1
                served.served_at = self._jobs
                job = served.session.take()
            decoded = self._run(job, served)
            with self._changed:
                heard_seq = served.session.heard_seq
            self._send(("decoded", session_id, decoded.transcripts, decoded.decided_seq, heard_seq))
            with self._changed:
                served.busy = False
                if served.closed:
                    served.session.close()
                self._changed.notify()

    def _most_urgent(self) -> tuple[int, _Served] | None:
        ready = [
            (urgency, served.served_at, session_id)
            for session_id, served in self._served.items()
            if not served.busy and (urgency := served.session.urgency()) is not None
        ]
        if not ready:
            return None
        session_id = min(ready)[2]
        return session_id, self._served[session_id]

    def _run(self, job: Job, served: _Served) -> Decoded:
        self._watch.begins()
        try:
            return job()
        except Exception as error:  # one session's bad audio must not take the others down
            log.error("utterance given up", extra={"error": type(error).__name__})
            return Decoded((), served.session.heard_seq)
        finally:
            self._watch.ends()

    def _beat(self) -> None:
        while True:
            with self._changed:
                heard = {session_id: served.session.heard_seq for session_id, served in self._served.items()}
            self._send(("beat", heard, self._watch.hangs()))
            threading.Event().wait(BEAT_EVERY_S)

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            with self._sending:
                self._pipe.send(message)
        except OSError:
            os._exit(0)  # the parent is gone


def main(descriptor: int) -> None:
    """Serve a pool over the inherited socket. Ends the process at once when the parent goes, even in a decoding."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    pipe = Connection(descriptor)
    spec: EngineSpec = pipe.recv()
    try:
        engine = load_engine(spec)
    except HotlineError as error:
        pipe.send(("failed", str(error)))
        return
    except Exception as error:  # whatever a native library raises while loading
        pipe.send(("failed", f"语音模型无法加载（{type(error).__name__}）"))
        return
    pipe.send(("ready",))
    watch = JobWatch(ENGINES[spec.engine].most_job_cpu_s, several_jobs=engine.threads > 1)
    WorkerServer(engine, pipe, watch).serve()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
