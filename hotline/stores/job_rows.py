"""Jobs."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from hotline.domain.job import OPEN_STATES, Job, JobState
from hotline.errors import NotFoundError
from hotline.stores import tables
from hotline.stores.owner import is_gone
from hotline.stores.rows import AnyRow

MOST_LISTED = 1000


class JobRows:
    """The part of a unit of work that deals with jobs."""

    _connection: Connection
    _owner: str

    def add_job(self, job: Job) -> None:
        """Store a new job."""
        self._connection.execute(insert(tables.jobs), _row(job))

    def job(self, job_id: str) -> Job:
        """Return a job. Raises: NotFoundError."""
        row = self._connection.execute(select(tables.jobs).where(tables.jobs.c.id == job_id)).first()
        if row is None:
            raise NotFoundError("没有这个任务", expected="已有任务的编号", found=job_id[:40], remedy="请刷新页面")
        return _to_job(row)

    def jobs(self, *, kind: str = "", only_open: bool = False, limit: int = 50) -> list[Job]:
        """Return jobs, newest first."""
        table = tables.jobs
        query = select(table).order_by(table.c.asked_at.desc()).limit(limit)
        if kind:
            query = query.where(table.c.kind == kind)
        if only_open:
            query = query.where(table.c.state.in_(OPEN_STATES))
        return [_to_job(row) for row in self._connection.execute(query)]

    def save_job(self, job: Job) -> None:
        """Store the changed job, but not its wish to be cancelled."""
        values = {name: value for name, value in _row(job).items() if name != "cancel_asked"}
        self._connection.execute(update(tables.jobs).where(tables.jobs.c.id == job.id).values(**values))

    def claim_job(self, job_id: str, now: datetime) -> Job | None:
        """Make a queued job this process's own; None when it is not queued (any more)."""
        table = tables.jobs
        claimed = (
            update(table)
            .where(table.c.id == job_id, table.c.state == JobState.QUEUED)
            .values(
                state=JobState.RUNNING,
                owner=self._owner,
                attempts=table.c.attempts + 1,
                started_at=now,
                beat_at=now,
            )
        )
        return self.job(job_id) if self._connection.execute(claimed).rowcount else None

    def requeue_lost_jobs(self, now: datetime, silent_s: float) -> list[str]:
        """Queue again what runs in a process that is gone or silent for so long; return the ids."""
        silent_since = now - timedelta(seconds=silent_s)
        running = self.jobs(only_open=True, limit=MOST_LISTED)
        lost = [
            job.id
            for job in running
            if job.state is JobState.RUNNING
            and (is_gone(job.owner) or job.beat_at is None or job.beat_at < silent_since)
        ]
        table = tables.jobs
        again = update(table).where(table.c.id.in_(lost), table.c.state == JobState.RUNNING)
        self._connection.execute(again.values(state=JobState.QUEUED, owner=""))
        return lost

    def ask_to_cancel(self, job_id: str) -> None:
        """Remember that a job shall stop."""
        self._connection.execute(update(tables.jobs).where(tables.jobs.c.id == job_id).values(cancel_asked=True))


def _row(job: Job) -> dict[str, Any]:
    return {field.name: getattr(job, field.name) for field in fields(job)}


def _to_job(row: AnyRow) -> Job:
    values = {field.name: getattr(row, field.name) for field in fields(Job)}
    return Job(**{**values, "state": JobState(row.state)})
