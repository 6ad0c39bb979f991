"""A worker's eye on its own jobs: one that hangs in native code, or runs in circles there, is found by its threads."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field

from asr_models.stillness import Stillness, ThreadState, thread_states

STILL_S = 1.2
"""A job whose threads neither run nor want to for so long waits for something that never comes."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass
class _Running:
    ticks_before: int
    stillness: Stillness = field(default_factory=Stillness)


class JobWatch:
    """Jobs say that they begin and end; `hangs` is asked several times a second from another thread."""

    def __init__(self, most_cpu_s: float, *, several_jobs: bool) -> None:
        """`several_jobs`: jobs run side by side, each in its own thread only; else one job may use all threads."""
        self._most_cpu_s = most_cpu_s
        self._several_jobs = several_jobs
        self._running: dict[int, _Running] = {}

    def begins(self) -> None:
        """Note that the calling thread starts a job."""
        thread_id = threading.get_native_id()
        self._running[thread_id] = _Running(_ticks(self._threads(thread_id, asking=0)))

    def ends(self) -> None:
        """Note that the calling thread is done with it."""
        self._running.pop(threading.get_native_id(), None)

    def hangs(self) -> bool:
        """Say whether a job hangs or has used more processor time than any job can need."""
        asking, now = threading.get_native_id(), time.monotonic()
        for thread_id, job in list(self._running.items()):
            threads = self._threads(thread_id, asking)
            used_s = (_ticks(threads) - job.ticks_before) / TICKS_PER_S
            if job.stillness.seconds(threads, now) >= STILL_S or used_s > self._most_cpu_s:
                return True
        return False

    def _threads(self, thread_id: int, asking: int) -> dict[int, ThreadState]:
        found = thread_states("self", [thread_id] if self._several_jobs else None)
        found.pop(asking, None)
        return found


def _ticks(threads: dict[int, ThreadState]) -> int:
    return sum(thread.ticks for thread in threads.values())
