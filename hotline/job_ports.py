"""The seams of long work: rows of jobs, the queue, and what a running job is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hotline.domain.job import Job

if TYPE_CHECKING:
    from hotline.hub import Hub


class JobUnitOfWork(Protocol):
    """The part of a transaction that deals with jobs."""

    def add_job(self, job: Job) -> None:
        """Store a new job."""

    def job(self, job_id: str) -> Job:
        """Return a job. Raises: NotFoundError."""

    def jobs(self, *, kind: str = "", only_open: bool = False, limit: int = 50) -> list[Job]:
        """Return jobs, newest first."""

    def save_job(self, job: Job) -> None:
        """Store the changed job, but not its wish to be cancelled."""

    def claim_job(self, job_id: str, now: datetime) -> Job | None:
        """Make a queued job this process's own; None when it is not queued (any more)."""

    def requeue_lost_jobs(self, now: datetime, silent_s: float) -> list[str]:
        """Queue again what runs in a process that is gone or silent for so long; return the ids."""

    def ask_to_cancel(self, job_id: str) -> None:
        """Remember that a job shall stop."""


class JobQueue(Protocol):
    """Hands jobs to workers. It may deliver a job twice: `claim_job` decides who runs it."""

    def enqueue(self, job_id: str) -> None:
        """Let a worker pick the job up. Raises: ExternalError."""

    def work(self, run: Callable[[str], None]) -> None:
        """Run jobs as they come, until this process is told to stop."""

    def close(self) -> None:
        """Release resources."""


class JobRun(Protocol):
    """What a running job is given."""

    hub: Hub
    job: Job
    folder: Path
    """The job's own folder, kept until the job is done: checkpoints go here."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What was asked for."""

    def report(self, progress: float, message: str = "") -> None:
        """Say how far the job is (0 to 1); call it often. Raises: JobCancelled when somebody cancelled."""


JobFunction = Callable[[JobRun], Mapping[str, Any]]
"""Does a job and returns its result as JSON. It may be begun again after a crash: it must go on from `folder`."""
