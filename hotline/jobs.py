"""Long work: asked for by pages, done by a worker process, watched and cancelled from the page.

The store is the truth; the queue only wakes a worker. A job whose worker died is queued again, and its function goes
on from what it left in its folder.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hotline.domain.job import Job, JobState
from hotline.errors import HotlineError, InputError, StateError
from hotline.hub import Hub
from hotline.job_ports import JobFunction

log = logging.getLogger(__name__)

BEAT_EVERY_S = 10.0
SILENT_S = 120.0
"""A worker of another host that has not beaten for so long is taken for dead."""
WATCH_EVERY_S = 2.0
REPORT_EVERY_S = 0.5
MOST_ATTEMPTS = 3
"""A job that has taken so many workers with it has failed."""


class JobCancelled(HotlineError):
    """Somebody cancelled the job; its function lets this pass."""


def start_job(hub: Hub, kind: str, arguments: Mapping[str, Any], asked_by: str) -> Job:
    """Store a job and wake a worker. Raises: InputError for an unknown kind."""
    if kind not in hub.job_kinds:
        raise InputError("没有这种任务", expected="、".join(hub.job_kinds), found=kind[:40], remedy="请刷新页面")
    job = Job(str(uuid.uuid4()), kind, dict(arguments), asked_by, hub.clock())
    with hub.store.transaction() as uow:
        uow.add_job(job)
        uow.audit(asked_by, "job.start", job.id, kind)
    _wake(hub, job.id)
    return job


def cancel_job(hub: Hub, job_id: str, actor: str) -> Job:
    """Stop a job: at once while it waits, at its next report while it runs. Raises: StateError when it is over."""
    with hub.store.transaction() as uow:
        job = uow.job(job_id)
        if not job.is_open:
            raise StateError("任务已经结束", expected="等待或进行中", found=job.state, remedy="请刷新页面")
        uow.ask_to_cancel(job_id)
        if job.state is JobState.QUEUED:
            uow.save_job(replace(job, state=JobState.CANCELLED, ended_at=hub.clock()))
        uow.audit(actor, "job.cancel", job_id, job.kind)
        return uow.job(job_id)


def job_folder(hub: Hub, job_id: str) -> Path:
    """Return the folder that a job keeps its checkpoints in."""
    return hub.config.data_dir / "jobs" / job_id


class Run:
    """Implements `hotline.job_ports.JobRun`; beats while the job runs."""

    def __init__(self, hub: Hub, job: Job) -> None:
        self.hub = hub
        self.job = job
        self.folder = job_folder(hub, job.id)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._reported_at = 0.0
        self._over = threading.Event()
        threading.Thread(target=self._beat, name="job-beat", daemon=True).start()

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.job.arguments

    def report(self, progress: float, message: str = "") -> None:
        """Say how far the job is. Raises: JobCancelled when somebody cancelled."""
        now = time.monotonic()
        if now - self._reported_at < REPORT_EVERY_S and message in ("", self.job.message):
            return
        self._reported_at = now
        self._save(progress=min(max(progress, 0.0), 1.0), message=(message or self.job.message)[:300])
        if self.job.cancel_asked:
            raise JobCancelled("任务已取消")

    def end(self, state: JobState, message: str = "", result: Mapping[str, Any] | None = None) -> None:
        """Store how the job ended."""
        self._over.set()
        progress = 1.0 if state is JobState.DONE else self.job.progress
        text = (message or ("" if state is JobState.DONE else self.job.message))[:300]
        ended_at = self.hub.clock()
        try:
            self._save(state=state, message=text, result=dict(result or {}), progress=progress, ended_at=ended_at)
        except JobCancelled:
            return
        if state is not JobState.FAILED:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _save(self, **changes: Any) -> None:
        with self._lock, self.hub.store.transaction() as uow:
            stored = uow.job(self.job.id)
            if (stored.owner, stored.attempts) != (self.job.owner, self.job.attempts):
                raise JobCancelled("任务已由另一个进程接手")
            self.job = replace(self.job, **changes, beat_at=self.hub.clock(), cancel_asked=stored.cancel_asked)
            uow.save_job(self.job)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_EVERY_S):
            try:
                self._save()
            except Exception as error:  # the database may be busy: the next beat follows
                log.warning("job beat not stored", extra={"job_id": self.job.id, "error": type(error).__name__})


def run_job(hub: Hub, functions: Mapping[str, JobFunction], job_id: str) -> None:
    """Do one job in this process, unless somebody else has it; whatever happens is stored on the job."""
    with hub.store.transaction() as uow:
        job = uow.claim_job(job_id, hub.clock())
    if job is None:
        return
    run = Run(hub, job)
    if job.attempts > MOST_ATTEMPTS:
        run.end(JobState.FAILED, f"工作进程在此任务上退出了 {MOST_ATTEMPTS} 次")
        return
    try:
        result = functions[job.kind](run)
    except JobCancelled:
        run.end(JobState.CANCELLED)
    except HotlineError as error:
        log.error("job failed", extra={"job_id": job_id, "kind": job.kind, "error": type(error).__name__})
        run.end(JobState.FAILED, str(error))
    except Exception as error:  # a bug must not take the worker down
        frame = traceback.extract_tb(error.__traceback__)[-1]
        log.error("job failed: %s at %s:%s", type(error).__name__, frame.filename, frame.lineno)
        run.end(JobState.FAILED, f"系统内部错误（{type(error).__name__}）")
    else:
        run.end(JobState.DONE, result=result)


def work(hub: Hub, functions: Mapping[str, JobFunction]) -> None:
    """Run jobs until told to stop; queue again what a dead worker left."""
    assert hub.queue is not None
    with hub.store.transaction() as uow:
        waiting = [job.id for job in uow.jobs(only_open=True, limit=1000) if job.state is JobState.QUEUED]
    for job_id in reversed(waiting):
        _wake(hub, job_id)
    threading.Thread(target=_watch, args=(hub,), name="job-watch", daemon=True).start()
    hub.queue.work(lambda job_id: run_job(hub, functions, job_id))


def _watch(hub: Hub) -> None:
    while True:
        try:
            with hub.store.transaction() as uow:
                lost = uow.requeue_lost_jobs(hub.clock(), SILENT_S)
            for job_id in lost:
                log.warning("job of a dead worker is queued again", extra={"job_id": job_id})
                _wake(hub, job_id)
        except Exception as error:  # the database may be busy: the next look follows
            log.error("jobs not watched", extra={"error": type(error).__name__})
        time.sleep(WATCH_EVERY_S)


def _wake(hub: Hub, job_id: str) -> None:
    """Tell the queue; when it fails the job waits in the store until a worker starts."""
    if hub.queue is None:
        return
    try:
        hub.queue.enqueue(job_id)
    except HotlineError as error:
        log.error("job not queued", extra={"job_id": job_id, "error": error.found})
