"""The recogniser of a console: `hotline.ports.Recognizer` over supervised worker processes."""

from __future__ import annotations

import itertools
import threading

from asr_models.engine import EngineSpec
from asr_models.session import WorkerSession
from asr_models.supervisor import SupervisedWorker
from asr_models.worker_process import Spare
from hotline.errors import CapacityError
from hotline.ports import EngineInfo


class PooledRecognizer:
    """Sessions go to the worker that has fewest; beyond `max_sessions` they are refused."""

    def __init__(
        self, spec: EngineSpec, info: EngineInfo, *, workers: int = 1, max_sessions: int = 16, spare: bool = False
    ) -> None:
        """Start the workers and wait until they have loaded the model. Raises: ModelError.

        With `spare` one more process stands by, so that a worker that dies is replaced at once.
        """
        self.info = info
        self.spare = Spare(spec, wanted=spare)
        self._max_sessions = max_sessions
        self._ids = itertools.count(1)
        self._opening = threading.Lock()
        self.workers: list[SupervisedWorker] = []
        try:
            for _ in range(workers):
                self.workers.append(SupervisedWorker(spec, self.spare))
        except Exception:
            self.close()
            raise

    def open(self, channel: str) -> WorkerSession:
        """Start recognising one channel. Raises: CapacityError, RecognizerError."""
        with self._opening:
            if sum(worker.load() for worker in self.workers) >= self._max_sessions:
                raise CapacityError(
                    "语音识别已满",
                    expected=f"不超过 {self._max_sessions} 个声道",
                    found="已达上限",
                    remedy="本通话请手工记录",
                )
            worker = min(self.workers, key=SupervisedWorker.load)
            session = WorkerSession(worker, next(self._ids), channel, worker.max_lag_s)
            worker.serve(session)
            return session

    def close(self) -> None:
        """Stop the worker processes."""
        for worker in self.workers:
            worker.close()
        self.spare.close()
