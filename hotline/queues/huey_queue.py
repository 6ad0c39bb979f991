"""Jobs carried by Huey: in a SQLite file of the data folder, or in Redis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from huey import Huey, RedisHuey, SqliteHuey

from hotline.errors import ConfigError, ExternalError

QUEUE = "hotline-jobs"
MOST_DELAY_S = 0.5
"""An idle worker looks for jobs this often."""


class HueyQueue:
    """Implements `hotline.job_ports.JobQueue`. Huey carries the id of a job; the store holds everything else."""

    def __init__(self, huey: Huey, workers: int) -> None:
        self._huey = huey
        self._workers = workers
        self._run: Callable[[str], None] | None = None
        self._task = huey.task(name="run_job")(self._run_job)

    def enqueue(self, job_id: str) -> None:
        """Let a worker pick the job up. Raises: ExternalError."""
        try:
            self._task(job_id)
        except Exception as error:  # whatever SQLite or Redis raises
            raise ExternalError(
                "任务队列不可用", found=type(error).__name__, remedy="任务已保存，队列恢复后会自动开始"
            ) from error

    def work(self, run: Callable[[str], None]) -> None:
        """Run jobs as they come, until this process is told to stop."""
        self._run = run
        consumer = self._huey.create_consumer(
            workers=self._workers, worker_type="thread", periodic=False, max_delay=MOST_DELAY_S
        )
        consumer.run()

    def close(self) -> None:
        """Release resources."""
        self._huey.storage.close()

    def _run_job(self, job_id: str) -> None:
        if self._run is not None:
            self._run(job_id)


def build_queue(url: str, folder: Path, workers: int) -> HueyQueue:
    """Return the queue of an address: empty for a file in `folder`, or `redis://…`. Raises: ConfigError."""
    if not url:
        folder.mkdir(parents=True, exist_ok=True)
        return HueyQueue(SqliteHuey(QUEUE, filename=str(folder / "jobs.db"), results=False, fsync=True), workers)
    if url.startswith(("redis://", "rediss://")):
        return HueyQueue(RedisHuey(QUEUE, url=url, results=False), workers)
    raise ConfigError(
        "不支持的任务队列",
        expected="空（本机文件）或 redis://…",
        found=url.split(":", 1)[0],
        remedy="改正 HOTLINE_JOBS_URL",
    )
