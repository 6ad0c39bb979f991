"""gunicorn's threaded worker, made safe to stop while pages are open.

gunicorn 27.0.1 closes the pipe that wakes its event loop when the grace period is over, and request threads that end
later (live streams, microphones) still write one byte to the pipe's old number. By then the number may belong to the
database that the console closes at its exit, whose first bytes are overwritten. So the pipe stays open until the
process ends; nobody reads it any more and a full pipe is ignored.
"""

from __future__ import annotations

from typing import Any

from gunicorn.workers.gthread import PollableMethodQueue, ThreadWorker


class LastingQueue(PollableMethodQueue):  # type: ignore[misc]
    """Keeps its pipe."""

    def close(self) -> None:
        """Leave the pipe to the end of the process."""


class ConsoleWorker(ThreadWorker):  # type: ignore[misc]
    """The worker that the console, the bank simulator and any gunicorn command line should use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method_queue = LastingQueue()
